//! Several finished runs as one result, whose variants are those of all of them.

use crate::experiment::results::{Results, VariantResult};
use std::collections::BTreeSet;

/// Puts results side by side. Where two have a variant of the same name, the names say which result they come from.
/// Faults are shaded only if all results had the same.
#[must_use]
pub fn overlay(all: Vec<Results>) -> Option<Results> {
    let labels = labels(&all);
    let mut runs =
        all.into_iter().zip(labels).map(|(results, label)| named(results, label.as_deref()));
    let mut overlay = runs.next()?;
    for results in runs {
        merge(&mut overlay, results);
    }
    Some(overlay)
}

/// What to put before the names of variants, where they are not unique: the scenario, numbered where it comes again.
fn labels(all: &[Results]) -> Vec<Option<String>> {
    let names = || all.iter().flat_map(|results| &results.variants).map(|variant| &variant.name);
    let unique: BTreeSet<&String> = names().collect();
    if unique.len() == names().count() {
        return vec![None; all.len()];
    }
    let label = |(place, results): (usize, &Results)| {
        let same = |other: &&Results| other.name == results.name;
        let before = all[..place].iter().filter(same).count();
        let is_alone = all.iter().filter(same).count() == 1;
        Some(if is_alone {
            results.name.clone()
        } else {
            format!("{}#{}", results.name, before + 1)
        })
    };
    all.iter().enumerate().map(label).collect()
}

fn named(mut results: Results, label: Option<&str>) -> Results {
    let Some(label) = label else { return results };
    let renamed = |name: &mut String| *name = format!("{label}/{name}");
    results.variants.iter_mut().for_each(|variant: &mut VariantResult| renamed(&mut variant.name));
    results.references.iter_mut().for_each(|line| renamed(&mut line.variant));
    results.expectations.iter_mut().for_each(|line| renamed(&mut line.variant));
    results
}

fn merge(overlay: &mut Results, other: Results) {
    if overlay.name != other.name {
        overlay.name = format!("{}+{}", overlay.name, other.name);
        overlay.title = format!("{} · {}", overlay.title, other.title);
        overlay.question = format!("{} {}", overlay.question, other.question).trim().to_owned();
        overlay.description.extend(other.description);
    }
    if overlay.fault_windows != other.fault_windows {
        overlay.fault_windows.clear();
    }
    overlay.duration_s = overlay.duration_s.max(other.duration_s);
    overlay.replications = overlay.replications.max(other.replications);
    overlay.trigger_s = overlay.trigger_s.or(other.trigger_s);
    overlay.stopped = overlay.stopped.or(other.stopped);
    overlay.references.extend(other.references);
    overlay.variants.extend(other.variants);
    overlay.expectations.extend(other.expectations);
}
