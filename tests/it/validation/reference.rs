//! A reference: a system of which somebody else knows what comes out, and what that is.
//!
//! References are data, in `tests/data/references/`: a scenario as any user writes it, but for its title and question, and rows of what
//! is known of it. A row names a metric of the summary, or a quotient of sums of them: `rejected / produced`, `attempts@bottom /
//! produced@users`, `waiting_mean_ms + 100`. Its number comes from the source, never from a run.

use std::fs;

use pileup::scenario::source::Source;
use pileup::scenario::{Overrides, Scenario, load};
use pileup::time::{SimDuration, SimTime};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

/// A system of which the outcome is known.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// What we call it.
    pub id: String,
    /// Who knows it.
    pub source: String,
    /// The system in a sentence.
    pub setting: String,
    /// How often it is run, with independent chance; once where nothing is left to chance.
    #[serde(default = "often")]
    pub replications: u32,
    /// Whether the ordinary tests run it, too: it takes a second or less.
    #[serde(default)]
    pub quick: bool,
    /// How often levels are looked at where the share of the time is known in which they are so or so.
    #[serde(default)]
    pub look_every: Option<SimDuration>,
    /// The scenario but for its title and question; a window is as long as the warm-up, or else the run.
    pub scenario: Map<String, Value>,
    /// What is known.
    pub rows: Vec<Row>,
}

/// Enough for Student's t to be near the normal quantile, and for a variance to be known.
fn often() -> u32 {
    32
}

/// Something that is known.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// What is measured, in words.
    pub what: String,
    /// In this variant (default: the first).
    #[serde(default)]
    pub variant: Option<String>,
    /// The metric, or a quotient.
    pub metric: Quotient,
    /// When (default: over the run).
    #[serde(default)]
    pub at: Option<SimTime>,
    /// What of it is known (default: its mean over the runs).
    #[serde(default)]
    pub take: Take,
    /// What it is.
    pub is: f64,
    /// How near the simulation has to come, or how narrow its interval has to be.
    #[serde(default)]
    pub within: Within,
}

/// What is taken of what is measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Take {
    /// The mean over the runs.
    #[default]
    Mean,
    /// The standard deviation over the runs.
    Deviation,
    /// The share of the looks at a level at which it was this much or more.
    ShareAtLeast(f64),
    /// The share of the looks at which it was less than this.
    ShareBelow(f64),
    /// The variance of a level over the looks at it.
    Variance,
}

impl Take {
    /// The value of a run, from all looks at a level.
    pub fn of_looks(self, looks: &[f64]) -> Option<f64> {
        let n = looks.len() as f64;
        let share = |is: &dyn Fn(&f64) -> bool| looks.iter().filter(|look| is(look)).count() as f64;
        match self {
            Take::Mean | Take::Deviation => None,
            Take::ShareAtLeast(level) => Some(share(&|look| *look >= level) / n),
            Take::ShareBelow(level) => Some(share(&|look| *look < level) / n),
            Take::Variance => {
                let mean = looks.iter().sum::<f64>() / n;
                Some(looks.iter().map(|look| (look - mean).powi(2)).sum::<f64>() / n)
            }
        }
    }
}

/// How near is near.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Within {
    /// Exactly where nothing is left to chance; otherwise the interval holds it, and its half is at most 1 % of it.
    #[default]
    Mean,
    /// The interval holds it, and its half is at most 3 % of it: tails and small probabilities.
    Tail,
    /// As `Tail`, of a percentile, which the simulator tells to within 1/256 of it.
    Percentile,
    /// By this much, where nothing is left to chance: the source is a fluid limit, or leaves ties open.
    By(f64),
}

/// A sum of metrics, divided by another where there is one.
#[derive(Debug, Clone)]
pub struct Quotient {
    above: Vec<Term>,
    below: Vec<Term>,
}

/// Something that is added, or taken away.
#[derive(Debug, Clone)]
struct Term {
    sign: f64,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Number(f64),
    /// A metric of the whole system, or of a node.
    Metric(String, Option<String>),
}

impl Quotient {
    /// Its value, where `value` tells that of a metric, of the whole or of a node.
    pub fn of(&self, value: impl Fn(&str, Option<&str>) -> f64) -> f64 {
        let of = |term: &Term| match &term.what {
            What::Number(number) => term.sign * number,
            What::Metric(metric, node) => term.sign * value(metric, node.as_deref()),
        };
        let sum = |terms: &[Term]| -> f64 { terms.iter().map(of).sum() };
        if self.below.is_empty() { sum(&self.above) } else { sum(&self.above) / sum(&self.below) }
    }
}

impl<'de> Deserialize<'de> for Quotient {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Quotient, D::Error> {
        let text = String::deserialize(input)?;
        let (above, below) = text.split_once(" / ").unwrap_or((&text, ""));
        Ok(Quotient { above: terms(above), below: terms(below) })
    }
}

/// The terms of `a + b@node - c`.
fn terms(text: &str) -> Vec<Term> {
    let mut sign = 1.0;
    let mut terms = Vec::new();
    for word in text.split_whitespace() {
        match word {
            "+" => sign = 1.0,
            "-" => sign = -1.0,
            word => terms.push(Term { sign, what: what(word) }),
        }
    }
    terms
}

fn what(word: &str) -> What {
    let (metric, node) = word.split_once('@').map_or((word, None), |(m, node)| (m, Some(node)));
    let number = word.parse().map(What::Number);
    number.unwrap_or_else(|_| What::Metric(metric.to_owned(), node.map(str::to_owned)))
}

impl Reference {
    /// The scenario as a user would load it.
    #[track_caller]
    pub fn load(&self) -> Scenario {
        let mut scenario = self.scenario.clone();
        let window = scenario.get("warm_up").unwrap_or(&scenario["duration"]).clone();
        scenario.entry("sample_every").or_insert(window);
        scenario.insert("title".into(), json!(self.setting));
        scenario.insert("question".into(), json!("What comes out?"));
        let content = Value::Object(scenario).to_string();
        let source = Source::Text { name: self.id.clone(), shown: self.id.clone(), content };
        load(&source, &Overrides::default()).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// A file of references.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chapter {
    /// What they have in common.
    pub title: String,
    /// They.
    pub references: Vec<Reference>,
    /// What else is known, and why it is not held to.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
}

/// Something that is known, and not held to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// What is known.
    pub what: String,
    /// Why it is not held to.
    pub why: String,
}

/// All of them, in the order of their files.
pub fn chapters() -> Vec<Chapter> {
    let folder = fs::read_dir("tests/data/references").unwrap();
    let mut files: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |file: &std::path::PathBuf| {
        let text = fs::read_to_string(file).unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    };
    files.iter().map(read).collect()
}
