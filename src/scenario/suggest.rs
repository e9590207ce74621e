//! "did you mean": the nearest of the words that would have been right.

use strsim::{damerau_levenshtein, jaro_winkler};

/// How alike two words are at least when one is suggested for the other (Jaro-Winkler, 1 is equal).
const ALIKE: f64 = 0.86;

/// The candidate that `word` most likely stands for, if one is near enough to be worth a question.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let mut near: Vec<(usize, &str)> = candidates
        .into_iter()
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

/// `` `a`, `b`, `c` ``.
#[must_use]
pub fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
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
    fn without_a_near_word_all_are_listed() {
        assert_eq!(help("x", &["one", "two"]), "possible here: `one`, `two`");
    }
}
