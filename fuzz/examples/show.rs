//! Prints the scenario that a file of bytes stands for: `cargo run --release --example show artifacts/whole_scenarios-…`

use std::{env, fs};

use pileup_fuzz::generator;

fn main() {
    let schema = pileup::scenario::schema::schema();
    for file in env::args().skip(1) {
        let bytes = fs::read(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        println!("{:#}", generator::scenario(&schema, &bytes));
    }
}
