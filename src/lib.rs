//! **pileup** replays queueing failure scenarios: producer bursts, consumer crashes and retry storms against models of
//! direct-call, queue-buffered and backpressured systems.
//!
//! The modules stand in reading order: each uses those above it, and none below.

pub mod time;

pub mod engine;
pub mod random;

pub mod policy;

pub mod model;

pub mod metrics;
pub mod theory;

pub mod scenario;

pub mod experiment;

pub mod report;

pub mod cli;
