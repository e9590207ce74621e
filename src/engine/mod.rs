//! A clock, a calendar and one loop. It knows nothing of queues: its tests run a toy with two events.

pub mod calendar;
mod event_set;
mod line;
pub mod simulation;
mod tournament;

pub use calendar::{Calendar, Lane, Ranked};
pub use simulation::{Model, Pause, Simulation};
