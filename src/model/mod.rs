//! What is simulated: nodes, what passes between them, and what happens to them.
//!
//! A scenario's names and settings come in as a [`blueprint`]; [`build`] makes a [`world`] of it, which the engine runs. Read
//! [`event`] for everything that can happen, [`packet`] for everything that passes between nodes, and [`observation`] for everything
//! that can be learned.
//!
//! To add a kind of node: its file, its arena in `World`, its plan in `Blueprint`. To add a broker, see [`broker`].

pub mod blueprint;
pub mod broker;
pub mod build;
mod consuming;
pub mod content;
pub mod context;
pub mod deadlines;
pub mod event;
pub mod fault;
pub mod faults;
pub mod health;
pub mod id;
pub mod jobs;
mod memory;
pub mod message;
pub mod network;
pub mod observation;
pub mod order;
pub mod outbound;
pub mod packet;
pub mod producer;
pub mod service;
pub mod station;
mod straight;
pub mod world;
