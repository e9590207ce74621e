//! The formulae by which a station is told, and what they are called.

/// By which formula something is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// One worker, exponential service.
    Mm1,
    /// One worker, constant service.
    Md1,
    /// One worker, any service.
    Mg1,
    /// Arrivals like clockwork, one worker, exponential service.
    Dm1,
    /// Everything like clockwork.
    Dd,
    /// Several workers, exponential service.
    Mmc,
    /// Several workers, any service: approximately.
    Mgc,
    /// A bounded line.
    Mmck,
    /// Callers who hang up.
    ErlangA,
    /// Callers who come again.
    Retrial,
    /// A worker that sleeps.
    Polls,
    /// Work on batches.
    BulkService,
    /// Arrivals in batches.
    BatchArrivals,
    /// Callers who come again one at a time.
    ConstantRetrial,
    /// A worker that stops now and then.
    Breakdowns,
    /// Users who wait for their answers.
    ClosedLoop,
}

impl Law {
    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Law::Mm1 => "M/M/1",
            Law::Md1 => "M/D/1",
            Law::Mg1 => "M/G/1",
            Law::Dm1 => "D/M/1",
            Law::Dd => "D/D/c",
            Law::Mmc => "M/M/c",
            Law::Mgc => "M/G/c, about",
            Law::Mmck => "M/M/c/K",
            Law::ErlangA => "Erlang A",
            Law::Retrial => "retrial queue",
            Law::Polls => "M/G/1 with sleeps",
            Law::BulkService => "M/M[1,B]/1",
            Law::BatchArrivals => "M[X]/M/1",
            Law::ConstantRetrial => "retrial queue, one at a time",
            Law::Breakdowns => "M/M/1 with breakdowns",
            Law::ClosedLoop => "closed loop",
        }
    }
}
