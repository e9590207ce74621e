//! What is simulated: nodes, what passes between them, and what happens to them.

pub mod fault;
pub mod id;
pub mod observation;
