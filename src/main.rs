//! Arguments, a verb, an exit code.

fn main() {}
