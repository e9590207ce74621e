//! The loop: take the next event, move the clock, let the model handle it.

use super::calendar::{Calendar, Ranked};
use crate::time::SimTime;

/// What is simulated.
pub trait Model {
    /// What can happen.
    type Event: Ranked;

    /// `event` happens at `now`; what it causes goes into `calendar`.
    fn handle(&mut self, now: SimTime, event: Self::Event, calendar: &mut Calendar<Self::Event>);
}

/// Why the loop paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// Everything before the given time has happened.
    Reached,
    /// As many events as were allowed have been handled.
    Limit,
}

/// A model, its calendar and its clock.
#[derive(Debug)]
pub struct Simulation<M: Model> {
    /// What is simulated.
    pub model: M,
    calendar: Calendar<M::Event>,
    handled: u64,
}

impl<M: Model> Simulation<M> {
    /// A simulation of `model`, whose first events are in `calendar` already.
    pub fn new(model: M, calendar: Calendar<M::Event>) -> Simulation<M> {
        Simulation { model, calendar, handled: 0 }
    }

    /// How many events have been handled.
    pub fn handled(&self) -> u64 {
        self.handled
    }

    /// The time of the event that was handled last.
    pub fn now(&self) -> SimTime {
        self.calendar.now()
    }

    /// The events to come.
    pub fn calendar(&self) -> &Calendar<M::Event> {
        &self.calendar
    }

    /// Handles every event before `until`, but `limit` events at most.
    pub fn run_until(&mut self, until: SimTime, limit: u64) -> Pause {
        for handled in 0..limit {
            let Some((now, event)) = self.calendar.pop_before(until) else {
                self.handled += handled;
                return Pause::Reached;
            };
            self.model.handle(now, event, &mut self.calendar);
        }
        self.handled += limit;
        Pause::Limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SimDuration;

    #[derive(Debug, Clone, Copy)]
    enum Toy {
        Tick,
        Stop,
    }

    impl Ranked for Toy {
        fn rank(&self) -> u8 {
            match self {
                Toy::Stop => 0,
                Toy::Tick => 1,
            }
        }
    }

    #[derive(Debug, Default)]
    struct Clockwork {
        ticks: Vec<u64>,
        stopped: bool,
    }

    impl Model for Clockwork {
        type Event = Toy;
        fn handle(&mut self, now: SimTime, event: Toy, calendar: &mut Calendar<Toy>) {
            match event {
                Toy::Tick if !self.stopped => {
                    self.ticks.push(now.as_nanos());
                    calendar.schedule(now + SimDuration::from_nanos(10), Toy::Tick);
                }
                Toy::Tick => {}
                Toy::Stop => self.stopped = true,
            }
        }
    }

    fn clockwork() -> Simulation<Clockwork> {
        let mut calendar = Calendar::new();
        calendar.schedule(SimTime::ZERO, Toy::Tick);
        calendar.schedule(SimTime::from_nanos(30), Toy::Stop);
        Simulation::new(Clockwork::default(), calendar)
    }

    #[test]
    fn events_happen_in_time_order_up_to_but_not_at_the_limit_of_time() {
        let mut simulation = clockwork();
        assert_eq!(simulation.run_until(SimTime::from_nanos(20), u64::MAX), Pause::Reached);
        assert_eq!(simulation.model.ticks, [0, 10]);
        assert_eq!(simulation.run_until(SimTime::MAX, u64::MAX), Pause::Reached);
        assert_eq!(
            simulation.model.ticks,
            [0, 10, 20],
            "the stop at 30 ranks before the tick at 30"
        );
        assert_eq!(simulation.handled(), 5);
    }

    #[test]
    fn the_loop_pauses_at_the_limit_of_events() {
        let mut simulation = clockwork();
        assert_eq!(simulation.run_until(SimTime::MAX, 2), Pause::Limit);
        assert_eq!(simulation.model.ticks, [0, 10]);
        assert_eq!(simulation.handled(), 2);
    }
}
