//! Where a run streams its windows while it goes on, so that no run has to fit in memory.
//!
//! Every run (one variant, one replication) gets a sink of its own: runs go on in parallel and never wait for one another.

use std::io;

/// Which run a sink is opened for.
#[derive(Debug, Clone, Copy)]
pub struct RunLabel<'a> {
    /// The place of its variant in the scenario.
    pub variant: usize,
    /// The name of its variant.
    pub variant_name: &'a str,
    /// Which replication, from 0.
    pub replication: usize,
    /// The names of its rows: the total (an empty name) first, then every node.
    pub nodes: &'a [String],
}

/// Opens a sink for every run.
pub trait Sink: Sync {
    /// A sink for one run.
    ///
    /// # Errors
    /// If what it writes to can't be opened.
    fn open(&self, run: RunLabel<'_>) -> io::Result<Box<dyn RunSink + Send>>;
}

/// Takes the windows of one run, in order.
pub trait RunSink {
    /// The window that ended at `end_s` seconds. `rows` has one row for each node of the label, with one value for each
    /// column of `COLUMNS`; `maxima` has for each node one value for each *gauge* of `COLUMNS`, in their order.
    /// A value that does not exist is NaN.
    ///
    /// # Errors
    /// If it can't be written.
    fn window(&mut self, end_s: f64, rows: &[&[f64]], maxima: &[&[f64]]) -> io::Result<()>;

    /// The run is over: whatever is still held is written.
    ///
    /// # Errors
    /// If it can't be written.
    fn finish(&mut self) -> io::Result<()>;
}

/// Keeps nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Discard;

impl Sink for Discard {
    fn open(&self, _: RunLabel<'_>) -> io::Result<Box<dyn RunSink + Send>> {
        Ok(Box::new(Discard))
    }
}

impl RunSink for Discard {
    fn window(&mut self, _: f64, _: &[&[f64]], _: &[&[f64]]) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}
