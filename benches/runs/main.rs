//! Whole runs from a scenario file, with every metric recorded: what a message costs, and how that grows.
//!
//! ```text
//! runs                      every workload in turn, several rounds; then ratios of what ran in the same round
//! runs growth               the curves of docs/performance/
//! runs one NAME [SET…]      one workload, once: a line of JSON for other programs
//! ```

mod clock;
mod growth;
#[path = "../hold.rs"]
mod hold;
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
        [] => table::print(&rounds::measure()),
        ["growth"] => growth::draw(),
        ["one", name, ref sets @ ..] => one::print(name, sets),
        _ => panic!("nothing, `growth` or `one NAME [SET…]` is understood, not {arguments:?}"),
    }
}
