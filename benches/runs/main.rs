//! Whole runs from a scenario file, with every metric recorded: what a message costs, and how that grows.
//!
//! ```text
//! runs                      every workload in turn, several rounds; ratios of what ran in the same round; what has a limit
//! runs growth               the curves of docs/performance/
//! runs one NAME [SET…]      one workload, once: a line of JSON for other programs
//! runs bare NAME [SET…]     the same with nobody listening, for a profiler: it prints nothing
//! ```

mod clock;
mod document;
mod growth;
#[path = "../hold.rs"]
mod hold;
mod limits;
mod lindley;
mod one;
mod rounds;
mod table;
mod workload;

fn main() {
    // Cargo tells every benchmark that it is one.
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => table::tell(&rounds::measure(), &limits::measure()),
        ["growth"] => growth::draw(),
        ["one", name, ref sets @ ..] => one::print(name, sets),
        ["bare", name, ref sets @ ..] => {
            workload::run_unrecorded(&workload::load(name, sets), 1.0);
        }
        _ => panic!("{arguments:?} is none of the uses at the top of this file"),
    }
}
