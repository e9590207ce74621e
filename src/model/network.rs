//! How packets travel over links: latency, loss and partitions apply here and nowhere else.

use super::context::Context;
use super::event::Event;
use super::id::Id;
use super::observation::Observer;
use super::outbound::Link;
use super::packet::{Packet, Sent};
use crate::engine::Lane;
use crate::random::{Chance, Draws, KeyedStream, Sampler};
use crate::time::SimDuration;

/// The network of a world: a path for every link, and what is on its way.
#[derive(Debug)]
pub struct Network {
    paths: Vec<Path>,
    /// Packets that take time, by index.
    travelling: Vec<Packet>,
    /// Places in `travelling` that are free.
    landed: Vec<u32>,
    draws: KeyedStream,
}

/// The network of one link, the same in both directions.
#[derive(Debug, Clone)]
pub struct Path {
    own: Latency,
    faults: PathHealth,
    now: Condition,
}

/// How long a packet takes over a healthy link, one way.
#[derive(Debug, Clone)]
pub enum Latency {
    /// No time.
    None,
    /// Always the same; such packets arrive in the order in which they are sent, in a lane.
    Constant(SimDuration, Lane),
    /// As drawn for each packet.
    Random(Sampler),
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

/// What a link is like now: the two cases that are worth a short cut, and all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    Instant,
    Constant(SimDuration, Lane),
    Uncertain,
}

impl Path {
    /// A healthy link.
    #[must_use]
    pub fn new(own: Latency) -> Path {
        let mut path = Path { own, faults: PathHealth::default(), now: Condition::Instant };
        path.set_health(PathHealth::default());
        path
    }

    /// The faults that are active now.
    pub fn set_health(&mut self, faults: PathHealth) {
        let healthy = !faults.cut && faults.loss == 0.0 && faults.added.is_empty();
        self.now = match &self.own {
            Latency::None if healthy => Condition::Instant,
            Latency::Constant(latency, lane) if healthy => Condition::Constant(*latency, *lane),
            Latency::None | Latency::Constant(..) | Latency::Random(_) => Condition::Uncertain,
        };
        self.faults = faults;
    }

    /// How long one packet takes; `None` if it is lost.
    fn draw(&self, draws: &mut Draws) -> Option<SimDuration> {
        if self.faults.cut || (self.faults.loss > 0.0 && draws.chance(self.faults.loss)) {
            return None;
        }
        let own = match &self.own {
            Latency::None => SimDuration::ZERO,
            Latency::Constant(latency, _) => *latency,
            Latency::Random(sampler) => sampler.sample(draws),
        };
        Some(self.faults.added.iter().fold(own, |sum, added| sum + added.sample(draws)))
    }
}

impl Network {
    /// A network with nothing on its way.
    #[must_use]
    pub fn new(paths: Vec<Path>, draws: KeyedStream) -> Network {
        Network { paths, travelling: Vec::new(), landed: Vec::new(), draws }
    }

    /// The faults that are active now on a link.
    pub fn set_health(&mut self, link: Id<Link>, faults: PathHealth) {
        self.paths[link.index()].set_health(faults);
    }

    /// Whether packets arrive over `link` at the instant at which they are sent.
    #[inline]
    #[must_use]
    pub fn is_instant(&self, link: Id<Link>) -> bool {
        self.paths[link.index()].now == Condition::Instant
    }

    /// How long an answer takes to come back over `link`, if that is certain.
    #[inline]
    #[must_use]
    pub fn certain_latency(&self, link: Id<Link>) -> Option<SimDuration> {
        match self.paths[link.index()].now {
            Condition::Instant => Some(SimDuration::ZERO),
            Condition::Constant(latency, _) => Some(latency),
            Condition::Uncertain => None,
        }
    }

    /// Sends `packet` over `link`. What arrives at once is given back; nothing, if it takes time or is lost.
    #[inline]
    #[must_use]
    pub fn transmit<O: Observer>(
        &mut self,
        link: Id<Link>,
        packet: Packet,
        cx: &mut Context<O>,
    ) -> Sent {
        match self.paths[link.index()].now {
            Condition::Instant => Some(packet),
            Condition::Constant(latency, lane) => {
                let event = self.depart(packet);
                cx.calendar.schedule_in(lane, cx.now + latency, event);
                None
            }
            Condition::Uncertain => self.transmit_by_chance(link, packet, cx),
        }
    }

    #[cold]
    fn transmit_by_chance<O: Observer>(
        &mut self,
        link: Id<Link>,
        packet: Packet,
        cx: &mut Context<O>,
    ) -> Sent {
        let (message, attempt, back) = match packet {
            Packet::Request { message, attempt, .. } | Packet::Publish { message, attempt, .. } => {
                (message, attempt, 0)
            }
            Packet::Answer { message, attempt, .. } => (message, attempt, 1),
            _ => return Some(packet),
        };
        let way = u64::from(cx.route(link).step) << 1 | back;
        let mut draws = self.draws.at(cx.identity(message) ^ way << 32, u32::from(attempt));
        match self.paths[link.index()].draw(&mut draws) {
            None => cx.release(message),
            Some(SimDuration::ZERO) => return Some(packet),
            Some(latency) => {
                let event = self.depart(packet);
                cx.calendar.schedule(cx.now + latency, event);
            }
        }
        None
    }

    #[inline]
    fn depart(&mut self, sent: Packet) -> Event {
        let packet = if let Some(free) = self.landed.pop() {
            self.travelling[free as usize] = sent;
            free
        } else {
            self.travelling.push(sent);
            (self.travelling.len() - 1) as u32
        };
        match sent {
            Packet::Answer { .. } => Event::Return { packet },
            _ => Event::Reach { packet },
        }
    }

    /// Takes a packet that has arrived.
    #[inline]
    #[must_use]
    pub fn arrive(&mut self, packet: u32) -> Packet {
        self.landed.push(packet);
        self.travelling[packet as usize]
    }
}
