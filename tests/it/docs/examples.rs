//! The README's examples: every scenario in it runs, and every command does what a reader would see.
//!
//! Commands are carried out one after the other in an empty folder, as a reader would. Only runs of the scenarios that come
//! with pileup are replaced by checks of them: they are simulated elsewhere.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use clap::Parser;
use pileup::cli::Cli;
use pileup::scenario::builtin;

use super::{DOCUMENTS, read};

/// The fenced blocks of a document in this language, each with the text before it.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<(&'a str, &'a str)> {
    let fence = format!("```{language}\n");
    let starts = text.match_indices(&fence).map(|(at, _)| at);
    let block = |at: usize| {
        let body = &text[at + fence.len()..];
        (&text[..at], body.split("```").next().unwrap_or(body))
    };
    starts.map(block).collect()
}

/// The scenarios of the README, each with the name that the last line before it gives it in backticks: `mail.json`.
fn scenarios(readme: &str) -> Vec<(&str, &str)> {
    blocks(readme, "json")
        .into_iter()
        .map(|(before, text)| {
            let paragraph = before.trim_end().rsplit("\n\n").next().unwrap_or(before);
            let name = paragraph.split('`').find(|word| word.ends_with(".json"));
            (name.expect("a paragraph before a scenario names its file"), text)
        })
        .collect()
}

/// The commands of the README's shell blocks, without comments.
fn commands(readme: &str) -> Vec<&str> {
    let lines = blocks(readme, "sh").into_iter().flat_map(|(_, block)| block.lines());
    let commands = lines.map(|line| line.split('#').next().unwrap_or(line).trim());
    commands.filter(|command| !command.is_empty()).collect()
}

/// Carries out `pileup …`, with what it prints going where `> FILE` says.
fn carry_out(command: &str, folder: &Path) -> Output {
    let (command, file) = match command.split_once('>') {
        Some((command, file)) => (command, Some(file.trim())),
        None => (command, None),
    };
    let mut words: Vec<&str> = command.split_whitespace().skip(1).collect();
    if words[0] == "run" && builtin::find(words[1]).is_ok() {
        words[0] = "check";
    }
    let pileup = env!("CARGO_BIN_EXE_pileup");
    let output = Command::new(pileup).args(words).current_dir(folder).output().unwrap();
    if let Some(file) = file {
        fs::write(folder.join(file), &output.stdout).unwrap();
    }
    output
}

#[test]
fn every_command_of_the_readme_succeeds() {
    let readme = read("README.md");
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in scenarios(&readme) {
        fs::write(folder.path().join(name), text).unwrap();
    }
    for command in commands(&readme) {
        match command.split_whitespace().next() {
            Some("pileup") => {
                let output = carry_out(command, folder.path());
                let said = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{command}: {}\n{said}", output.status);
            }
            Some("make") => {}
            _ => assert_eq!(command, "cargo install --path ."),
        }
    }
}

#[test]
fn the_first_two_commands_of_the_readme_need_nothing_but_make() {
    let readme = read("README.md");
    assert_eq!(commands(&readme)[..2], ["make incident", "make test"]);
}

#[test]
fn the_scenarios_of_the_readme_state_what_comes_out() {
    let readme = read("README.md");
    assert!(!scenarios(&readme).is_empty());
    for (name, text) in scenarios(&readme) {
        assert!(text.contains("\"expect\""), "{name}");
    }
}

/// Text in backticks that begins with `pileup`: commands within sentences.
#[test]
fn every_command_in_a_sentence_is_one() {
    for document in DOCUMENTS {
        let text = read(document);
        let quoted = text.split('`').skip(1).step_by(2);
        for command in quoted.filter(|quoted| quoted.starts_with("pileup ")) {
            let parsed = Cli::try_parse_from(command.split_whitespace());
            let missing = clap::error::ErrorKind::MissingRequiredArgument;
            let is_known = parsed.as_ref().map_or_else(|error| error.kind() == missing, |_| true);
            assert!(is_known, "{document}: `{command}`");
        }
    }
}
