//! How packets travel over one link: its own latency, and what the faults active now add, lose or cut.

use crate::engine::Lane;
use crate::random::{Chance, Draws, Sampler};
use crate::time::SimDuration;

/// The network of one link, the same in both directions.
#[derive(Debug, Clone)]
pub struct Path {
    latency: Option<Sampler>,
    lane: Option<Lane>,
    faults: PathHealth,
    is_instant: bool,
}

/// What the faults active now do to a link.
#[derive(Debug, Clone, Default)]
pub struct PathHealth {
    /// Nothing gets through.
    pub cut: bool,
    /// The probability that a packet is lost.
    pub loss: f64,
    /// Latencies that are added.
    pub added: Vec<Sampler>,
}

impl Path {
    /// A healthy link with a one-way latency. `lane` is given where the latency is constant.
    #[must_use]
    pub fn new(latency: Option<Sampler>, lane: Option<Lane>) -> Path {
        let is_instant = latency.is_none();
        Path { latency, lane, faults: PathHealth::default(), is_instant }
    }

    /// Whether packets arrive at the instant at which they are sent, and never get lost.
    #[inline]
    #[must_use]
    pub fn is_instant(&self) -> bool {
        self.is_instant
    }

    /// Whether nothing gets through.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.faults.cut
    }

    /// The lane for packets of this link, while their latency is constant.
    #[must_use]
    pub fn lane(&self) -> Option<Lane> {
        self.lane.filter(|_| self.faults.added.is_empty())
    }

    /// The faults that are active now.
    pub fn set_health(&mut self, faults: PathHealth) {
        let healthy = !faults.cut && faults.loss == 0.0 && faults.added.is_empty();
        self.is_instant = healthy && self.latency.is_none();
        self.faults = faults;
    }

    /// How long one packet takes; `None` if it is lost.
    pub fn latency(&self, draws: &mut Draws) -> Option<SimDuration> {
        if self.faults.cut || (self.faults.loss > 0.0 && draws.chance(self.faults.loss)) {
            return None;
        }
        let own = self.latency.iter().chain(&self.faults.added);
        Some(own.fold(SimDuration::ZERO, |sum, sampler| sum + sampler.sample(draws)))
    }
}
