//! What is told of a message that goes straight, several facts as one: each node is looked up once, and what goes up and down again at the
//! same instant leaves nothing but a peak. A test holds it to the sum of its parts.

use super::level::Level;
use super::recorder::Recorder;
use super::window::Count;
use crate::model::id::NodeId;
use crate::time::{SimDuration, SimTime};

impl Recorder {
    #[inline(always)]
    pub(super) fn entry(&mut self, now: SimTime, by: NodeId, at: NodeId) {
        self.sent(now, by);
        let place = &mut self.nodes[at.index()];
        place.window.at.add_each([Count::Offered, Count::Attempted]);
        place.levels.raise_each(now, [Level::AtService, Level::Pending]);
        self.came(now, Level::AtService);
    }

    #[inline(always)]
    pub(super) fn storage(&mut self, now: SimTime, by: NodeId, at: NodeId) {
        self.sent(now, by);
        let maker = &mut self.nodes[by.index()].window;
        maker.by.add(Count::Answered, 1);
        maker.latency.record(SimDuration::ZERO);
        let place = &mut self.nodes[at.index()];
        place.window.at.add_each([Count::Offered, Count::Attempted, Count::Answered]);
        let levels = [Level::AtBroker, Level::Pending, Level::Lag, Level::Waiting];
        place.levels.raise_each(now, levels);
        self.total.raise_each(now, [Level::Lag, Level::Waiting]);
        self.came(now, Level::AtBroker);
    }

    #[inline(always)]
    pub(super) fn exit(&mut self, now: SimTime, by: NodeId, at: NodeId, sojourn: SimDuration) {
        let maker = &mut self.nodes[by.index()].window;
        maker.by.add_each([Count::Effects, Count::Mattered, Count::Answered, Count::Succeeded]);
        maker.latency.record(sojourn);
        maker.sojourn.record(sojourn);
        let place = &mut self.nodes[at.index()];
        let counts = [Count::Effects, Count::Completed, Count::Mattered, Count::Answered];
        place.window.at.add_each(counts);
        place.window.sojourn.record(sojourn);
        place.levels.lower_each(now, [Level::AtService, Level::Pending]);
        self.went(now, Level::AtService);
    }

    #[inline(always)]
    pub(super) fn consumption(
        &mut self,
        now: SimTime,
        (by, from, at): (NodeId, NodeId, NodeId),
        sojourn: SimDuration,
    ) {
        let maker = &mut self.nodes[by.index()].window;
        maker.by.add_each([Count::Effects, Count::Mattered, Count::Succeeded]);
        maker.sojourn.record(sojourn);
        let place = &mut self.nodes[at.index()].window;
        place.at.add_each([Count::Effects, Count::Completed, Count::Mattered]);
        place.sojourn.record(sojourn);
        let broker = &mut self.nodes[from.index()];
        broker.window.reach_age(now, sojourn);
        let levels = [Level::AtBroker, Level::Pending, Level::Lag, Level::InFlight];
        broker.levels.lower_each(now, levels);
        self.total.lower_each(now, [Level::Lag]);
        self.went(now, Level::AtBroker);
    }

    /// A producer made a message that left it at once.
    #[inline(always)]
    fn sent(&mut self, now: SimTime, by: NodeId) {
        let maker = &mut self.nodes[by.index()];
        maker.window.by.add_each([Count::Produced, Count::Offered, Count::Attempted]);
        maker.levels.touch(now, [Level::AtProducer, Level::Pending]);
        self.recovery.offered(now);
    }

    /// Of the whole system: a message was made, and is at `place` now.
    #[inline(always)]
    fn came(&mut self, now: SimTime, place: Level) {
        let before = self.total.get(Level::Pending).now;
        self.total.touch(now, [Level::AtProducer]);
        self.total.raise_each(now, [place, Level::Pending]);
        self.recovery.pending(now, before, before + 1);
    }

    /// Of the whole system: a message that was at `place` is finished, and mattered.
    #[inline(always)]
    fn went(&mut self, now: SimTime, place: Level) {
        let before = self.total.get(Level::Pending).now;
        self.total.lower_each(now, [place, Level::Pending]);
        self.recovery.mattered(now);
        self.recovery.pending(now, before, before - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::recorder::{NodeLabel, RecorderPlan};
    use crate::metrics::summary::NodeKind;
    use crate::model::observation::{Gauge, Observation, Observer};

    const SHOP: usize = 0;
    const MAILER: usize = 1;
    const QUEUE: usize = 2;

    fn id(node: usize) -> NodeId {
        NodeId::new(node)
    }

    fn at(secs: u64) -> SimTime {
        SimTime::from_nanos(secs * 1_000_000_000)
    }

    fn plan() -> RecorderPlan {
        let label = |name: &str, kind| NodeLabel { name: name.into(), kind };
        let kinds = [
            ("shop", NodeKind::Producer),
            ("mailer", NodeKind::Service),
            ("queue", NodeKind::Broker),
        ];
        RecorderPlan {
            nodes: kinds.map(|(name, kind)| label(name, kind)).into(),
            faults: Vec::new(),
            trigger_end: Some(at(3)),
            drained_at: 1.0,
            fresh_load_below_capacity: true,
            alerts: Vec::new(),
            series_points: 8,
        }
    }

    /// Hears every fact by itself.
    struct OneByOne(Recorder);

    impl Observer for OneByOne {
        fn observe(&mut self, now: SimTime, observation: Observation) {
            self.0.observe(now, observation);
        }
    }

    #[test]
    fn facts_that_are_told_as_one_count_as_each_of_them() {
        fn tell(observer: &mut impl Observer) {
            for secs in [2, 3, 3, 5] {
                observer.observe_entry(at(secs), id(SHOP), id(MAILER));
            }
            for secs in [4, 6, 7] {
                let sojourn = SimDuration::from_secs(secs - 2);
                observer.observe_exit(at(secs), id(SHOP), id(MAILER), sojourn);
            }
            for secs in [7, 7, 8] {
                observer.observe_storage(at(secs), id(SHOP), id(QUEUE));
            }
            for (secs, gauge, by) in [(8, Gauge::Waiting, -2), (8, Gauge::InFlight, 2)] {
                observer.observe(at(secs), Observation::Changed { at: id(QUEUE), gauge, by });
            }
            for secs in [8, 9] {
                let nodes = (id(SHOP), id(QUEUE), id(MAILER));
                observer.observe_consumption(at(secs), nodes, SimDuration::from_secs(secs - 7));
            }
        }
        let (mut whole, mut parts) = (Recorder::new(plan()), OneByOne(Recorder::new(plan())));
        tell(&mut whole);
        tell(&mut parts);
        let [whole, parts] = [whole, parts.0].map(|mut recorder| {
            recorder.close_window(at(10), &mut |_| None);
            assert_eq!(recorder.ledger().map(|ledger| ledger.pending), Ok(2));
            format!("{:?}", recorder.finish())
        });
        assert_eq!(whole, parts);
    }
}
