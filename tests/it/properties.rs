//! What holds for every world: small ones made at random, with every policy, fault and broker in them.

use pileup::metrics::recorder::Recorder;
use pileup::metrics::summary::{NodeMetrics, RunMetrics};
use pileup::model::blueprint::ServicePlan;
use pileup::model::build::simulate;
use pileup::model::id::NodeId;
use pileup::model::observation::{Observation, Observer};
use pileup::model::outbound::Target;
use pileup::policy::commit::Commit;
use pileup::time::{SimDuration, SimTime};
use proptest::prelude::*;

use crate::recipe::{
    ARRIVALS, CALM_S, FORGETFUL_RETRIES, OPEN_ARRIVALS, RETRIES, SERVICE_TIMES, any_recipe,
    producers, recipes,
};
use crate::support::{Plan, Story, call, from, publish, recorder, run, unbounded, work};

/// A recorder that also looks at the clock.
#[derive(Debug)]
struct Clockwise {
    recorder: Recorder,
    now: SimTime,
}

impl Observer for Clockwise {
    fn observe(&mut self, now: SimTime, observation: Observation) {
        assert!(now >= self.now, "time goes back from {} to {now}", self.now);
        self.now = now;
        self.recorder.observe(now, observation);
    }
}

/// More than any of these worlds needs.
const MOST_EVENTS: u64 = 3_000_000;

/// One node's numbers, comparable although some of them are not numbers.
fn told(node: &NodeMetrics) -> String {
    format!("{} {:?} {:?}", node.name, node.summary, node.ledger)
}

/// What a recorder makes of a run with nobody in between.
fn recorded(plan: &Plan, seed: u64) -> RunMetrics {
    let mut simulation = simulate(&plan.0, seed, 0, recorder(&plan.0));
    simulation.run_until(plan.0.horizon, u64::MAX);
    {
        let (recorder, mut oldest) = simulation.model.observer_and_oldest();
        recorder.close_window(plan.0.horizon, &mut oldest);
    }
    simulation.model.into_observer().finish()
}

/// What takes effect from `since` on: when, whose, where and how old. Who of two is first at the same instant may depend on which
/// worker was idle for longer, so they are sorted.
fn effects_since(story: &Story, since: f64) -> Vec<(SimTime, NodeId, NodeId, SimDuration)> {
    let late = story.facts.iter().filter(|(now, _)| now.as_secs_f64() >= since);
    let mut effects: Vec<_> = late
        .filter_map(|(now, fact)| match fact {
            Observation::Effect { by, at, sojourn, .. } => Some((*now, *by, *at, *sojourn)),
            _ => None,
        })
        .collect();
    effects.sort();
    effects
}

/// How many of the messages made before `until_s` are not settled by then.
fn unsettled_at(story: &Story, until_s: f64) -> usize {
    let before = story.facts.iter().filter(|(now, _)| now.as_secs_f64() < until_s);
    before.fold(0, |count, (_, fact)| match fact {
        Observation::Produced { .. } => count + 1,
        Observation::Settled { .. } => count - 1,
        _ => count,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Looked at every hundred events: every message is in exactly one state and one place, no level is below zero, and brokers are in order.
    #[test]
    fn the_books_balance_at_every_moment(recipe in any_recipe()) {
        let plan = recipe.plan("50s", false);
        let observer = Clockwise { recorder: recorder(&plan.0), now: SimTime::ZERO };
        let mut simulation = simulate(&plan.0, recipe.seed, 0, observer);
        loop {
            let before = simulation.handled();
            simulation.run_until(plan.0.horizon, 100);
            simulation.model.audit();
            let unfinished = simulation.model.unfinished() as u64;
            let ledger = simulation.model.observer().recorder.ledger();
            prop_assert_eq!(ledger.map(|ledger| ledger.pending), Ok(unfinished));
            if simulation.handled() - before < 100 {
                break;
            }
            prop_assert!(simulation.handled() < MOST_EVENTS, "it does not come to an end");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_numbers(recipe in any_recipe()) {
        let plan = recipe.plan("40s", false);
        let [one, two] = [(); 2].map(|()| run(&plan.0, recipe.seed, 1).metrics);
        prop_assert_eq!(format!("{one:?}"), format!("{two:?}"));
    }

    /// A call that goes straight comes to the same if it takes all its steps, as it does where its link looks at how old a message
    /// is; and a fact that is told as one comes to the same as its parts.
    #[test]
    fn the_straight_way_and_all_its_steps_come_to_the_same(recipe in any_recipe()) {
        let straight = recipe.plan("40s", false);
        let mut stepwise = straight.clone();
        let links = stepwise.0.producers.iter_mut().flat_map(|producer| &mut producer.sends);
        for link in links.filter(|link| matches!(link.target, Target::Call(_))) {
            link.client.delivery_timeout.get_or_insert(SimDuration::MAX);
        }
        let told = |metrics: RunMetrics| -> Vec<String> {
            metrics.nodes.iter().chain([&metrics.total]).map(told).collect()
        };
        let whole = told(recorded(&straight, recipe.seed));
        prop_assert_eq!(&whole, &told(run(&straight.0, recipe.seed, 0).metrics));
        prop_assert_eq!(&whole, &told(run(&stepwise.0, recipe.seed, 0).metrics));
    }

    #[test]
    fn a_node_that_has_nothing_to_do_with_the_others_changes_nothing_at_them(recipe in any_recipe()) {
        let [alone, beside] = [false, true]
            .map(|stranger| run(&recipe.plan("40s", stranger).0, recipe.seed, 0).metrics);
        for node in &alone.nodes {
            let same = beside.nodes.iter().find(|other| other.name == node.name).unwrap();
            prop_assert_eq!(told(node), told(same));
        }
    }

    /// Long after the last fault the system does to new messages what it would have done without. Everything of the time before
    /// is settled by then, unless senders never give up: then a fault may have left a storm of retries behind that feeds itself.
    #[test]
    fn faults_leave_no_trace(recipe in recipes(producers(OPEN_ARRIVALS, FORGETFUL_RETRIES, false))) {
        // What is sent on and fails goes back to its queue, and is delivered again without end.
        let endless = recipe.onward > 0
            || recipe.producers.iter().any(|p| RETRIES[p.retry].contains("unlimited"));
        let stories = [true, false].map(|faulty| recipe.followed_by_calm(faulty).listen());
        if endless {
            prop_assume!(stories.iter().all(|story| unsettled_at(story, CALM_S) == 0));
        }
        let [faulty, healthy] = &stories;
        prop_assert_eq!(unsettled_at(faulty, CALM_S), 0);
        prop_assert_eq!(effects_since(faulty, CALM_S), effects_since(healthy, CALM_S));
    }

    /// Service times belong to the message: by call or by queue, the same work is done at the same times.
    #[test]
    fn a_queue_changes_nothing_for_a_consumer_that_is_never_short_of_anything(
        seed in any::<u64>(), workers in 1..4_u32, arrivals in OPEN_ARRIVALS, time in 0..SERVICE_TIMES.len(),
    ) {
        let service = || ServicePlan { workers, ..work(SERVICE_TIMES[time]) };
        let mut direct = Plan::lasting("60s");
        let mail = direct.service("mail", service());
        direct.producer("web", ARRIVALS[arrivals], [call(mail)]);
        let mut queued = Plan::lasting("60s");
        let queue = queued.queue("queue", unbounded());
        let consumes = from(queue, 1, Commit::After);
        queued.service("mail", ServicePlan { consumes, ..service() });
        queued.producer("web", ARRIVALS[arrivals], [publish(queue)]);
        let [direct, queued] = [direct, queued].map(|plan| run(&plan.0, seed, 0));
        for metric in ["effects", "sojourn_mean_ms", "sojourn_p90_ms", "sojourn_max_ms"] {
            prop_assert_eq!(direct.metrics.total.value(metric), queued.metrics.total.value(metric));
        }
    }
}
