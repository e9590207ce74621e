//! All integration tests in one binary, so that they link once.
mod architecture;
mod cli;
mod determinism;
mod invalid_scenarios;
mod rules;
mod scenarios;
mod support;
mod theory;
