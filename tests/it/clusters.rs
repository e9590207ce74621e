//! What holds for every log on several nodes, and for every chain of transactions, whatever is lost on the way.

use pileup::model::blueprint::ServicePlan;
use pileup::model::health::Ailment;
use pileup::policy::commit::Commit;
use pileup::policy::onward_keys::OnwardKeys;
use pileup::random::Keys;
use proptest::prelude::*;

use crate::support::{Plan, Story, With, member, publish, publish_to, work};

const FOR_EVER: &str =
    r#"{"max_attempts": "unlimited", "backoff": {"fixed": {"delay": "300ms"}}, "jitter": "none"}"#;

/// A log on three nodes, who publishes to it, and which nodes are lost in the first 60 seconds.
#[derive(Debug, Clone)]
struct Cluster {
    partitions: usize,
    replicas: u32,
    min_in_sync: u32,
    unclean: bool,
    acks: &'static str,
    idempotent: bool,
    linger: &'static str,
    /// What is said of its requests.
    requests: &'static str,
    buffer: u32,
    /// Node, from and until when, in milliseconds.
    losses: Vec<(u32, u64, u64)>,
}

fn clusters() -> impl Strategy<Value = Cluster> {
    let stored = (1..5_usize, 1..4_u32, 1..4_u32, any::<bool>());
    let acks = prop::sample::select(vec!["0", "1", "all", "all"]);
    let linger = prop::sample::select(vec!["0s", "50ms", "2s"]);
    let requests = [
        "",
        r#""max_in_flight": 1, "#,
        r#""max_in_flight": 2, "batch": 3, "request_time": "150ms", "#,
        r#""max_in_flight": 5, "quota": "30/s", "#,
    ];
    let requests = prop::sample::select(requests.to_vec());
    let sent = (acks, any::<bool>(), linger, (requests, 100..200_u32));
    let loss = (0..3_u32, 0..60_000_u64, 1..30_000_u64);
    (stored, sent, proptest::collection::vec(loss, 0..7)).prop_map(
        |(
            (partitions, replicas, least, unclean),
            (acks, idempotent, linger, (requests, buffer)),
            losses,
        )| {
            let losses = losses.into_iter().map(|(node, from, long)| (node, from, from + long));
            Cluster {
                partitions,
                replicas,
                min_in_sync: least.min(replicas),
                unclean,
                acks,
                idempotent,
                linger,
                requests,
                buffer,
                losses: losses.collect(),
            }
        },
    )
}

/// Ten messages a second for a minute, and four more minutes for everything to come to rest.
fn publish_to_cluster(cluster: &Cluster) -> Story {
    let mut plan = Plan::lasting("300s");
    let log = plan.log(cluster.partitions, "{}", &["{}", r#"{"isolation": "read_committed"}"#]);
    let Cluster { replicas, min_in_sync, unclean, .. } = cluster;
    let replication = format!(
        r#"{{"replicas": {replicas}, "min_in_sync": {min_in_sync}, "unclean_election": {unclean}, "delay": "120ms"}}"#
    );
    plan.replicate(log, 3, &replication);
    for (group, name) in ["reader", "archive"].into_iter().enumerate() {
        let consumes = member(log, group as u16, 20, Commit::After);
        plan.service(name, ServicePlan { consumes, ..work(r#""5ms""#) });
    }
    let Cluster { acks, idempotent, linger, requests, buffer, .. } = cluster;
    let client = format!(
        r#"{{{requests}"acks": "{acks}", "idempotent": {idempotent}, "linger": "{linger}",
            "buffer": {{"messages": {buffer}, "max_block": "300s"}}}}"#
    );
    let sends = publish(log).client(&client).retry(FOR_EVER);
    plan.producer("shop", r#"{"constant": {"rate": "10/s", "until": "60s"}}"#, [sends]);
    for (node, from, until) in &cluster.losses {
        let (from, until) = (format!("{from}ms"), format!("{until}ms"));
        plan.ails(log.node, Ailment::NodeLost(*node), &from, &until);
    }
    plan.run()
}

/// What happens to those who read one topic and write another.
#[derive(Debug, Clone)]
struct Chain {
    partitions: [usize; 2],
    members: usize,
    /// Of each member, each with a transaction of its own.
    workers: u32,
    assignor: &'static str,
    protocol: &'static str,
    static_members: bool,
    every: &'static str,
    batch: u32,
    linger: &'static str,
    /// Whether what is passed on keeps its key.
    keeps_keys: bool,
    faults: Vec<(usize, usize, u64, u64)>,
}

fn chains() -> impl Strategy<Value = Chain> {
    let sizes = (1..5_usize, 1..4_usize, (1..4_usize, 1..4_u32), 1..30_u32);
    let assignor = prop::sample::select(vec!["range", "sticky", "cooperative_sticky"]);
    let protocol = prop::sample::select(vec!["classic", "consumer"]);
    let every = prop::sample::select(vec!["1ms", "100ms", "1s", "7s"]);
    let linger = prop::sample::select(vec!["0s", "0s", "30ms"]);
    let fault = (0..5_usize, 0..3_usize, 0..60_000_u64, 1..30_000_u64);
    let faults = proptest::collection::vec(fault, 0..6);
    let linger = (linger, any::<bool>());
    (sizes, assignor, protocol, any::<bool>(), every, linger, faults).prop_map(
        |(
            (from, to, (members, workers), batch),
            assignor,
            protocol,
            static_members,
            every,
            (linger, keeps_keys),
            faults,
        )| {
            Chain {
                partitions: [from, to],
                members,
                workers,
                assignor,
                protocol,
                static_members,
                every,
                batch,
                linger,
                keeps_keys,
                faults,
            }
        },
    )
}

fn pass_on(chain: &Chain) -> Story {
    let mut plan = Plan::lasting("500s");
    let Chain { assignor, protocol, static_members, every, linger, batch, .. } = chain;
    let membership = format!(
        r#"{{"session_timeout": "6s", "heartbeat_interval": "1s", "max_poll_interval": "9s",
            "assignor": "{assignor}", "protocol": "{protocol}", "static_members": {static_members}}}"#
    );
    // Whoever is out of reach for longer than a session does some of it twice.
    let patient = r#"{"isolation": "read_committed", "session_timeout": "10min"}"#;
    let groups = [(0, &*membership), (1, patient), (1, "{}")];
    let log = plan.topics(&chain.partitions, "{}", &groups);
    let client = format!(
        r#"{{"transaction": {{"every": "{every}", "commit_time": "5ms", "timeout": "20s"}}, "linger": "{linger}"}}"#
    );
    let mut nodes = Vec::new();
    for index in 0..chain.members {
        let consumes = member(log, 0, *batch, Commit::Transaction);
        let sends = vec![publish_to(log, 1).client(&client)];
        let keys = if chain.keeps_keys { OnwardKeys::Same } else { OnwardKeys::None };
        let workers = chain.workers;
        let service = ServicePlan { workers, consumes, sends, keys, ..work(r#""10ms""#) };
        nodes.push(plan.service(&format!("enrich-{index}"), service).node);
    }
    for (group, name) in [(1, "sink"), (2, "eager")] {
        let consumes = member(log, group, 500, Commit::After);
        plan.service(name, ServicePlan { consumes, ..work(r#""1ms""#) });
    }
    let arrivals = r#"{"constant": {"rate": "10/s", "until": "60s"}}"#;
    plan.producer("shop", arrivals, [publish(log).retry(FOR_EVER)]).keys =
        Keys::Uniform { count: 9 };
    for (what, of, from, long) in &chain.faults {
        let (from, until) = (format!("{from}ms"), format!("{}ms", from + long));
        let node = nodes[of % nodes.len()];
        match what {
            0 => plan.ails(node, Ailment::Crash, &from, &until),
            1 => plan.ails(node, Ailment::Stop, &from, &until),
            2 => plan.ails(node, Ailment::Hang, &from, &until),
            3 => plan.ails(log.node, Ailment::Crash, &from, &until),
            _ => plan.cut_off(log.node, &from, &until),
        }
    }
    plan.run()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// The books are balanced in every run of a story; in the end everything is read.
    #[test]
    fn what_every_replica_in_sync_has_confirmed_is_never_lost(cluster in clusters()) {
        let story = publish_to_cluster(&cluster);
        prop_assert_eq!([story.total("final_lag"), story.total("pending")], [0.0, 0.0]);
        let [lost, succeeded, again] = story.counts(["lost", "succeeded", "duplicates"]);
        prop_assert_eq!(lost + succeeded, 600);
        if cluster.acks == "all" {
            if !cluster.unclean {
                prop_assert_eq!(lost, 0);
            }
            if cluster.idempotent {
                prop_assert_eq!(again, 0);
            }
        }
        if cluster.losses.is_empty() {
            prop_assert_eq!([lost, again], [0, 0]);
        }
    }

    /// Exactly one message for each gets to those who read what is committed, and at least one to the others.
    #[test]
    fn a_chain_of_transactions_passes_each_message_on_once(chain in chains()) {
        let story = pass_on(&chain);
        prop_assert_eq!([story.total("final_lag"), story.total("pending")], [0.0, 0.0]);
        prop_assert_eq!(story.total("lost"), 0.0);
        prop_assert_eq!([story.of("sink", "effects"), story.of("sink", "duplicates")], [600.0, 0.0]);
        prop_assert!(story.of("eager", "effects") >= 600.0);
    }
}
