//! Several replications as one value, with an interval that says how well it is known.
