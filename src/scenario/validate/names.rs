//! Names of nodes and variants: what they may look like, and that no two nodes share one.

use crate::scenario::problem::Flaw;
use crate::scenario::tree::{Entry, Located};
use crate::scenario::variant::SECTIONS;

/// Every name that is no name, in the file and its variants; and every node whose name another kind of node has too.
pub fn names(file: &Located) -> Vec<Flaw> {
    let mut flaws = nodes(file);
    flaws.extend(SECTIONS.iter().flat_map(|(section, ..)| clashes(file, section)));
    for variant in entries(file, "variants") {
        flaws.extend(misspelled("variant", variant));
        flaws.extend(nodes(&variant.value));
    }
    flaws
}

fn entries<'t>(tree: &'t Located, key: &str) -> &'t [Entry] {
    tree.field(key).map(Located::entries).unwrap_or_default()
}

fn nodes(tree: &Located) -> Vec<Flaw> {
    let of = |(section, word, _): &(&str, &'static str, &str)| {
        let word = *word;
        entries(tree, section).iter().filter_map(move |entry| misspelled(word, entry))
    };
    SECTIONS.iter().flat_map(of).collect()
}

fn misspelled(word: &str, entry: &Entry) -> Option<Flaw> {
    let message = format!("`{}` is not a name for a {word}", entry.key);
    let help = format!(
        "a name has small letters, digits, `_` and `-`, and begins with a letter or digit{}",
        suggestion(&entry.key)
    );
    (!is_name(&entry.key)).then(|| Flaw::new(entry.key_origin, message, help))
}

fn suggestion(wrong: &str) -> String {
    let mended: String = wrong.trim().to_lowercase().replace([' ', '.', '/'], "-");
    if is_name(&mended) { format!(": `{mended}`") } else { String::new() }
}

pub(super) fn is_name(text: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    text.starts_with(plain) && text.chars().all(|letter| plain(letter) || "_-".contains(letter))
}

/// Nodes of `section` whose name a node of an earlier section has.
fn clashes(file: &Located, section: &str) -> Vec<Flaw> {
    let earlier = SECTIONS.iter().take_while(|(other, ..)| *other != section);
    let taken = |entry: &&Entry| {
        earlier
            .clone()
            .any(|(other, ..)| entries(file, other).iter().any(|node| node.key == entry.key))
    };
    entries(file, section)
        .iter()
        .filter(taken)
        .map(|entry| {
            let message = format!("the name `{}` is taken by another node", entry.key);
            Flaw::new(entry.key_origin, message, "every node has a name of its own")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse::parse;

    #[test]
    fn names_are_small_letters_digits_and_dashes() {
        for (name, fine) in [
            ("payment-processor", true),
            ("db_2", true),
            ("2nd", true),
            ("", false),
            ("-db", false),
            ("Payment", false),
            ("a/b", false),
        ] {
            assert_eq!(is_name(name), fine, "{name}");
        }
    }

    #[test]
    fn two_nodes_may_not_share_a_name() {
        let file = parse(r#"{"producers": {"a": {}}, "services": {"a": {}, "b": {}}}"#).unwrap();
        let flaws = names(&file);
        assert_eq!(flaws.len(), 1);
        assert_eq!(flaws[0].message, "the name `a` is taken by another node");
    }
}
