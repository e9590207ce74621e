//! All integration tests in one binary, so that they link once.
mod architecture;
mod cli;
mod invalid_scenarios;
mod rules;
mod scenarios;
mod support;
mod theory;
