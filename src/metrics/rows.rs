//! For which rows a metric has a meaning: kinds of node, and the whole system.

use super::summary::NodeKind;

/// A set of rows: kinds of node, and whether the whole system is meant too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rows {
    /// At producers.
    pub producers: bool,
    /// At services.
    pub services: bool,
    /// At brokers.
    pub brokers: bool,
    /// At partitions of brokers.
    pub partitions: bool,
    /// At consumer groups of brokers.
    pub groups: bool,
    /// At queues of brokers.
    pub queues: bool,
    /// In total, where one of these kinds exists.
    pub total: bool,
}

impl Rows {
    /// Nowhere.
    pub const NONE: Rows = Rows {
        producers: false,
        services: false,
        brokers: false,
        partitions: false,
        groups: false,
        queues: false,
        total: false,
    };

    /// The row of one node.
    #[must_use]
    pub const fn of(kind: NodeKind) -> Rows {
        Rows {
            producers: matches!(kind, NodeKind::Producer),
            services: matches!(kind, NodeKind::Service),
            brokers: matches!(kind, NodeKind::Broker),
            partitions: matches!(kind, NodeKind::Partition),
            groups: matches!(kind, NodeKind::Group),
            queues: matches!(kind, NodeKind::Queue),
            total: false,
        }
    }

    /// The row of a whole system with nodes of these kinds.
    pub fn of_total(kinds: impl Iterator<Item = NodeKind>) -> Rows {
        kinds.map(Rows::of).fold(Rows { total: true, ..Rows::NONE }, |all, one| Rows {
            producers: all.producers | one.producers,
            services: all.services | one.services,
            brokers: all.brokers | one.brokers,
            partitions: all.partitions | one.partitions,
            groups: all.groups | one.groups,
            queues: all.queues | one.queues,
            total: true,
        })
    }

    /// Whether `row` is one of these.
    #[must_use]
    pub const fn include(self, row: Rows) -> bool {
        (self.total || !row.total)
            && (self.producers && row.producers
                || self.services && row.services
                || self.brokers && row.brokers
                || self.partitions && row.partitions
                || self.groups && row.groups
                || self.queues && row.queues)
    }

    /// In words: `producers, services, total`.
    #[must_use]
    pub fn in_words(self) -> String {
        let names = [
            (self.producers, "producers"),
            (self.services, "services"),
            (self.brokers, "brokers"),
            (self.partitions, "partitions"),
            (self.groups, "groups"),
            (self.queues, "queues"),
            (self.total, "total"),
        ];
        let named: Vec<&str> =
            names.into_iter().filter(|(there, _)| *there).map(|(_, name)| name).collect();
        named.join(", ")
    }
}

const fn rows(kinds: &str, total: bool) -> Rows {
    let kinds = kinds.as_bytes();
    let mut rows = Rows { total, ..Rows::NONE };
    let mut next = 0;
    while next < kinds.len() {
        match kinds[next] {
            b'p' => rows.producers = true,
            b's' => rows.services = true,
            b't' => rows.partitions = true,
            b'g' => rows.groups = true,
            b'q' => rows.queues = true,
            _ => rows.brokers = true,
        }
        next += 1;
    }
    rows
}

/// Everywhere.
pub(super) const ALL: Rows = rows("psb", true);
/// Who makes messages or sends them.
pub(super) const SENDERS: Rows = rows("ps", true);
/// Who is called or published to.
pub(super) const HOSTS: Rows = rows("sb", true);
pub(super) const SERVICES: Rows = rows("s", true);
pub(super) const SERVICES_ALONE: Rows = rows("s", false);
pub(super) const BROKERS: Rows = rows("b", true);
/// Where messages are stored: brokers and their parts.
pub(super) const STORES: Rows = rows("btgq", true);
/// Who delivers.
pub(super) const DELIVERERS: Rows = rows("bgq", true);
pub(super) const GROUPS: Rows = rows("g", true);
/// Where something is in line or in hand.
pub(super) const PLACES: Rows = rows("sbtgq", true);
/// Nodes that can be down; a whole system is neither up nor down.
pub(super) const ONE_HOST: Rows = rows("sb", false);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_has_a_column_only_if_a_node_of_its_kind_exists() {
        let brokers = Rows { brokers: true, total: true, ..Rows::NONE };
        let direct = Rows::of_total([NodeKind::Producer, NodeKind::Service].into_iter());
        let queue = Rows::of_total([NodeKind::Producer, NodeKind::Broker].into_iter());
        assert!(!brokers.include(direct));
        assert!(brokers.include(queue));
        assert!(!brokers.include(Rows::of(NodeKind::Service)));
        assert_eq!(brokers.in_words(), "brokers, total");
        for kind in [
            NodeKind::Producer,
            NodeKind::Service,
            NodeKind::Broker,
            NodeKind::Partition,
            NodeKind::Group,
            NodeKind::Queue,
        ] {
            let (one, two) = ([kind].into_iter(), [kind, kind].into_iter());
            assert_eq!(Rows::of_total(one), Rows { total: true, ..Rows::of(kind) });
            assert_eq!(Rows::of_total(two), Rows { total: true, ..Rows::of(kind) }, "two of it");
        }
    }
}
