//! All integration tests in one binary, so that they link once.
mod advice;
mod architecture;
mod chance;
mod cli;
mod dependencies;
mod determinism;
mod docs;
mod invalid_scenarios;
mod machine;
mod properties;
mod recipe;
mod results;
mod rules;
mod scenarios;
mod support;
mod theory;
mod workplace;
