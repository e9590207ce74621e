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

/// The most variants of a scenario: each is a scenario of its own in memory.
const MOST_VARIANTS: usize = 1_000;
const TOO_MANY: &str = "1000 are read at most; make several scenarios of it, or one and `--set`";

/// The most findings about a variant that are looked up: more are no help to anybody, and each look takes time.
const MOST_FINDINGS: usize = 1_000;

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
        if let Some(one_more) = written.get(MOST_VARIANTS) {
            let (message, help) = (format!("there are {} variants", written.len()), TOO_MANY);
            self.flaws.push(Flaw::new(one_more.key_origin, message, help));
            return (base, Vec::new());
        }
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
        for finding in findings.into_iter().take(MOST_FINDINGS) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Distribution;

    const FILE: &str = r#"{
        "title": "Letters", "question": "?", "duration": "1h", "sample_every": "10s",
        "producers": { "shop": { "arrivals": [ { "poisson": { "rate": "5/s" } } ],
                                 "sends": [ { "call": { "to": "mail" } } ] } },
        "services": { "mail": { "service_time": "25ms" } },
        "variants": {
            "direct": {},
            "queue": {
                "description": "By post.",
                "brokers": { "letters": { "queue": {} } },
                "producers": { "shop": { "sends": [ { "publish": { "to": "letters" } } ] } },
                "services": { "mail": { "consumes": [ { "from": "letters" } ] } } } },
        "faults": [ { "crash": { "on": "letters", "from": "10min", "until": "11min" } } ],
        "alerts": [ { "name": "slow", "metric": "lag", "above": 5, "variant": "queue" } ],
        "expect": [ { "metric": "lost", "equals": 0 },
                    { "variant": "queue", "metric": "lag", "equals": 0 } ] }"#;

    fn loaded(content: &str, overrides: &Overrides) -> Result<Scenario, String> {
        let source = Source::Text {
            name: "letters".into(),
            shown: "letters.json".into(),
            content: content.to_owned(),
        };
        load(&source, overrides).map_err(|error| error.to_string())
    }

    fn with_sets(sets: &[&str]) -> Result<Scenario, String> {
        let sets = sets.iter().map(|set| (*set).to_owned()).collect();
        loaded(FILE, &Overrides { sets, ..Overrides::default() })
    }

    #[test]
    fn every_variant_is_resolved_with_what_concerns_it() {
        let scenario = with_sets(&[]).unwrap();
        assert_eq!((scenario.name.as_str(), scenario.seed), ("letters", 1));
        let [direct, queue] = scenario.variants.as_slice() else { panic!("two variants") };
        assert_eq!((direct.name.as_str(), queue.name.as_str()), ("direct", "queue"));
        assert_eq!(queue.description.as_deref(), Some("By post."));
        // A fault at a node that a variant does not have, or an alert for another variant, is not in it.
        assert_eq!((direct.document.faults.len(), direct.document.alerts.len()), (0, 0));
        assert_eq!((queue.document.faults.len(), queue.document.alerts.len()), (1, 1));
    }

    #[test]
    fn a_scenario_without_variants_has_one_called_base() {
        let content = without_variants();
        let scenario = loaded(&content, &Overrides::default()).unwrap();
        assert_eq!(scenario.variants.len(), 1);
        assert_eq!(scenario.variants[0].name, "base");
    }

    fn without_variants() -> String {
        let mut file: serde_json::Value = serde_json::from_str(FILE).unwrap();
        for key in ["variants", "faults", "alerts", "expect"] {
            file.as_object_mut().unwrap().remove(key);
        }
        file.to_string()
    }

    #[test]
    fn variants_that_are_asked_for_bring_their_expectations() {
        let only = |name: &str| Overrides { variants: vec![name.into()], ..Overrides::default() };
        let scenario = loaded(FILE, &only("direct")).unwrap();
        assert_eq!((scenario.variants.len(), scenario.expectations.len()), (1, 1));
        let error = loaded(FILE, &only("quue")).unwrap_err();
        assert_eq!(error, "error: letters.json has no variant `quue`\n  = did you mean `queue`?");
    }

    #[test]
    fn overrides_act_on_the_base_or_on_one_variant_and_stand_in_the_resolved_file() {
        let scenario =
            with_sets(&["services.mail.workers=3", "variants.queue.services.mail.workers=7"])
                .unwrap();
        let workers = |variant: &ResolvedVariant| variant.document.services["mail"].workers;
        assert_eq!(scenario.variants.iter().map(workers).collect::<Vec<_>>(), [3, 7]);
        assert_eq!(scenario.document["services"]["mail"]["workers"], 3);
        let again = loaded(&scenario.document.to_string(), &Overrides::default()).unwrap();
        assert_eq!(again.variants.iter().map(workers).collect::<Vec<_>>(), [3, 7]);
    }

    #[test]
    fn an_override_of_what_the_schema_does_not_know_is_refused() {
        let error = with_sets(&["services.mail.retry.backof=1"]).unwrap_err();
        let wanted = "error: unknown field `retry`\n --> --set services.mail.retry.backof=1\n  = possible here: \
             `workers`, `threads`, `accept_backlog`, `discipline`, `service_time`";
        assert!(error.starts_with(wanted) && error.ends_with("`follow`, `consumes`"), "{error}");
    }

    #[test]
    fn overload_is_a_warning() {
        let scenario = with_sets(&["producers.shop.arrivals[0].poisson.rate=50/s"]).unwrap();
        let messages: Vec<&str> =
            scenario.warnings.iter().map(|warning| warning.message.as_str()).collect();
        assert_eq!(messages, ["`mail` gets more work than it can do"]);
        assert_eq!(scenario.warnings[0].path, "services.mail");
    }

    #[test]
    fn measured_durations_are_taken_into_the_document() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("letters.json"), FILE).unwrap();
        std::fs::write(folder.path().join("times.csv"), "10ms\n30ms\n").unwrap();
        let source = Source::File(folder.path().join("letters.json"));
        let set = "services.mail.service_time={\"empirical\": {\"csv\": \"times.csv\"}}";
        let overrides = Overrides { sets: vec![set.to_owned()], ..Overrides::default() };
        let scenario = load(&source, &overrides).unwrap();
        let times = [10, 30].map(crate::time::SimDuration::from_millis).to_vec();
        let document = &scenario.variants[0].document;
        assert_eq!(document.services["mail"].service_time, Distribution::empirical(times));
    }
}
