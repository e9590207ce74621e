//! When a broker that runs short of memory or disk makes every publisher wait, and how often it looks (RabbitMQ's "Memory and Disk Alarms").
//!
//! What is short is looked at now and then. So more comes in than the mark allows; and while it doesn't look, nobody is let in again.
//! Disk space is looked at more often the nearer the mark is: it would take twice as long at 250 MB a second (`rabbit_disk_monitor`).

use crate::time::SimDuration;

/// What may run short.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Watch {
    /// Memory.
    Memory {
        /// How many bytes are just not too many.
        most: f64,
        /// How often it is looked at.
        every: SimDuration,
    },
    /// Space on the disk.
    Disk {
        /// How many bytes are free while nothing is stored.
        free: u64,
        /// How many have to be free.
        limit: u64,
    },
}

/// The shortest and the longest time between two looks at the disk.
const SOON: SimDuration = SimDuration::from_millis(100);
const LATE: SimDuration = SimDuration::from_secs(10);
/// Bytes a millisecond by which a disk fills at most.
const FAST_RATE: u64 = 250_000;

impl Watch {
    /// Whether there is too little with so many bytes stored.
    #[must_use]
    pub fn alarms(&self, stored: u64) -> bool {
        match *self {
            Watch::Memory { most, .. } => stored as f64 > most,
            Watch::Disk { free, limit } => free.saturating_sub(stored) < limit,
        }
    }

    /// After how long to look again.
    #[must_use]
    pub fn look_again(&self, stored: u64) -> SimDuration {
        match *self {
            Watch::Memory { every, .. } => every,
            Watch::Disk { .. } if self.alarms(stored) => LATE,
            Watch::Disk { free, limit } => {
                let spare = free.saturating_sub(stored) - limit;
                SimDuration::from_millis(2 * (spare / FAST_RATE)).clamp(SOON, LATE)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISK: Watch = Watch::Disk { free: 1_050_000_000, limit: 50_000_000 };

    #[test]
    fn memory_is_short_above_the_mark_and_disk_below_it() {
        let memory = Watch::Memory { most: 600.0, every: LATE };
        assert_eq!([600, 601].map(|stored| memory.alarms(stored)), [false, true]);
        let stored = [1_000_000_000, 1_000_000_001, u64::MAX];
        assert_eq!(stored.map(|stored| DISK.alarms(stored)), [false, true, true]);
    }

    /// `interval/1` of `rabbit_disk_monitor`: 2 × what is to spare ÷ 250 kB a millisecond, from 100 ms to 10 s; 10 s during an alarm.
    #[test]
    fn the_disk_is_looked_at_more_often_the_fuller_it_is() {
        let millis = |stored| DISK.look_again(stored).as_nanos() / 1_000_000;
        assert_eq!([0, 500_000_000, 999_999_999].map(millis), [8_000, 4_000, 100]);
        assert_eq!(millis(1_000_000_001), 10_000);
        let large = Watch::Disk { free: 1 << 40, limit: 50_000_000 };
        assert_eq!(large.look_again(0), LATE);
    }
}
