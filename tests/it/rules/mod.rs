//! Every rule that decides results, as a small exact test on a trace made by hand: exact times, exact counts, no chance.

mod ages;
mod amqp;
mod calls;
mod contracts;
mod dead_letters;
mod deadlines;
mod delivery;
mod faults;
mod log;
mod memory;
mod ordering;
mod queue;
mod resend;
mod resources;
mod safeguards;
mod service;
mod settling;
mod sharing;
mod sqs;
mod stages;
mod ties;
mod transients;
mod waiting;
