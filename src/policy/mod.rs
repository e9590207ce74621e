//! Pure decisions: facts and chance in, one answer out. No clock, no nodes, no engine.
//!
//! A settings type is the scenario's vocabulary *and* its behaviour; it never changes during a run. What a run changes is
//! in a `…State` beside it. Every settings type has `check`, which lists what is wrong with its values.

// How a call is tried again, and when it is not tried at all.
pub mod adaptive_throttle; // the client refuses its own calls in proportion to the refusals it gets
pub mod backoff; // how long to wait before the next attempt, and how to spread the waits
pub mod circuit_breaker; // stop calling what keeps failing, then probe
pub mod resend; // the whole retry queue at once, in rounds or on recovery
pub mod retry; // whether and when a failed message is sent again
pub mod retry_budget; // a cap on the share of traffic that may be retries

// What a service or a queue does with more work than it can hold.
pub mod codel; // turn away whoever has waited too long in a line that doesn't get short
pub mod concurrency_control; // what happens when two work on the same record
pub mod concurrency_limit; // how many requests are let in, learned from how long they take
pub mod contention; // workers that slow one another down
pub mod discipline; // who in the waiting line is next
pub mod exhaustion; // a request comes and no thread is left
pub mod load_shedding; // refuse early, before it is too late
pub mod overflow; // a message comes and the queue is full

// What a service works on at once.
pub mod works_on; // one message, a batch of them, or a pair

// What producers make.
pub mod jobs; // jobs that depend on one another
pub mod onward_keys; // which keys messages have that a service sends on

// How a service comes back after a crash.
pub mod restart; // after how long
pub mod warm_up; // how slowly at first

// What is promised about each message.
pub mod commit; // before the work or after it
pub mod compatibility; // which schema can read what another has written
pub mod failure; // what becomes of a message on which work failed
pub mod idempotency; // whether an effect is recognized as done already

// How a log deals its messages out, and how long it keeps them.
pub mod assignment; // which member of a consumer group reads which partition
pub mod log_client; // how a client sends: acks, batches, buffer, transactions
pub mod membership; // who counts as a member of a group, and what happens while that changes
pub mod partitioner; // to which partition a message goes
pub mod replication; // on how many nodes, and what the loss of one does
pub mod retention; // what is kept, read or not

// How a queue with leases delivers again, and what it accepts.
pub mod client_quota; // how long a client that writes too much to a log has to stay away
pub mod quota; // how many calls a second
pub mod redelivery; // what nobody has said is done

// How a broker with exchanges and queues, as RabbitMQ is one, passes messages on.
pub mod alarm; // memory or disk space runs short
pub mod credit_flow; // publishers that are faster than the broker
pub mod length_limit; // a message comes to a queue that has enough
pub mod returns; // where a message goes that comes back
pub mod routing; // to which queues a message goes

// What the above share.
pub mod check; // problems, each with its place and its remedy
mod limit; // a count, or a word for no limit
mod shorthand; // settings that may be written as one word
mod sliding_counts; // counts over the last so many seconds, in constant memory
pub mod token_bucket; // tokens counted exactly

#[cfg(test)]
mod vocabulary;

// To add one: a variant beside its behaviour in the file of its family, or a new file here with `check` and the settings'
// serde derives; then the one caller that asks it.
