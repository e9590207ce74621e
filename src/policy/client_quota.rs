//! How many messages a second a broker lets one client write before it slows it down.
//!
//! A quota of Apache Kafka refuses nothing: the broker works out how long the client has to stay away until its average is what it may be,
//! answers with that time, and reads nothing from it meanwhile. So the client's buffer fills, and only there is anything refused. The
//! average is over eleven samples of a second (`quota.window.num`, `quota.window.size.seconds`), and from the start it is taken over ten
//! seconds at least: a client may write ten seconds' worth at once before it hears of its quota (`Rate.windowSize`, `QuotaUtils.throttleTime`).

use std::collections::VecDeque;

use crate::time::{Rate, SimDuration, SimTime};

/// `quota.window.num`.
const SAMPLES: u64 = 11;
/// `quota.window.size.seconds`.
const SAMPLE: SimDuration = SimDuration::from_secs(1);

/// What one client has written lately.
#[derive(Debug)]
pub struct ClientQuotaState {
    rate: Rate,
    /// When each sample began, and how many messages fell into it; the oldest first.
    samples: VecDeque<(SimTime, u64)>,
}

impl ClientQuotaState {
    /// A client that has written nothing.
    #[must_use]
    pub fn new(rate: Rate) -> ClientQuotaState {
        ClientQuotaState { rate, samples: VecDeque::new() }
    }

    /// So many messages are written now. How long the client has to stay away.
    pub fn record(&mut self, count: u64, now: SimTime) -> SimDuration {
        let all = SimDuration::from_nanos(SAMPLES * SAMPLE.as_nanos());
        while self.samples.front().is_some_and(|(since, _)| now.since(*since) >= all) {
            self.samples.pop_front();
        }
        match self.samples.back_mut().filter(|(since, _)| now.since(*since) < SAMPLE) {
            Some((_, counted)) => *counted += count,
            None => self.samples.push_back((now, count)),
        }
        let sum: u64 = self.samples.iter().map(|(_, count)| count).sum();
        let over = sum as f64 / self.rate.as_per_second() - self.window(now).as_secs_f64();
        SimDuration::from_secs_f64(over.max(0.0))
    }

    /// Over which time the average is taken.
    fn window(&self, now: SimTime) -> SimDuration {
        let since = self.samples.front().map_or(now, |(since, _)| *since);
        let elapsed = now.since(since);
        let full = elapsed.as_nanos() / SAMPLE.as_nanos();
        let missing = (SAMPLES - 1).saturating_sub(full);
        elapsed + SimDuration::from_nanos(missing * SAMPLE.as_nanos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_millis(millis)
    }

    fn throttles(records: &[(u64, u64)]) -> Vec<u64> {
        let mut quota = ClientQuotaState::new("10/s".parse().unwrap());
        let record = |(millis, count): &(u64, u64)| quota.record(*count, at(*millis));
        records.iter().map(record).map(|it| it.as_nanos() / 1_000_000).collect()
    }

    /// `QuotaUtils.throttleTime`: (average - quota) / quota · window, which is count / quota - window.
    #[test]
    fn ten_seconds_worth_is_free_at_first_and_what_is_above_costs_its_time() {
        assert_eq!(throttles(&[(0, 100), (0, 16)]), [0, 1_600]);
        // After 1.2 s one sample is full, and the window is 1.2 + 9 s.
        assert_eq!(throttles(&[(0, 112), (1_200, 16)]), [1_200, 2_600]);
    }

    #[test]
    fn who_keeps_to_it_is_never_slowed_down_and_what_was_long_ago_is_forgotten() {
        let steady: Vec<(u64, u64)> = (0..600).map(|n| (n * 115, 1)).collect();
        assert!(throttles(&steady).iter().all(|throttle| *throttle == 0));
        assert_eq!(throttles(&[(0, 100), (11_000, 100), (11_000, 10)]), [0, 0, 1_000]);
    }
}
