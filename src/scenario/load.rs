//! From a source to a [`Scenario`]: read, parse, override, resolve, check; and every problem of all these in one error.

use super::document::Document;
use super::overrides;
use super::parse::parse;
use super::problem::{Error, Flaw, locate};
use super::shape::{Shaped, shape};
use super::source::{Source, Text};
use super::suggest;
use super::tree::Located;
use super::validate::{self, Finding, Scope};
use super::variant::resolve;
use super::{Overrides, ResolvedVariant, Scenario};

/// The name of the only variant of a scenario that states none.
const BASE: &str = "base";

/// Reads a scenario, with `overrides` in place, and checks all of it.
///
/// # Errors
/// If it can't be read or anything in it is wrong: everything that is.
pub fn load(source: &Source, overrides: &Overrides) -> Result<Scenario, Error> {
    let text = source.read()?;
    let mut tree = parse(&text.content)
        .map_err(|flaws| Error::from_flaws(&text, &overrides.sets, None, flaws))?;
    let flaws = overrides::apply(&mut tree, &overrides.sets);
    let mut reading = Reading { text: &text, overrides, tree: &tree, flaws, warnings: Vec::new() };
    let (base, variants) = reading.everything();
    reading.finish(base, variants)
}

/// A scenario being read, and what was found so far.
struct Reading<'a> {
    text: &'a Text,
    overrides: &'a Overrides,
    tree: &'a Located,
    flaws: Vec<Flaw>,
    warnings: Vec<Flaw>,
}

impl Reading<'_> {
    fn everything(&mut self) -> (Option<Document>, Vec<ResolvedVariant>) {
        self.flaws.extend(validate::names(self.tree));
        let base = self.base();
        let written = self.tree.field("variants").map(Located::entries).unwrap_or_default();
        let variants = if written.is_empty() {
            let document = self.variant(BASE, None);
            document.into_iter().map(|document| resolved(BASE, None, document)).collect()
        } else {
            written
                .iter()
                .filter_map(|entry| {
                    let document = self.variant(&entry.key, Some(&entry.value))?;
                    Some(resolved(&entry.key, Some(&entry.value), document))
                })
                .collect()
        };
        (base, variants)
    }

    /// The file itself. If it has variants its nodes need not be complete: each variant is read whole.
    fn base(&mut self) -> Option<Document> {
        let Shaped { value, flaws, absences, .. } = shape::<Document>(self.tree.clone());
        let has_variants = self.tree.field("variants").is_some_and(|all| !all.entries().is_empty());
        self.flaws.extend(flaws);
        self.flaws.extend(absences.into_iter().filter(|absence| {
            let path = self.tree.path_of(absence.origin).unwrap_or_default();
            !(has_variants && validate::is_within_a_node(&path))
        }));
        value
    }

    fn variant(&mut self, name: &str, written: Option<&Located>) -> Option<Document> {
        let nothing = Located::empty_object(self.tree.origin);
        let (tree, flaws) = resolve(self.tree, written.unwrap_or(&nothing));
        self.flaws.extend(flaws);
        let mut shaped = shape::<Document>(tree.clone());
        let sound = shaped.flaws.is_empty() && shaped.absences.is_empty() && self.flaws.is_empty();
        self.flaws.append(&mut shaped.flaws);
        self.flaws.append(&mut shaped.absences);
        let mut document = shaped.value?;
        let scope = Scope {
            variant: name,
            sound,
            tree: &tree,
            file: self.tree,
            directory: self.text.directory.as_deref(),
        };
        let findings = validate::check(&mut document, &scope);
        self.note(&shaped.tree, findings);
        Some(document)
    }

    /// Looks up where each finding about a resolved variant was written.
    fn note(&mut self, tree: &Located, findings: Vec<Finding>) {
        for finding in findings {
            let Finding { path, on_key, is_warning, message, help } = finding;
            let origin = if on_key { tree.place_of_key(&path) } else { tree.place_of(&path) };
            let flaw = Flaw::new(origin, message, help);
            if is_warning { self.warnings.push(flaw) } else { self.flaws.push(flaw) }
        }
    }

    fn finish(
        self,
        base: Option<Document>,
        variants: Vec<ResolvedVariant>,
    ) -> Result<Scenario, Error> {
        let Reading { text, overrides, tree, flaws, warnings } = self;
        let (Some(base), true) = (base, flaws.is_empty()) else {
            return Err(Error::from_flaws(text, &overrides.sets, Some(tree), flaws));
        };
        let variants = asked_for(text, variants, &overrides.variants)?;
        let concerns = |name: &Option<String>| {
            let asked = |variant: &ResolvedVariant| Some(&variant.name) == name.as_ref();
            name.is_none() || variants.iter().any(asked)
        };
        let expectations =
            base.expect.into_iter().filter(|expected| concerns(&expected.variant)).collect();
        Ok(Scenario {
            name: text.name.clone(),
            document: tree.to_json(),
            title: base.title,
            question: base.question,
            description: base.description.0,
            duration: base.duration,
            sample_every: base.sample_every,
            seed: overrides.seed.unwrap_or(base.seed),
            expectations,
            warnings: locate(text, &overrides.sets, Some(tree), warnings),
            variants,
        })
    }
}

fn resolved(name: &str, written: Option<&Located>, mut document: Document) -> ResolvedVariant {
    let description = written.and_then(|variant| variant.field("description"));
    document.alerts.retain(|alert| alert.variant.as_deref().is_none_or(|only| only == name));
    ResolvedVariant {
        name: name.to_owned(),
        description: description.and_then(Located::as_text).map(str::to_owned),
        document,
    }
}

/// Those of `variants` that are named, or all of them.
fn asked_for(
    text: &Text,
    variants: Vec<ResolvedVariant>,
    names: &[String],
) -> Result<Vec<ResolvedVariant>, Error> {
    let known: Vec<&str> = variants.iter().map(|variant| variant.name.as_str()).collect();
    if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
        let message = format!("{} has no variant `{name}`", text.shown);
        return Err(Error::plain(&text.shown, message, suggest::help(name, &known)));
    }
    let is_asked = |variant: &ResolvedVariant| names.is_empty() || names.contains(&variant.name);
    Ok(variants.into_iter().filter(is_asked).collect())
}
