//! "did you mean": the nearest of the words that would have been right.

use strsim::{damerau_levenshtein, jaro_winkler};

/// How alike two words are at least when one is suggested for the other (Jaro-Winkler, 1 is equal).
const ALIKE: f64 = 0.86;

/// Longer words are no slips of anything, and comparing takes time and memory that grow with the square of the length.
const LONGEST_WORD: usize = 100;
/// So many candidates are compared at most.
const MOST_CANDIDATES: usize = 1_000;
/// So many words are listed at most.
const MOST_LISTED: usize = 100;

/// The candidate that `word` most likely stands for, if one is near enough to be worth a question.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST_WORD {
        return None;
    }
    let word = word.to_lowercase();
    let mut near: Vec<(usize, &str)> = candidates
        .into_iter()
        .take(MOST_CANDIDATES)
        .filter(|candidate| candidate.len() <= LONGEST_WORD)
        .filter(|candidate| is_near(&word, candidate))
        .map(|candidate| (damerau_levenshtein(&word, candidate), candidate))
        .collect();
    near.sort_by_key(|(distance, _)| *distance);
    near.first().map(|(_, candidate)| *candidate)
}

fn is_near(word: &str, candidate: &str) -> bool {
    let typos = damerau_levenshtein(word, candidate);
    let allowed = (word.chars().count().max(candidate.chars().count()) / 3).clamp(1, 4);
    let same_letters = word.replace(['_', '-'], "") == candidate.replace(['_', '-'], "");
    typos <= allowed || same_letters || jaro_winkler(word, candidate) >= ALIKE
}

/// ``did you mean `workers`?``, or else the list of what is possible; empty if nothing is.
#[must_use]
pub fn help(word: &str, candidates: &[&str]) -> String {
    match nearest(word, candidates.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if candidates.is_empty() => String::new(),
        None => format!("possible here: {}", list(candidates)),
    }
}

/// `` `a`, `b`, `c` ``; the first hundred.
#[must_use]
pub fn list(words: &[&str]) -> String {
    let listed = words.iter().take(MOST_LISTED).map(|word| format!("`{word}`"));
    let more = if words.len() > MOST_LISTED { ", …" } else { "" };
    listed.collect::<Vec<_>>().join(", ") + more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognized_and_a_different_word_is_not() {
        let known = ["workers", "threads", "service_time"];
        assert_eq!(nearest("worker", known), Some("workers"));
        assert_eq!(nearest("serviceTime", known), Some("service_time"));
        assert_eq!(nearest("colour", known), None);
    }

    #[test]
    fn what_nobody_reads_is_not_compared_and_not_listed() {
        assert_eq!(nearest(&"workers".repeat(1_000_000), ["workers"]), None);
        assert_eq!(list(&["a"; 101]).len(), "`a`, ".len() * 100 + "…".len());
    }

    #[test]
    fn without_a_near_word_all_are_listed() {
        assert_eq!(help("x", &["one", "two"]), "possible here: `one`, `two`");
    }
}
