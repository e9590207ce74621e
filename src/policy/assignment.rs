//! Which member of a consumer group reads which partition.
//!
//! Each partition goes to exactly one member; with more members than partitions some have nothing to do. What the rules differ in is how
//! even the shares are over several topics, and how much moves when a member comes or goes: a partition that changes hands is read by
//! nobody meanwhile, and its new reader begins again at the last commit. Rules and examples are those of Apache Kafka's assignors
//! (`RangeAssignor`, `RoundRobinAssignor`, `StickyAssignor`, `CooperativeStickyAssignor`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How partitions are dealt out to the members of a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Assignor {
    /// Of each topic a run of neighbors to each member, the first members getting one more where it doesn't come out even (the
    /// default, as `partition.assignment.strategy` begins with it). All stop while partitions are dealt.
    #[default]
    Range,
    /// The partitions of all topics in turn, one to each member. All stop while partitions are dealt.
    RoundRobin,
    /// As even as can be, and everybody keeps what evenness allows. All stop while partitions are dealt.
    Sticky,
    /// As `sticky`, but only partitions that change hands stop.
    CooperativeSticky,
}

impl Assignor {
    /// Whether members go on with what they keep while partitions are dealt (KIP-429, incremental cooperative rebalancing).
    #[must_use]
    pub fn is_cooperative(self) -> bool {
        match self {
            Assignor::Range | Assignor::RoundRobin | Assignor::Sticky => false,
            Assignor::CooperativeSticky => true,
        }
    }

    /// Deals out the partitions of topics of these sizes to so many members, 1 or more. The partitions of all topics stand in one row,
    /// topic after topic; `owners` says who of the members has each at present, and the result who is to have it.
    #[must_use]
    pub fn assign(self, topics: &[u32], owners: &[Option<usize>], members: usize) -> Vec<usize> {
        match self {
            Assignor::Range => topics.iter().flat_map(|count| range(*count, members)).collect(),
            Assignor::RoundRobin => (0..owners.len()).map(|place| place % members).collect(),
            Assignor::Sticky | Assignor::CooperativeSticky => sticky(owners, members),
        }
    }
}

/// Who may read each partition after the first of two cooperative rounds: what goes from one member that is there to another is given
/// up first, and dealt in the second round.
#[must_use]
pub fn first_round(owners: &[Option<usize>], wanted: &[usize]) -> Vec<Option<usize>> {
    let granted = |(owner, wanted): (&Option<usize>, &usize)| match owner {
        Some(owner) if owner != wanted => None,
        Some(_) | None => Some(*wanted),
    };
    owners.iter().zip(wanted).map(granted).collect()
}

/// The member of each partition of one topic: neighbors stay together.
fn range(partitions: u32, members: usize) -> impl Iterator<Item = usize> {
    let (each, more) = (partitions as usize / members, partitions as usize % members);
    (0..members)
        .flat_map(move |member| std::iter::repeat_n(member, each + usize::from(member < more)))
}

/// Everybody keeps as many as are due to them, those who have most being due one more where it doesn't come out even; what is left
/// goes to whoever has fewest.
fn sticky(owners: &[Option<usize>], members: usize) -> Vec<usize> {
    let (each, more) = (owners.len() / members, owners.len() % members);
    let mut had = vec![0; members];
    owners.iter().flatten().for_each(|member| had[*member] += 1);
    let mut by_share: Vec<usize> = (0..members).collect();
    by_share.sort_by_key(|member| std::cmp::Reverse(had[*member]));
    let mut due = vec![each; members];
    by_share.iter().take(more).for_each(|member| due[*member] += 1);
    let mut dealt: Vec<Option<usize>> = Vec::with_capacity(owners.len());
    for owner in owners {
        let keeps = owner.filter(|member| due[*member] > 0);
        keeps.into_iter().for_each(|member| due[member] -= 1);
        dealt.push(keeps);
    }
    let fewest = |due: &[usize]| {
        let most_due = (0..members).max_by_key(|member| (due[*member], std::cmp::Reverse(*member)));
        most_due.expect("a group that is dealt to has members")
    };
    let mut deal = |place: Option<usize>| {
        place.unwrap_or_else(|| {
            let member = fewest(&due);
            due[member] -= 1;
            member
        })
    };
    dealt.into_iter().map(&mut deal).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOBODY: [Option<usize>; 6] = [None; 6];

    /// The example of the documentation of `RangeAssignor`: two topics of three partitions, two members.
    #[test]
    fn range_deals_neighbors_and_the_first_members_get_more_of_every_topic() {
        let dealt = Assignor::Range.assign(&[3, 3], &NOBODY, 2);
        assert_eq!(dealt, [0, 0, 1, 0, 0, 1]);
    }

    /// The example of the documentation of `RoundRobinAssignor`, of the same topics and members.
    #[test]
    fn round_robin_deals_all_topics_in_turn() {
        let dealt = Assignor::RoundRobin.assign(&[3, 3], &NOBODY, 2);
        assert_eq!(dealt, [0, 1, 0, 1, 0, 1]);
    }

    #[test]
    fn members_beyond_the_partitions_are_idle() {
        for rule in [Assignor::Range, Assignor::RoundRobin, Assignor::Sticky] {
            assert_eq!(rule.assign(&[2], &NOBODY[..2], 4), [0, 1]);
        }
    }

    #[test]
    fn when_a_member_goes_the_others_keep_what_they_have() {
        let owners = [Some(0), Some(1), None, Some(0), Some(1), None];
        assert_eq!(Assignor::Sticky.assign(&[6], &owners, 2), [0, 1, 0, 0, 1, 1]);
    }

    #[test]
    fn a_member_that_comes_takes_only_what_evenness_asks_for() {
        let owners = [Some(0), Some(0), Some(0), Some(1), Some(1), Some(1)];
        let wanted = Assignor::CooperativeSticky.assign(&[6], &owners, 3);
        assert_eq!(wanted, [0, 0, 2, 1, 1, 2]);
        let first = [Some(0), Some(0), None, Some(1), Some(1), None];
        assert_eq!(first_round(&owners, &wanted), first);
        assert_eq!(first_round(&first, &wanted), granted(&wanted));
    }

    fn granted(wanted: &[usize]) -> Vec<Option<usize>> {
        wanted.iter().copied().map(Some).collect()
    }

    fn shares(dealt: &[usize], members: usize) -> Vec<usize> {
        (0..members).map(|member| dealt.iter().filter(|other| **other == member).count()).collect()
    }

    proptest! {
        #[test]
        fn shares_differ_by_one_at_most_and_nothing_moves_that_need_not(
            (members, owners) in (1_usize..9).prop_flat_map(|members| {
                let owner = proptest::option::of(0..members);
                (Just(members), proptest::collection::vec(owner, 0..40))
            })
        ) {
            let topics = [owners.len() as u32];
            for rule in [Assignor::Range, Assignor::RoundRobin, Assignor::Sticky] {
                let dealt = rule.assign(&topics, &owners, members);
                prop_assert_eq!(dealt.len(), owners.len());
                let shares = shares(&dealt, members);
                prop_assert!(shares.iter().max().unwrap() - shares.iter().min().unwrap() <= 1);
            }
            let dealt = Assignor::Sticky.assign(&topics, &owners, members);
            let moved = |(owner, to): (&Option<usize>, &usize)| owner.is_some_and(|owner| owner != *to);
            let moved = owners.iter().zip(&dealt).filter(|pair| moved(*pair)).count();
            // Whoever has more than the larger share gives up the rest; of the larger shares there are only so many.
            let (each, more) = (owners.len() / members, owners.len() % members);
            let had: Vec<usize> = (0..members)
                .map(|member| owners.iter().flatten().filter(|other| **other == member).count())
                .collect();
            let above = had.iter().filter(|count| **count > each).count();
            let excess: usize = had.iter().map(|count| count.saturating_sub(each)).sum();
            prop_assert_eq!(moved, excess - above.min(more));
        }

        #[test]
        fn two_cooperative_rounds_end_where_one_eager_round_does(
            owners in proptest::collection::vec(proptest::option::of(0_usize..4), 1..24)
        ) {
            let topics = [owners.len() as u32];
            let wanted = Assignor::CooperativeSticky.assign(&topics, &owners, 4);
            let first = first_round(&owners, &wanted);
            for (owner, granted) in owners.iter().zip(&first) {
                prop_assert!(owner.is_none() || granted.is_none() || owner == granted);
            }
            let again = Assignor::CooperativeSticky.assign(&topics, &first, 4);
            prop_assert_eq!(first_round(&first, &again), granted(&again));
        }
    }
}
