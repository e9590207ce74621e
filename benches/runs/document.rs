//! Where measured figures go: into PERFORMANCE.md, between `<!-- measured: NAME -->` and `<!-- end -->`, with the day and the machine.

use std::fs;
use std::process::Command;

const DOCUMENT: &str = "PERFORMANCE.md";

/// Rows of words below a head.
pub struct Table {
    /// What stands above each column.
    pub head: Vec<String>,
    /// As many cells in each as the head has.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// One without rows.
    pub fn new(head: &[&str]) -> Table {
        Table { head: head.iter().map(|&word| word.to_owned()).collect(), rows: Vec::new() }
    }

    /// Markdown that can be read as it is, too.
    pub fn markdown(&self) -> String {
        let lines = || std::iter::once(&self.head).chain(&self.rows);
        let width = |column: usize| lines().map(|line| line[column].chars().count()).max();
        let widths: Vec<usize> = (0..self.head.len()).filter_map(width).collect();
        let line = |cells: &Vec<String>| {
            let padded = cells.iter().zip(&widths).enumerate();
            let padded = padded.map(|(column, (cell, &width))| match column {
                0 => format!(" {cell:<width$} |"),
                _ => format!(" {cell:>width$} |"),
            });
            format!("|{}\n", padded.collect::<String>())
        };
        let rule = (0..self.head.len()).map(|column| if column == 0 { "---|" } else { "---:|" });
        let rows: String = self.rows.iter().map(line).collect();
        format!("{}|{}\n{rows}", line(&self.head), rule.collect::<String>())
    }
}

/// Prints `body` and writes it into its section of the document.
pub fn tell(section: &str, body: &str) {
    println!("\n{body}");
    let text = fs::read_to_string(DOCUMENT).expect("benchmarks run in the folder of the package");
    let begin = format!("<!-- measured: {section} -->\n");
    let place = text.split_once(&begin).and_then(|(before, rest)| {
        rest.split_once("<!-- end -->").map(|(_, after)| (before, after))
    });
    let (before, after) = place.unwrap_or_else(|| panic!("{DOCUMENT} has no section {section}"));
    let told = format!("{before}{begin}\n{}\n\n{body}\n<!-- end -->{after}", circumstances());
    fs::write(DOCUMENT, told).expect("the document can be written");
}

/// When and on what.
fn circumstances() -> String {
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor.lines().find_map(|line| line.strip_prefix("model name\t: "));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let model = model.unwrap_or(std::env::consts::ARCH);
    format!("{}, {cores} × {model}, {}.", said_by("date", "+%F"), said_by("rustc", "--version"))
}

fn said_by(program: &str, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    said.unwrap_or_else(|_| format!("without {program}"))
}
