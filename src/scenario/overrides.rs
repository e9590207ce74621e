//! `--set PATH=VALUE` and sweeps: replace the value at a path, at any depth.
//!
//! An override acts on the base, or on one variant. One of a variant acts on what the variant resolves to, and is written
//! back into the variant as the whole field, so that later stages see one tree and know nothing of overrides.

use super::parse::parse;
use super::path::{Path, Step};
use super::problem::Flaw;
use super::suggest;
use super::tree::{Entry, Kind, Located, Origin};
use super::variant::{SECTIONS, is_section, keys, resolve};

/// Replaces what `overrides`, each written `PATH=VALUE`, name in `tree`; what could not be replaced is told.
pub fn apply(tree: &mut Located, overrides: &[String]) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let mut ready = Vec::new();
    for (index, text) in overrides.iter().enumerate() {
        match Override::read(text, Origin::Override(index)) {
            Ok(restated) => ready.push(restated),
            Err(flaw) => flaws.push(flaw),
        }
    }
    // The base first: what a variant restates builds on it.
    ready.sort_by_key(|restated| restated.variant().is_some());
    flaws.extend(ready.iter().filter_map(|restated| restated.apply(tree).err()));
    flaws
}

/// A value and where it goes.
struct Override {
    path: Path,
    value: Located,
    origin: Origin,
}

impl Override {
    fn read(text: &str, origin: Origin) -> Result<Override, Flaw> {
        let refuse = |message: &str, help: &str| Flaw::new(origin, message, help);
        let (path, value) = text.split_once('=').ok_or_else(|| {
            refuse("there is no `=` in this override", "write PATH=VALUE, such as seed=7")
        })?;
        let path: Path = path.trim().parse().map_err(|message: String| {
            refuse(&message, "write it as producers.web.arrivals[0].poisson.rate")
        })?;
        if path.steps().is_empty() {
            return Err(refuse("the path before the `=` is empty", "write PATH=VALUE"));
        }
        Ok(Override { path, value: read_value(value.trim(), origin)?, origin })
    }

    /// The variant that it acts on, and the path within it.
    fn variant(&self) -> Option<(&str, Path)> {
        match self.path.steps() {
            [Step::Key(key), Step::Key(name), rest @ ..] if key == "variants" => {
                Some((name, Path::from_steps(rest.to_vec())))
            }
            _ => None,
        }
    }

    fn apply(&self, tree: &mut Located) -> Result<(), Flaw> {
        match self.variant() {
            Some((name, within)) => self.apply_to_variant(tree, name, &within),
            None => {
                self.must_know_node(tree, &self.path, tree)?;
                self.put(tree, &self.path)
            }
        }
    }

    fn apply_to_variant(&self, tree: &mut Located, name: &str, within: &Path) -> Result<(), Flaw> {
        let Some(variant) = tree.field("variants").and_then(|variants| variants.field(name)) else {
            let known = keys(tree.field("variants"));
            let message = format!("there is no variant `{name}`");
            return Err(Flaw::new(self.origin, message, suggest::help(name, &known)));
        };
        let (mut resolved, _) = resolve(tree, variant);
        self.must_know_node(&resolved, within, tree)?;
        let steps = restated_whole(within);
        let whole = if steps.len() == within.steps().len() {
            self.value.clone()
        } else {
            self.put(&mut resolved, within)?;
            let whole = resolved.get(&Path::from_steps(steps.clone())).cloned();
            whole.unwrap_or_else(|| self.value.clone())
        };
        let at: Vec<Step> = self.path.steps()[..2].iter().cloned().chain(steps).collect();
        self.write(tree, &Path::from_steps(at), whole)
    }

    /// An override changes a node that there is, or brings a whole one.
    fn must_know_node(&self, tree: &Located, path: &Path, file: &Located) -> Result<(), Flaw> {
        let [Step::Key(section), Step::Key(node), _, ..] = path.steps() else { return Ok(()) };
        let Some((_, word, _)) = SECTIONS.into_iter().find(|(key, ..)| key == section) else {
            return Ok(());
        };
        let known = keys(tree.field(section));
        if known.contains(&node.as_str()) {
            return Ok(());
        }
        let message = format!("there is no {word} `{node}` here");
        let help = match variants_with(file, section, node).first() {
            Some(variant) => {
                format!("variant `{variant}` adds it: --set variants.{variant}.{path}=…")
            }
            None => suggest::help(node, &known),
        };
        Err(Flaw::new(self.origin, message, help))
    }

    /// Puts the value at `path`; `null` takes away what is there.
    fn put(&self, tree: &mut Located, path: &Path) -> Result<(), Flaw> {
        let absent = self.value.kind == Kind::Null && tree.prune(path);
        if absent { Ok(()) } else { self.write(tree, path, self.value.clone()) }
    }

    fn write(&self, tree: &mut Located, path: &Path, value: Located) -> Result<(), Flaw> {
        let Some((last, above)) = path.steps().split_last() else { return Ok(()) };
        let mut here = tree;
        for (depth, step) in above.iter().enumerate() {
            let so_far = Path::from_steps(above[..depth].to_vec());
            here = self.enter(here, step, &so_far)?;
        }
        *self.enter(here, last, &Path::from_steps(above.to_vec()))? = value;
        Ok(())
    }

    /// The value one step down, made if a field is not there yet.
    fn enter<'t>(
        &self,
        here: &'t mut Located,
        step: &Step,
        path: &Path,
    ) -> Result<&'t mut Located, Flaw> {
        if here.kind == Kind::Null {
            here.kind = Kind::Object(Vec::new());
        }
        let refuse = |what: String, help: &str| Err(Flaw::new(self.origin, what, help));
        match (step, &mut here.kind) {
            (Step::Key(key), Kind::Object(entries)) => Ok(field_or_new(entries, key, self.origin)),
            (Step::Index(index), Kind::List(elements)) => {
                let count = elements.len();
                match elements.get_mut(*index) {
                    Some(element) => Ok(element),
                    None => refuse(
                        format!("there is no [{index}] in `{path}`, whose length is {count}"),
                        "places are counted from 0; to add one, set the whole list",
                    ),
                }
            }
            (Step::Key(key), _) => refuse(
                format!("`{path}` has no fields here, so there is no `{key}` in it"),
                "set the value above it whole",
            ),
            (Step::Index(_), _) => {
                refuse(format!("`{path}` is no list here"), "set the value above it whole")
            }
        }
    }
}

fn field_or_new<'t>(entries: &'t mut Vec<Entry>, key: &str, origin: Origin) -> &'t mut Located {
    let place = entries.iter().position(|entry| entry.key == key).unwrap_or_else(|| {
        let value = Located::empty_object(origin);
        entries.push(Entry { key: key.to_owned(), key_origin: origin, value });
        entries.len() - 1
    });
    &mut entries[place].value
}

/// A value is JSON, or else a bare text.
fn read_value(text: &str, origin: Origin) -> Result<Located, Flaw> {
    match parse(text) {
        Ok(mut value) => {
            relocate(&mut value, origin);
            Ok(value)
        }
        Err(faults) if text.starts_with(['{', '[', '"']) => {
            let fault = faults.into_iter().next();
            let (message, help) = fault.map(|flaw| (flaw.message, flaw.help)).unwrap_or_default();
            Err(Flaw::new(origin, format!("this value is not JSON: {message}"), help))
        }
        Err(_) => Ok(Located { origin, kind: Kind::Text(text.to_owned()) }),
    }
}

fn relocate(value: &mut Located, origin: Origin) {
    value.origin = origin;
    match &mut value.kind {
        Kind::List(elements) => {
            elements.iter_mut().for_each(|element| relocate(element, origin));
        }
        Kind::Object(entries) => entries.iter_mut().for_each(|entry| {
            entry.key_origin = origin;
            relocate(&mut entry.value, origin);
        }),
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) => {}
    }
}

/// The part of a path that a variant restates whole: `section.node.field`, `section.node` of a broker, or a single key.
fn restated_whole(path: &Path) -> Vec<Step> {
    let whole = match path.steps() {
        [Step::Key(section), ..] if section == "brokers" => 2,
        [Step::Key(section), ..] if is_section(section) => 3,
        _ => 1,
    };
    path.steps().iter().take(whole).cloned().collect()
}

fn variants_with<'t>(file: &'t Located, section: &str, node: &str) -> Vec<&'t str> {
    let variants = file.field("variants").map(Located::entries).unwrap_or_default();
    let has =
        |variant: &Located| variant.field(section).and_then(|nodes| nodes.field(node)).is_some();
    variants.iter().filter(|entry| has(&entry.value)).map(|entry| entry.key.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn overridden(file: Value, sets: &[&str]) -> Result<Value, Vec<(String, String)>> {
        let mut tree = parse(&file.to_string()).unwrap();
        let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        let flaws = apply(&mut tree, &sets);
        if flaws.is_empty() {
            Ok(tree.to_json())
        } else {
            Err(flaws.into_iter().map(|flaw| (flaw.message, flaw.help)).collect())
        }
    }

    #[test]
    fn an_override_reaches_into_lists_and_tags() {
        let file = json!({"producers": {"web": {"arrivals": [{"poisson": {"rate": "5/s"}}]}}});
        let wanted = json!({"producers": {"web": {"arrivals": [{"poisson": {"rate": "50/s"}}]}}});
        let set = "producers.web.arrivals[0].poisson.rate=50/s";
        assert_eq!(overridden(file, &[set]), Ok(wanted));
    }

    #[test]
    fn an_override_adds_what_the_file_left_out() {
        let file = json!({"services": {"mail": {}}});
        let wanted = json!({"services": {"mail": {"restart": {"fixed": {"after": "5s"}}}}});
        let set = "services.mail.restart.fixed.after=5s";
        assert_eq!(overridden(file, &[set]), Ok(wanted));
    }

    #[test]
    fn a_value_is_json_or_else_a_text() {
        for (set, wanted) in [
            ("x=7", json!(7)),
            ("x=[1, 2]", json!([1, 2])),
            ("x=none", json!("none")),
            ("x=\"7\"", json!("7")),
            ("x=a=b", json!("a=b")),
        ] {
            assert_eq!(overridden(json!({}), &[set]), Ok(json!({ "x": wanted })), "{set}");
        }
    }

    #[test]
    fn an_override_that_finds_nothing_says_what_there_is() {
        let file = json!({"services": {"mail": {"sends": []}}, "seed": 1, "variants": {"queue": {
            "brokers": {"letters": {"queue": {}}}}}});
        for (set, message, help) in [
            ("seed", "there is no `=` in this override", "write PATH=VALUE, such as seed=7"),
            ("services.mial.workers=2", "there is no service `mial` here", "did you mean `mail`?"),
            (
                "services.mail.sends[1].call.to=x",
                "there is no [1] in `services.mail.sends`, whose length is 0",
                "places are counted from 0; to add one, set the whole list",
            ),
            (
                "seed.x=1",
                "`seed` has no fields here, so there is no `x` in it",
                "set the value above it whole",
            ),
            ("variants.queu.seed=1", "there is no variant `queu`", "did you mean `queue`?"),
            (
                "brokers.letters.queue.capacity=5",
                "there is no broker `letters` here",
                "variant `queue` adds it: --set variants.queue.brokers.letters.queue.capacity=…",
            ),
        ] {
            let wanted = vec![(message.to_owned(), help.to_owned())];
            assert_eq!(overridden(file.clone(), &[set]), Err(wanted), "{set}");
        }
    }

    #[test]
    fn an_override_of_a_variant_keeps_the_rest_of_the_field_that_it_changes() {
        let file = json!({"services": {"mail": {"service_time": {"gamma": {"mean": "5s", "cv": 2}}}},
            "variants": {"fast": {}}});
        let set = "variants.fast.services.mail.service_time.gamma.mean=1s";
        let result = overridden(file, &[set]).unwrap();
        let restated =
            json!({"services": {"mail": {"service_time": {"gamma": {"mean": "1s", "cv": 2}}}}});
        assert_eq!(result["variants"]["fast"], restated);
    }
}
