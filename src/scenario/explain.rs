//! What a field or a kind of a scenario means, read from its schema: `pileup explain retry.backoff`.
//!
//! A term is a field, a kind, or the end of a path: `threads`, `jitter.full`, `producers.web.arrivals[0].poisson.rate`.
//! One word may mean several things (`rate` of eight arrival processes); each meaning comes once, with all its places.

use std::fmt;

use serde_json::{Map, Value};

use super::schema::schema;
use super::suggest;

/// How a form begins that has names chosen by the author.
const NAMES: &str = "{ NAME: ";

/// So many places of a meaning are shown.
const MOST_PLACES: usize = 4;

/// What a term means in some places of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Meaning {
    /// The places: `producers.NAME.sends[].call.retry`.
    pub places: Vec<String>,
    /// What it means.
    pub description: String,
    /// What can be written there.
    pub form: String,
    /// What holds if it is left out; `None` if there is nothing to say, or nothing is left out.
    pub default: Option<String>,
    /// Whether it has to be there.
    pub required: bool,
}

/// Everything that `term` means, the shortest path first.
///
/// # Errors
/// If it means nothing: a suggestion.
pub fn explain(term: &str) -> Result<Vec<Meaning>, String> {
    let schema = schema();
    let mut walk = Walk { definitions: &schema["$defs"], found: Vec::new() };
    walk.visit(&schema, &[]);
    let wanted = words(term);
    walk.found.sort_by_key(|found| found.path.len());
    let mut meanings = walk.meanings(|found| found.ends_in(&wanted));
    if let (true, [above @ .., last]) = (meanings.is_empty() && wanted.len() > 1, &wanted[..]) {
        meanings = walk.meanings(|found| found.ends_in(above) && found.may_name(last));
    }
    if meanings.is_empty() { Err(suggestion(&wanted, &walk.found)) } else { Ok(meanings) }
}

/// The names in a path; places in lists don't count, nor do leading names of nodes (a path's end is compared).
fn words(term: &str) -> Vec<String> {
    let without_place = |word: &str| word.split('[').next().unwrap_or_default().to_owned();
    term.split('.').map(without_place).filter(|word| !word.is_empty()).collect()
}

fn suggestion(wanted: &[String], found: &[Found]) -> String {
    let last = wanted.last().map(String::as_str).unwrap_or_default();
    let mut known: Vec<&str> = found
        .iter()
        .filter_map(|found| found.path.last())
        .map(|step| step.trim_end_matches("[]"))
        .collect();
    known.sort_unstable();
    known.dedup();
    match suggest::nearest(last, known.iter().copied()) {
        Some(near) if near == last => {
            format!("`{last}` stands in other places: try `{last}` alone")
        }
        Some(near) => format!("did you mean `{near}`?"),
        None => "`pileup schema` prints all fields".into(),
    }
}

/// A field or a kind, and where.
struct Found {
    path: Vec<String>,
    meaning: Meaning,
}

impl Found {
    /// Whether the path ends in these words, where a name of a node may be any word.
    fn ends_in(&self, words: &[String]) -> bool {
        let path = &self.path;
        let same = |(step, word): (&String, &String)| {
            step == "NAME" || step.trim_end_matches("[]") == word
        };
        let named = path.last().is_some_and(|step| step != "NAME");
        named && words.len() <= path.len() && path.iter().rev().zip(words.iter().rev()).all(same)
    }

    /// Whether `word` may be a name that the author has chosen below it, and is no slip of a field there.
    fn may_name(&self, word: &str) -> bool {
        let mut fields =
            self.meaning.form.split(|letter: char| letter != '_' && !letter.is_alphanumeric());
        let below = self.meaning.form.starts_with(NAMES);
        below && (word == "NAME" || suggest::nearest(word, &mut fields).is_none())
    }

    fn add_to(&self, meanings: &mut Vec<Meaning>) {
        let place = self.path.join(".");
        let alike = |other: &&mut Meaning| {
            (&other.description, &other.form) == (&self.meaning.description, &self.meaning.form)
        };
        match meanings.iter_mut().find(alike) {
            Some(known) => known.places.push(place),
            None => meanings.push(Meaning { places: vec![place], ..self.meaning.clone() }),
        }
    }
}

/// A walk through the schema that notes every field and every kind.
struct Walk<'s> {
    definitions: &'s Value,
    found: Vec<Found>,
}

impl<'s> Walk<'s> {
    /// What was found and is wanted, each meaning once.
    fn meanings(&self, wanted: impl Fn(&Found) -> bool) -> Vec<Meaning> {
        let mut meanings = Vec::new();
        let wanted = self.found.iter().filter(|found| wanted(found));
        wanted.for_each(|found| found.add_to(&mut meanings));
        meanings
    }

    /// Visits everything below `schema`, which stands at `path`.
    fn visit(&mut self, schema: &'s Value, path: &[String]) {
        let schema = self.resolved(schema);
        let required = names(&schema["required"]);
        for (name, field) in fields(schema) {
            // Variants restate what is explained where it is stated.
            if name == "variants" {
                self.note(field, step(path, name), false, None);
                continue;
            }
            // A kind of several: what it means stands beside it.
            let beside = schema["description"].as_str().filter(|_| fields(schema).count() == 1);
            let required = beside.is_none() && required.contains(&name.as_str());
            self.note(field, step(path, name), required, beside);
            self.visit(field, &step(path, name));
        }
        for form in forms(schema) {
            if let Some(name) = form["const"].as_str() {
                self.note(form, step(path, name), false, None);
            } else {
                self.visit(form, path);
            }
        }
        if schema["items"].is_object() {
            self.visit(&schema["items"], &in_list(path));
        }
        if schema["additionalProperties"].is_object() {
            self.visit(&schema["additionalProperties"], &step(path, "NAME"));
        }
    }

    fn resolved(&self, schema: &'s Value) -> &'s Value {
        let name = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
        name.map_or(schema, |name| &self.definitions[name])
    }

    fn note(&mut self, field: &'s Value, path: Vec<String>, required: bool, beside: Option<&str>) {
        let own = field["description"].as_str().or(beside);
        let description = own.or(self.resolved(field)["description"].as_str());
        let meaning = Meaning {
            places: Vec::new(),
            description: description.unwrap_or_default().to_owned(),
            form: self.form(field),
            default: field.get("default").filter(|value| !value.is_null()).map(Value::to_string),
            required,
        };
        self.found.push(Found { path, meaning });
    }

    /// What can be written, in words.
    fn form(&self, field: &'s Value) -> String {
        let schema = self.resolved(field);
        if let Some(word) = schema["const"].as_str() {
            return format!("\"{word}\"");
        }
        let forms: Vec<&Value> = forms(schema).collect();
        if !forms.is_empty() {
            return self.one_of(&forms);
        }
        match schema["type"].as_str().or(schema["type"][0].as_str()) {
            Some("integer") => format!("a whole number{}", range(schema)),
            Some("number") => "a number".into(),
            Some("boolean") => "true or false".into(),
            Some("array") => format!("a list, each: {}", self.form(&schema["items"])),
            Some("string") => text(schema),
            _ => self.object(schema),
        }
    }

    /// Fields by their names; or names that the author chooses, and what stands below each.
    fn object(&self, schema: &'s Value) -> String {
        let names: Vec<&str> = fields(schema).map(|(name, _)| name.as_str()).collect();
        match &schema["additionalProperties"] {
            below @ Value::Object(_) if names.is_empty() => {
                format!("{NAMES}{} }}", self.form(below))
            }
            _ if names.is_empty() => format!("{NAMES}… }}"),
            _ => format!("{{ {} }}", names.join(", ")),
        }
    }

    fn one_of(&self, forms: &[&'s Value]) -> String {
        let mut words: Vec<String> = Vec::new();
        for form in forms.iter().filter(|form| form["type"] != "null") {
            let resolved = self.resolved(form);
            match names(&resolved["required"]).as_slice() {
                [kind] if fields(resolved).count() == 1 => words.push(format!("{{\"{kind}\": …}}")),
                _ => words.extend(alternatives(self.form(form))),
            }
        }
        words.dedup();
        words.join(" | ")
    }
}

fn alternatives(form: String) -> Vec<String> {
    form.split(" | ").map(str::to_owned).collect()
}

fn step(path: &[String], name: &str) -> Vec<String> {
    path.iter().cloned().chain([name.to_owned()]).collect()
}

fn in_list(path: &[String]) -> Vec<String> {
    let mut path = path.to_vec();
    if let Some(last) = path.last_mut() {
        last.push_str("[]");
    }
    path
}

fn fields(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flat_map(Map::iter)
}

fn forms(schema: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["oneOf", "anyOf"].into_iter().filter_map(|key| schema[key].as_array());
    lists.flatten()
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn range(schema: &Value) -> String {
    match (&schema["minimum"], &schema["maximum"]) {
        (Value::Null, _) => String::new(),
        (least, Value::Null) => format!(", {least} or more"),
        (least, most) => format!(" from {least} to {most}"),
    }
}

/// A text of a form of its own is described by its type: a duration, a rate, a time.
fn text(schema: &Value) -> String {
    let has_form = schema["pattern"].is_string() || schema["examples"].is_array();
    let words: Vec<String> =
        names(&schema["enum"]).iter().map(|word| format!("\"{word}\"")).collect();
    match schema["description"].as_str() {
        _ if !words.is_empty() => words.join(" | "),
        Some(described) if has_form => described.trim_end_matches('.').to_lowercase(),
        Some(_) | None => "text".into(),
    }
}

impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in self.places.iter().take(MOST_PLACES) {
            writeln!(f, "{place}")?;
        }
        if self.places.len() > MOST_PLACES {
            writeln!(f, "… and {} more places", self.places.len() - MOST_PLACES)?;
        }
        writeln!(f, "    {}", self.description)?;
        write!(f, "    written:  {}", self.form)?;
        match &self.default {
            Some(default) => write!(f, "\n    default:  {default}"),
            None if self.required => write!(f, "\n    has to be there"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(term: &str) -> Meaning {
        explain(term).unwrap_or_else(|help| panic!("{term}: {help}")).remove(0)
    }

    #[test]
    fn a_field_is_explained_with_its_form_and_default() {
        let threads = first("threads");
        assert_eq!(threads.places, ["services.NAME.threads"]);
        assert_eq!(threads.form, "a whole number, 1 or more");
        let workers = first("services.mail.workers");
        assert_eq!(workers.default.as_deref(), Some("1"));
        assert!(first("title").required);
    }

    #[test]
    fn a_kind_and_a_path_are_explained() {
        for term in [
            "when_full",
            "drop_oldest",
            "retry.backoff",
            "jitter.full",
            "poisson",
            "producers.web.arrivals[0].poisson.rate",
            "crash.on",
            "service_time.lognormal.cv",
            "variants",
        ] {
            assert!(!first(term).description.is_empty(), "{term}");
        }
    }

    #[test]
    fn a_meaning_that_stands_in_several_places_comes_once() {
        let meanings = explain("call.to").unwrap();
        assert_eq!(meanings.len(), 1);
        let wanted = ["producers.NAME.sends[].call.to", "services.NAME.sends[].call.to"];
        assert_eq!(meanings[0].places, wanted);
    }

    #[test]
    fn a_text_is_a_text_and_a_name_of_ones_own_stands_for_what_is_below_it() {
        assert_eq!(first("dead_letter_routing_key").form, "text");
        assert!(first("session_timeout").form.starts_with("a duration"));
        let topics = first("kafka.log.topics");
        assert!(topics.form.starts_with("{ NAME: { partitions, "), "{}", topics.form);
        assert_eq!(first("kafka.log.topics.orders"), topics);
        assert_eq!(first("log.topics.NAME"), topics);
    }

    #[test]
    fn an_unknown_term_gets_a_suggestion() {
        assert_eq!(explain("thread"), Err("did you mean `threads`?".into()));
        assert_eq!(
            explain("mail.poisson.threads").unwrap_err(),
            "`threads` stands in other places: try `threads` alone"
        );
    }
}
