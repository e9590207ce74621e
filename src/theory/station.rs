//! One station in the long run, with the best formula that its parameters allow.
//!
//! "Best" is exact where an exact one is known: M/G/1 for one worker, M/M/c for exponential service, D/M/1 for arrivals like clockwork,
//! M/M/c/K for a bounded one, Erlang A for callers who hang up, the retrial queue for callers who come again, all at once or one at a
//! time, M\[X\]/M/1 for batches, and a formula each for a worker that sleeps, stops or takes many at once. Otherwise it is the
//! Allen–Cunneen approximation; what asks for exponential times is used for others as if they were.

pub use super::law::Law;

use super::{
    batch_arrivals, breakdowns, bulk_service, dm1, erlang_a, mg1, mmc, mmck, polls, retrial,
};

/// Workers on one line, first in first out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Station {
    /// Messages per second.
    pub arrival_rate: f64,
    /// Mean service time, in seconds.
    pub service_mean_s: f64,
    /// Squared coefficient of variation of the service time.
    pub service_cv2: f64,
    /// How many work at the same time.
    pub workers: u32,
    /// How many can be in line and in work together; whoever comes beyond is turned away.
    pub capacity: Option<u32>,
    /// How messages arrive.
    pub arrivals: Arrivals,
    /// What those do who have to wait, or are turned away.
    pub callers: Callers,
    /// What the worker does.
    pub worker: Worker,
}

/// How messages arrive.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Arrivals {
    /// At random, independently of one another.
    #[default]
    Poisson,
    /// Always the same time apart.
    Clockwork,
    /// Many at once, at random moments.
    Batches {
        /// The mean size.
        mean_size: f64,
        /// The mean of its square.
        size_square: f64,
    },
}

/// What callers do who have to wait, or are turned away.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Callers {
    /// They wait; turned away they don't come again.
    #[default]
    Wait,
    /// They wait for an exponential time at most, and hang up.
    HangUp {
        /// Its mean, in seconds.
        patience_s: f64,
    },
    /// They are turned away, because there is no line, and come again after an exponential time.
    ComeAgain {
        /// Its mean, in seconds.
        after_s: f64,
        /// With what probability they do so after each attempt.
        persistence: f64,
    },
    /// They are turned away, because there is no line, and come again without end, one at a time at exponential times.
    ComeAgainInTurn {
        /// The mean of those, in seconds.
        after_s: f64,
    },
}

/// What a worker does beside its work.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Worker {
    /// It is there as soon as there is something.
    #[default]
    Attends,
    /// It sleeps whenever it finds nothing.
    Sleeps {
        /// How long on average, in seconds.
        mean_s: f64,
        /// Squared coefficient of variation of that.
        cv2: f64,
    },
    /// It takes all that is there, up to so many, and works on it together; then the service time is that of a whole batch.
    Together {
        /// So many at most.
        at_most: u32,
    },
    /// It stops now and then, at work or not, and goes on where it stood.
    Stops {
        /// How often, per second of being up.
        failure_rate: f64,
        /// How quickly it is back, per second of being down.
        repair_rate: f64,
    },
}

/// What becomes of a station in the long run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LongRun {
    /// By which formula.
    pub law: Law,
    /// Mean time before work begins, of those for whom it does or who hang up; infinite if it grows for ever.
    pub mean_waiting_s: f64,
    /// Mean number in line, in work and on their way to come again; infinite if it grows for ever.
    pub mean_in_system: f64,
    /// The part of the messages that never succeed, because they are turned away, hang up or give up.
    pub lost: f64,
    /// Attempts per message.
    pub attempts: f64,
}

/// Closer to a coefficient of variation than this is as good as there.
const NEARLY: f64 = 1e-6;

impl Station {
    /// A station of which no more is known than this.
    #[must_use]
    pub fn plain(
        arrival_rate: f64,
        service_mean_s: f64,
        service_cv2: f64,
        workers: u32,
    ) -> Station {
        Station {
            arrival_rate,
            service_mean_s,
            service_cv2,
            workers,
            capacity: None,
            arrivals: Arrivals::Poisson,
            callers: Callers::Wait,
            worker: Worker::Attends,
        }
    }

    /// Arrival rate × mean service time ÷ workers: the utilization if nothing is lost and nothing is retried.
    #[must_use]
    pub fn offered_load(&self) -> f64 {
        if self.arrival_rate == 0.0 {
            return 0.0;
        }
        self.arrival_rate * self.service_mean_s / self.done_at_once()
    }

    /// Messages per second that the workers can do at most.
    #[must_use]
    pub fn service_capacity(&self) -> f64 {
        self.done_at_once() / self.service_mean_s
    }

    fn done_at_once(&self) -> f64 {
        let each = match self.worker {
            Worker::Attends | Worker::Sleeps { .. } | Worker::Stops { .. } => 1.0,
            Worker::Together { at_most } => f64::from(at_most),
        };
        f64::from(self.workers) * each
    }

    /// Whether the workers can do all that arrives.
    #[must_use]
    pub fn is_stable(&self) -> bool {
        self.offered_load() < 1.0
    }

    /// What becomes of it.
    #[must_use]
    pub fn long_run(&self) -> LongRun {
        if self.arrival_rate == 0.0 || self.service_mean_s == 0.0 {
            return self.waiting(self.own_law(), 0.0);
        }
        let service_rate = 1.0 / self.service_mean_s;
        match (self.callers, self.capacity, self.worker) {
            (Callers::HangUp { patience_s }, ..) => self.impatient(1.0 / patience_s),
            (Callers::ComeAgain { after_s, persistence }, ..) => {
                self.coming_again(1.0 / after_s, persistence)
            }
            (Callers::ComeAgainInTurn { after_s }, ..) => self.coming_again_in_turn(1.0 / after_s),
            (Callers::Wait, Some(capacity), _) => self.bounded(capacity),
            (Callers::Wait, None, Worker::Sleeps { mean_s, cv2 }) if self.workers == 1 => {
                let Station { arrival_rate, service_mean_s, service_cv2, .. } = *self;
                let waiting =
                    polls::mean_waiting_s(arrival_rate, service_mean_s, service_cv2, mean_s, cv2);
                self.waiting(Law::Polls, waiting)
            }
            (Callers::Wait, None, Worker::Together { at_most }) => {
                let waiting = bulk_service::mean_waiting(self.arrival_rate, service_rate, at_most);
                self.waiting(Law::BulkService, waiting / self.arrival_rate)
            }
            (Callers::Wait, None, Worker::Stops { failure_rate, repair_rate }) => {
                let rate = self.arrival_rate;
                let inside =
                    breakdowns::mean_in_system(rate, service_rate, failure_rate, repair_rate);
                self.holding(Law::Breakdowns, inside)
            }
            (Callers::Wait, None, Worker::Attends | Worker::Sleeps { .. }) => self.on_a_line(),
        }
    }

    /// The formula of a line without bound.
    fn own_law(&self) -> Law {
        let is = |cv2: f64| (self.service_cv2 - cv2).abs() < NEARLY;
        match (self.arrivals, self.workers) {
            (Arrivals::Clockwork, _) if is(0.0) => Law::Dd,
            (Arrivals::Clockwork, 1) if is(1.0) => Law::Dm1,
            (_, 1) if is(1.0) => Law::Mm1,
            (_, 1) if is(0.0) => Law::Md1,
            (_, 1) => Law::Mg1,
            (_, _) if is(1.0) => Law::Mmc,
            (_, _) => Law::Mgc,
        }
    }

    fn plain_waiting_s(&self) -> f64 {
        let Station { arrival_rate, service_mean_s, service_cv2, workers, .. } = *self;
        let service_rate = 1.0 / service_mean_s;
        match self.own_law() {
            Law::Dd if self.is_stable() => 0.0,
            Law::Dd => f64::INFINITY,
            Law::Dm1 => dm1::mean_waiting_s(arrival_rate, service_rate),
            Law::Mm1 | Law::Md1 | Law::Mg1 => {
                mg1::mean_waiting_s(arrival_rate, service_mean_s, service_cv2)
            }
            _ => mmc::allen_cunneen_waiting_s(arrival_rate, service_rate, workers, service_cv2),
        }
    }

    fn on_a_line(&self) -> LongRun {
        match self.arrivals {
            Arrivals::Batches { mean_size, size_square } => {
                let rate = self.arrival_rate / mean_size;
                let service_rate = 1.0 / self.service_mean_s;
                let inside =
                    batch_arrivals::mean_in_system(rate, mean_size, size_square, service_rate);
                self.holding(Law::BatchArrivals, inside)
            }
            Arrivals::Poisson | Arrivals::Clockwork => {
                self.waiting(self.own_law(), self.plain_waiting_s())
            }
        }
    }

    /// Everybody is served once, and so many are there on average: by Little's law each for so long, of which it works for the service time.
    fn holding(&self, law: Law, mean_in_system: f64) -> LongRun {
        let mean_waiting_s = mean_in_system / self.arrival_rate - self.service_mean_s;
        LongRun { law, mean_waiting_s, mean_in_system, lost: 0.0, attempts: 1.0 }
    }

    /// Everybody is served once, after so long in line.
    fn waiting(&self, law: Law, mean_waiting_s: f64) -> LongRun {
        let mean_in_system = self.arrival_rate * (mean_waiting_s + self.service_mean_s);
        LongRun { law, mean_waiting_s, mean_in_system, lost: 0.0, attempts: 1.0 }
    }

    fn bounded(&self, capacity: u32) -> LongRun {
        let service_rate = 1.0 / self.service_mean_s;
        let bounded = mmck::bounded(self.arrival_rate, service_rate, self.workers, capacity);
        LongRun {
            law: Law::Mmck,
            mean_waiting_s: bounded.mean_waiting / bounded.throughput,
            mean_in_system: bounded.mean_in_system,
            lost: bounded.turned_away,
            attempts: 1.0,
        }
    }

    fn impatient(&self, patience_rate: f64) -> LongRun {
        let service_rate = 1.0 / self.service_mean_s;
        let impatient =
            erlang_a::impatient(self.arrival_rate, service_rate, self.workers, patience_rate);
        LongRun {
            law: Law::ErlangA,
            mean_waiting_s: impatient.mean_waiting_s,
            mean_in_system: impatient.mean_waiting + impatient.throughput * self.service_mean_s,
            lost: impatient.gives_up,
            attempts: 1.0,
        }
    }

    fn coming_again(&self, retry_rate: f64, persistence: f64) -> LongRun {
        let service_rate = 1.0 / self.service_mean_s;
        let (rate, workers) = (self.arrival_rate, self.workers);
        let Some(found) = retrial::classical(rate, service_rate, workers, retry_rate, persistence)
        else {
            return self.waiting(Law::Retrial, f64::INFINITY);
        };
        LongRun {
            law: Law::Retrial,
            mean_waiting_s: found.mean_delay_s,
            mean_in_system: found.mean_busy + found.mean_orbit,
            lost: found.lost,
            attempts: found.amplification,
        }
    }

    fn coming_again_in_turn(&self, retry_rate: f64) -> LongRun {
        let (rate, service_rate) = (self.arrival_rate, 1.0 / self.service_mean_s);
        let away = retrial::constant_rate_orbit(rate, service_rate, retry_rate);
        LongRun {
            law: Law::ConstantRetrial,
            mean_waiting_s: away / rate,
            mean_in_system: away + self.offered_load(),
            lost: 0.0,
            attempts: retrial::constant_rate_attempts(rate, service_rate, retry_rate),
        }
    }
}
