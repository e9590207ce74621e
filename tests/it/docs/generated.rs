//! Tables in documents that are written from what they tell of, between `<!-- generated: NAME -->` and `<!-- end -->`.

use std::collections::BTreeSet;
use std::{env, fs};

use pileup::metrics::column::{COLUMNS, Column, Kind, SUMMARY_COLUMNS, SummaryColumn};
use pileup::scenario::source::Source;
use pileup::scenario::{Overrides, builtin, load};

use super::read;
use crate::architecture::MAY_USE;

/// A file, the mark of a table in it, and what makes the table.
type Table = (&'static str, &'static str, fn() -> String);

/// Each generated table: the document, its name, and what writes it.
const TABLES: [Table; 4] = [
    ("README.md", "scenarios", scenarios),
    ("README.md", "metrics", metrics),
    ("ARCHITECTURE.md", "imports", imports),
    ("PERFORMANCE.md", "instructions", instructions),
];

#[test]
fn generated_tables_are_up_to_date() {
    let update = env::var_os("UPDATE_EXPECT").is_some();
    let mut stale = Vec::new();
    for (document, name, table) in TABLES {
        let text = read(document);
        let fresh = with_table(&text, name, &table());
        if update {
            fs::write(document, fresh).unwrap();
        } else if fresh != text {
            stale.push(format!("{document}: {name}"));
        }
    }
    let remedy = "UPDATE_EXPECT=1 cargo test --test it docs";
    assert!(stale.is_empty(), "out of date: {}; {remedy}", stale.join(", "));
}

#[test]
fn every_scenario_that_comes_with_pileup_stands_in_the_table() {
    let readme = read("README.md");
    let files: BTreeSet<String> = fs::read_dir("scenarios")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(builtin::list().len(), files.len());
    for name in files {
        assert!(readme.contains(&format!("[`{name}`](scenarios/{name}.json)")), "{name}");
    }
}

#[test]
fn a_table_replaces_what_stood_between_its_markers_and_nothing_else() {
    let text = "a\n<!-- generated: t -->\nold\n<!-- end -->\nb\n";
    let fresh = "a\n<!-- generated: t -->\n\nnew\n\n<!-- end -->\nb\n";
    assert_eq!(with_table(text, "t", "new\n"), fresh);
    assert_eq!(with_table(fresh, "t", "new\n"), fresh);
}

/// `text` with `table` between the markers called `name`.
fn with_table(text: &str, name: &str, table: &str) -> String {
    let begin = format!("<!-- generated: {name} -->\n");
    let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("no table {name}"));
    let (_, after) = rest.split_once("<!-- end -->").unwrap_or_else(|| panic!("{name} never ends"));
    format!("{before}{begin}\n{table}\n<!-- end -->{after}")
}

fn scenarios() -> String {
    let rows = builtin::list().iter().map(|builtin| {
        let source = Source::Builtin(builtin.name.to_owned());
        let scenario =
            load(&source, &Overrides::default()).unwrap_or_else(|error| panic!("{error}"));
        let name = builtin.name;
        format!("| [`{name}`](scenarios/{name}.json) | {} |\n", scenario.question)
    });
    format!("| scenario | the question that it answers |\n|---|---|\n{}", rows.collect::<String>())
}

fn metrics() -> String {
    let windows = COLUMNS.iter().map(of_window);
    let run = SUMMARY_COLUMNS.iter().filter(|column| is_of_the_run_alone(column));
    let run = run.map(|column| row(&format!("`{}`", column.name), column.unit, &column.meaning));
    let rows: String = windows.chain(run).collect();
    format!("| metric | unit | meaning |\n|---|---|---|\n{rows}")
}

fn of_window(column: &Column) -> String {
    let name = match column.kind {
        Kind::Gauge => format!("*`{}`*", column.name),
        Kind::Counter | Kind::Derived => format!("`{}`", column.name),
    };
    row(&name, column.unit, column.meaning)
}

/// Whether the column stands neither in windows nor follows from a gauge.
fn is_of_the_run_alone(column: &SummaryColumn) -> bool {
    let derived = ["peak_", "final_", "mean_"].iter().any(|of| column.name.starts_with(of));
    !derived && COLUMNS.iter().all(|other| other.name != column.name)
}

fn row(name: &str, unit: &str, meaning: &str) -> String {
    format!("| {name} | {unit} | {} |\n", meaning.replace('|', "\\|"))
}

fn imports() -> String {
    let rows = MAY_USE.iter().map(|(module, used)| {
        let used: Vec<String> = used.iter().map(|name| format!("`{name}`")).collect();
        let used = if used.is_empty() { "–".to_owned() } else { used.join(", ") };
        format!("| `{module}` | {used} |\n")
    });
    format!("| module | may use |\n|---|---|\n{}", rows.collect::<String>())
}

/// What `benches/instructions.sh` has recorded: a compiler, then a workload and a count in each line.
fn instructions() -> String {
    let recorded = read("benches/instructions.txt");
    let mut lines = recorded.lines().filter_map(|line| line.split_once(' '));
    let (_, compiler) = lines.next().expect("the first line names the compiler");
    let rows = lines.map(|(workload, count)| format!("| {workload} | {count} |\n"));
    let rows: String = rows.collect();
    format!("| workload | instructions, with rustc {compiler} |\n|---|---:|\n{rows}")
}
