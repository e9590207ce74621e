//! Messages in line at a broker, oldest first, at eight bytes each when there are many.
//!
//! The last few thousand are kept by their ids. Older ones are put to sleep in blocks: a message that nobody but the broker holds, whose
//! producer is satisfied and that has had no effect yet is told by its link, its number and when it was produced, and needs no place
//! among the messages alive until it is delivered. What is told stands in [`Pages`], which are given back as the line drains.

use std::collections::VecDeque;

use super::pages::{Pages, Spot};
use crate::model::id::{Id, NodeId};
use crate::model::memory::Memory;
use crate::model::message::{Asleep, MessageId, Messages};
use crate::model::outbound::Link;
use crate::time::{SimDuration, SimTime};

/// Messages in a block.
const BLOCK: usize = 4096;
/// At this length of the line of ids, its first block stays as it is, because someone still has to do with some of it.
const MOST_AWAKE: usize = 16 * BLOCK;

/// A line of messages at the broker `node`.
#[derive(Debug)]
pub(super) struct Backlog {
    node: NodeId,
    /// The older part.
    blocks: VecDeque<Block>,
    pages: Box<Pages>,
    /// How many of the first block have left.
    gone: usize,
    /// The younger part.
    awake: VecDeque<MessageId>,
    /// The length of `awake` at which its first block is looked at.
    look_at: usize,
    len: usize,
    /// Neighbours of which the later one was produced earlier.
    inversions: usize,
    newest_produced: SimTime,
}

#[derive(Debug)]
enum Block {
    Awake(Vec<MessageId>),
    Asleep { base: SimTime, produced: Produced, ordinals: Spot, links: Links },
}

/// When each message of a block was produced, from the earliest of them: exact, in half the bytes where they are close together.
#[derive(Debug)]
enum Produced {
    Close(Spot),
    Far(Vec<u64>),
}

/// The link over which each message of a block came.
#[derive(Debug)]
enum Links {
    Same(Id<Link>),
    Each(Vec<Id<Link>>),
}

impl Backlog {
    pub(super) fn new(node: NodeId) -> Backlog {
        Backlog {
            node,
            blocks: VecDeque::new(),
            pages: Box::default(),
            gone: 0,
            awake: VecDeque::new(),
            look_at: 2 * BLOCK,
            len: 0,
            inversions: 0,
            newest_produced: SimTime::ZERO,
        }
    }

    /// How many messages are in line.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts a message at the end.
    #[inline]
    pub(super) fn push(&mut self, message: MessageId, messages: &mut Messages) {
        let produced_at = messages[message].produced_at;
        self.inversions += usize::from(self.len > 0 && produced_at < self.newest_produced);
        self.newest_produced = produced_at;
        self.awake.push_back(message);
        self.len += 1;
        if self.awake.len() >= self.look_at {
            self.file_block(messages);
        }
    }

    /// Takes the first message.
    #[inline]
    pub(super) fn pop(&mut self, messages: &mut Messages) -> Option<MessageId> {
        let message = if self.blocks.is_empty() {
            self.awake.pop_front()?
        } else {
            self.pop_of_block(messages)?
        };
        self.len -= 1;
        if self.inversions > 0 {
            let next = self.produced_at(0, messages);
            let before = messages[message].produced_at;
            self.inversions -= usize::from(next.is_some_and(|next| next < before));
        }
        Some(message)
    }

    /// When the earliest of all was produced.
    pub(super) fn oldest(&self, messages: &Messages) -> Option<SimTime> {
        let in_order = if self.inversions == 0 { 1 } else { self.len };
        (0..in_order).filter_map(|place| self.produced_at(place, messages)).min()
    }

    /// Memory taken, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let blocks = self.blocks.iter().map(Block::bytes);
        blocks.chain([self.pages.bytes(), self.awake.bytes()]).sum()
    }

    /// The oldest block of the line of ids is put to sleep, if nobody has to do with it any more.
    #[cold]
    fn file_block(&mut self, messages: &mut Messages) {
        let mut block = self.awake.range(..BLOCK);
        if block.all(|message| messages.could_sleep(*message, self.node)) {
            let block = self.awake.drain(..BLOCK);
            let asleep: Vec<Asleep> = block.map(|message| messages.put_to_sleep(message)).collect();
            self.blocks.push_back(Block::new(&asleep, &mut self.pages));
        } else if self.look_at < MOST_AWAKE {
            return self.look_at += BLOCK;
        } else {
            self.blocks.push_back(Block::Awake(self.awake.drain(..BLOCK).collect()));
        }
        self.look_at = 2 * BLOCK;
    }

    fn pop_of_block(&mut self, messages: &mut Messages) -> Option<MessageId> {
        let block = self.blocks.front()?;
        let message = match block {
            Block::Awake(ids) => ids[self.gone],
            Block::Asleep { .. } => messages.wake(block.asleep(self.gone, &self.pages)?, self.node),
        };
        self.gone += 1;
        if self.gone == BLOCK {
            self.blocks.pop_front();
            self.gone = 0;
            self.pages.forget_before(self.blocks.iter().find_map(Block::first_spot));
        }
        Some(message)
    }

    /// When the message at `place` in line was produced.
    fn produced_at(&self, place: usize, messages: &Messages) -> Option<SimTime> {
        let place = place + self.gone;
        match self.blocks.get(place / BLOCK) {
            Some(Block::Awake(ids)) => Some(messages[ids[place % BLOCK]].produced_at),
            Some(block) => Some(block.asleep(place % BLOCK, &self.pages)?.produced_at),
            None => {
                let message = self.awake.get(place - self.blocks.len() * BLOCK)?;
                Some(messages[*message].produced_at)
            }
        }
    }
}

impl Block {
    fn new(messages: &[Asleep], pages: &mut Pages) -> Block {
        let times = || messages.iter().map(|message| message.produced_at);
        let (base, last) = (times().min().unwrap_or_default(), times().max().unwrap_or_default());
        let after = || times().map(move |at| at.since(base).as_nanos());
        let are_close = u32::try_from(last.since(base).as_nanos()).is_ok();
        let first = messages[0].link;
        let links = if messages.iter().all(|message| message.link == first) {
            Links::Same(first)
        } else {
            Links::Each(messages.iter().map(|message| message.link).collect())
        };
        let ordinals: Vec<u32> = messages.iter().map(|message| message.ordinal).collect();
        let ordinals = pages.push(&ordinals);
        let produced = if are_close {
            Produced::Close(pages.push(&after().map(|nanos| nanos as u32).collect::<Vec<u32>>()))
        } else {
            Produced::Far(after().collect())
        };
        Block::Asleep { base, produced, ordinals, links }
    }

    /// One of the messages, if it is asleep.
    fn asleep(&self, place: usize, pages: &Pages) -> Option<Asleep> {
        let Block::Asleep { base, produced, ordinals, links } = self else { return None };
        let after = match produced {
            Produced::Close(nanos) => u64::from(pages.at(nanos)[place]),
            Produced::Far(nanos) => nanos[place],
        };
        let link = match links {
            Links::Same(link) => *link,
            Links::Each(links) => links[place],
        };
        let produced_at = *base + SimDuration::from_nanos(after);
        Some(Asleep { produced_at, ordinal: pages.at(ordinals)[place], link })
    }

    /// Where what it keeps in pages begins.
    fn first_spot(&self) -> Option<&Spot> {
        match self {
            Block::Awake(_) => None,
            Block::Asleep { ordinals, .. } => Some(ordinals),
        }
    }

    /// Memory taken beside the pages, in bytes.
    fn bytes(&self) -> usize {
        match self {
            Block::Awake(ids) => size_of_val(&ids[..]),
            Block::Asleep { produced, links, .. } => {
                let produced = match produced {
                    Produced::Close(_) => 0,
                    Produced::Far(nanos) => size_of_val(&nanos[..]),
                };
                let links = match links {
                    Links::Same(_) => 0,
                    Links::Each(links) => size_of_val(&links[..]),
                };
                produced + links
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::observation::{Place, Site};

    const NODE: usize = 3;

    /// A line of so many messages, `gap` nanoseconds apart, over `links` links in turn; every one for which `open` holds is still
    /// held by its producer.
    fn line(
        count: u32,
        gap: u64,
        links: u32,
        open: impl Fn(u32) -> bool,
    ) -> (Backlog, Messages, Vec<MessageId>) {
        let (mut messages, mut backlog) = (Messages::default(), Backlog::new(NodeId::new(NODE)));
        let mut held = Vec::new();
        for ordinal in 0..count {
            let link = Id::new((ordinal % links) as usize);
            let at = SimTime::from_nanos(u64::from(ordinal) * gap);
            let id = messages.create(at, ordinal, link, NodeId::new(0));
            messages[id].settle_at(Site { node: NodeId::new(NODE), place: Place::Broker });
            messages[id].confirm();
            if open(ordinal) {
                messages[id].hold();
                held.push(id);
            }
            backlog.push(id, &mut messages);
        }
        (backlog, messages, held)
    }

    fn drain(backlog: &mut Backlog, messages: &mut Messages) -> Vec<(u64, u32, usize)> {
        std::iter::from_fn(|| {
            let id = backlog.pop(messages)?;
            let message = &messages[id];
            Some((message.produced_at.as_nanos(), message.ordinal, message.link().index()))
        })
        .collect()
    }

    #[test]
    fn messages_leave_as_they_came_whether_they_slept_or_not() {
        for (gap, links) in [(1_000, 1), (1_000, 3), (50_000_000, 1)] {
            let (mut backlog, mut messages, _) = line(50_000, gap, links, |_| false);
            assert_eq!((backlog.len(), messages.len()), (50_000, 50_000));
            let wanted: Vec<_> =
                (0..50_000_u32).map(|n| (u64::from(n) * gap, n, (n % links) as usize)).collect();
            assert_eq!(drain(&mut backlog, &mut messages), wanted);
            assert!(backlog.is_empty());
        }
    }

    #[test]
    fn a_long_line_costs_eight_bytes_a_message_and_gives_them_back() {
        let (mut backlog, mut messages, _) = line(1_000_000, 1_000, 1, |_| false);
        let bytes = backlog.bytes() + messages.bytes();
        assert!(bytes < 9_000_000, "{bytes}");
        while backlog.len() > 10_000 {
            backlog.pop(&mut messages);
        }
        assert!(backlog.bytes() < bytes / 8, "{}", backlog.bytes());
    }

    /// Of 50,000 messages 45,056 sleep: 4 bytes tell the number of each, 4 or 8 when it was made, and 2 its link where there are several.
    #[test]
    fn what_is_far_apart_or_comes_over_several_links_costs_more() {
        let bytes = |gap, links| {
            let (backlog, ..) = line(50_000, gap, links, |_| false);
            assert_eq!(backlog.blocks.len(), 11);
            backlog.bytes() - backlog.awake.capacity() * size_of::<MessageId>()
        };
        assert_eq!(bytes(1_000, 1), 45_056 * (4 + 4));
        assert_eq!(bytes(1_000, 3), 45_056 * (4 + 4 + size_of::<Id<Link>>()));
        assert_eq!(bytes(50_000_000, 1), 45_056 * (4 + 8));
        assert_eq!(bytes(50_000_000, 3), 45_056 * (4 + 8 + size_of::<Id<Link>>()));
        let (backlog, ..) = line(70_000, 1_000, 1, |n| n == 5);
        assert!(matches!(backlog.blocks[0], Block::Awake(_)));
        let first = backlog.blocks[0].bytes();
        assert_eq!(first, BLOCK * size_of::<MessageId>());
    }

    #[test]
    fn a_message_that_its_producer_still_holds_does_not_sleep() {
        let (mut backlog, mut messages, held) = line(200_000, 1_000, 1, |n| n == 5);
        let woken: Vec<MessageId> = std::iter::from_fn(|| backlog.pop(&mut messages)).collect();
        assert_eq!((woken.len(), woken[5]), (200_000, held[0]));
    }

    /// Whether it is among those that sleep, or those that can't because their producers still hold them.
    #[test]
    fn the_oldest_is_found_even_if_it_is_not_the_first() {
        for open in [|_| false, |n: u32| n.is_multiple_of(4_000)] {
            let (mut backlog, mut messages, _) = line(100_000, 1_000, 1, open);
            assert_eq!(backlog.oldest(&messages), Some(SimTime::ZERO));
            let late = messages.create(SimTime::from_nanos(5), 7, Id::new(0), NodeId::new(0));
            backlog.push(late, &mut messages);
            backlog.pop(&mut messages);
            assert_eq!(backlog.oldest(&messages), Some(SimTime::from_nanos(5)));
            drain(&mut backlog, &mut messages);
            assert_eq!((backlog.oldest(&messages), backlog.inversions), (None, 0));
        }
    }

    /// A line of messages waits for those whose producers will be satisfied soon, and not for ever.
    #[test]
    fn the_first_block_sleeps_as_soon_as_nobody_holds_any_of_it() {
        let (mut backlog, mut messages, held) = line(3 * 4_096 - 1, 1_000, 1, |n| n == 5);
        assert!(backlog.blocks.is_empty());
        assert!(!messages[held[0]].let_go());
        let more = |backlog: &mut Backlog, messages: &mut Messages| {
            let id = messages.create(SimTime::from_nanos(1 << 30), 0, Id::new(0), NodeId::new(0));
            backlog.push(id, messages);
        };
        more(&mut backlog, &mut messages);
        assert!(matches!(backlog.blocks[0], Block::Asleep { .. }));
        assert_eq!((backlog.blocks.len(), backlog.awake.len()), (1, 2 * 4_096));
        let (backlog, ..) = line(16 * 4_096 - 1, 1_000, 1, |n| n == 5);
        assert!(backlog.blocks.is_empty());
        let (backlog, ..) = line(16 * 4_096, 1_000, 1, |n| n == 5);
        assert!(matches!(backlog.blocks[0], Block::Awake(_)));
    }
}
