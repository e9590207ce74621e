//! Jobs that depend on one another, and when each may be sent.
//!
//! A line knows one order only: who came first. Jobs that need the results of others know another, that of their dependencies, and a line
//! with several workers breaks it without a word. There are two ways out: to send a job when all that it needs is done (a topological
//! traversal, as workflow engines do it), which takes as long as the longest chain; or to work on one after the other, in an order that
//! respects all dependencies, which takes as long as all of them together.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Jobs of which every arrival makes one each. The key of a job is the number of its run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Jobs {
    /// Each job, with those that have to be done before it: {"extract": [], "clean": ["extract"]}. They are made in this order, except
    /// that each comes after those that it needs.
    pub needs: IndexMap<String, Vec<String>>,
    /// When a job is sent.
    #[serde(default)]
    pub release: Release,
}

/// When a job is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Release {
    /// When all that it needs is done (the default): its producer holds it until then, and hears at once of what is done.
    #[default]
    WhenReady,
    /// When it is made, whatever it needs.
    AtOnce,
}

/// The jobs of a run by their places in an order that respects all dependencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobGraph {
    /// For each job how many it needs.
    pub needs: Vec<u32>,
    /// For each job those that need it.
    pub needed_by: Vec<Vec<usize>>,
}

impl Jobs {
    /// A need that is no job, with the job that has it and the place of the need in its list.
    #[must_use]
    pub fn unknown(&self) -> Vec<(&str, usize, &str)> {
        let needs = self.needs.iter().flat_map(|(job, needs)| {
            needs.iter().enumerate().map(move |(place, need)| (job.as_str(), place, need.as_str()))
        });
        needs.filter(|(.., need)| !self.needs.contains_key(*need)).collect()
    }

    /// The places of the jobs in an order that respects all dependencies, and those that are left over, because they are in a circle or
    /// behind one.
    fn order(&self) -> (Vec<usize>, Vec<usize>) {
        let mut order: Vec<usize> = Vec::new();
        let mut left: Vec<usize> = (0..self.needs.len()).collect();
        let place = |name: &String| self.needs.get_index_of(name);
        let is_ready = |job: usize, order: &[usize]| {
            let mut needs = self.needs[job].iter().filter_map(place);
            needs.all(|need| order.contains(&need))
        };
        while let Some(next) = left.iter().position(|job| is_ready(*job, &order)) {
            order.push(left.remove(next));
        }
        (order, left)
    }

    /// Jobs that need one another in a circle, each the one after it, the first again at the end.
    #[must_use]
    pub fn circle(&self) -> Option<Vec<&str>> {
        let (_, left) = self.order();
        let mut way: Vec<usize> = vec![*left.first()?];
        loop {
            let mut needs = self.needs[*way.last()?].iter();
            let next = needs
                .find_map(|need| self.needs.get_index_of(need).filter(|at| left.contains(at)))?;
            let start = way.iter().position(|earlier| *earlier == next);
            way.push(next);
            if let Some(start) = start {
                let name = |at: &usize| self.needs.get_index(*at).map(|(name, _)| name.as_str());
                return way[start..].iter().map(name).collect();
            }
        }
    }

    /// The jobs of a run.
    ///
    /// # Panics
    /// If there is a circle or an unknown need.
    #[must_use]
    pub fn graph(&self) -> JobGraph {
        let (order, left) = self.order();
        assert!(left.is_empty(), "circles were refused");
        let mut graph = JobGraph { needs: Vec::new(), needed_by: vec![Vec::new(); order.len()] };
        for (place, job) in order.iter().enumerate() {
            let needs = &self.needs[*job];
            graph.needs.push(needs.len() as u32);
            for need in needs {
                let need = self.needs.get_index_of(need).expect("unknown needs were refused");
                let at = order.iter().position(|other| *other == need).expect("all are in order");
                graph.needed_by[at].push(place);
            }
        }
        graph
    }
}

impl JobGraph {
    /// How many jobs a run has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.needs.len()
    }

    /// Whether a run has no jobs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.needs.is_empty()
    }

    /// How many jobs the longest chain has.
    #[must_use]
    pub fn longest_chain(&self) -> usize {
        let mut chains = vec![1; self.len()];
        for job in 0..self.len() {
            for next in &self.needed_by[job] {
                chains[*next] = chains[*next].max(chains[job] + 1);
            }
        }
        chains.into_iter().max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs(needs: &str) -> Jobs {
        serde_json::from_str(&format!(r#"{{"needs": {needs}}}"#)).unwrap()
    }

    #[test]
    fn each_job_comes_after_those_that_it_needs_and_otherwise_as_listed() {
        let graph = jobs(r#"{"c": ["a", "b"], "a": [], "b": ["a"], "d": []}"#).graph();
        // In order: a, b, c, d.
        assert_eq!(graph.needs, [0, 1, 2, 0]);
        assert_eq!(graph.needed_by, [vec![1, 2], vec![2], vec![], vec![]]);
        assert_eq!(graph.longest_chain(), 3);
    }

    #[test]
    fn a_circle_is_named_and_what_is_behind_it_is_not() {
        let circle = jobs(r#"{"z": ["c"], "a": [], "b": ["d", "a"], "c": ["b"], "d": ["c"]}"#);
        assert_eq!(circle.circle(), Some(vec!["c", "b", "d", "c"]));
        assert_eq!(jobs(r#"{"a": ["a"]}"#).circle(), Some(vec!["a", "a"]));
        assert_eq!(jobs(r#"{"a": [], "b": ["a"]}"#).circle(), None);
    }

    #[test]
    fn a_need_that_is_no_job_is_told_with_its_place() {
        assert_eq!(jobs(r#"{"a": [], "b": ["a", "x"]}"#).unknown(), [("b", 1, "x")]);
    }
}
