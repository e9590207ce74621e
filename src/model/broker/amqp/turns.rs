//! Whose turn it is: which consumer of a queue gets the next message.
//!
//! Those with the highest priority take turns as long as they have room; then the next lower ones. Whoever has no room is left out, and
//! comes to the end of the line when it has room again. With a single active consumer one gets everything, and the others are there in
//! case it goes.

use std::collections::VecDeque;

use super::reader::Reader;
use crate::policy::returns::QueueType;

/// Who stands in line for the next message.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// The highest priority first.
    lines: Vec<(i32, VecDeque<usize>)>,
}

impl Turns {
    /// A consumer has room: it stands in line, if it doesn't already.
    #[inline]
    pub(super) fn join(&mut self, place: usize, reader: &mut Reader) {
        if reader.is_in_turn || !reader.has_room() {
            return;
        }
        reader.is_in_turn = true;
        let priority = reader.priority;
        let line = self.lines.partition_point(|(other, _)| *other > priority);
        if self.lines.get(line).is_none_or(|(other, _)| *other != priority) {
            self.lines.insert(line, (priority, VecDeque::new()));
        }
        self.lines[line].1.push_back(place);
    }

    /// The first who has room.
    #[inline]
    pub(super) fn first(&mut self, readers: &mut [Reader]) -> Option<usize> {
        for (_, line) in &mut self.lines {
            while let Some(&place) = line.front() {
                if readers[place].has_room() {
                    return Some(place);
                }
                readers[place].is_in_turn = false;
                line.pop_front();
            }
        }
        None
    }

    /// The first in line has got something: it is the last now.
    #[inline]
    pub(super) fn next(&mut self, place: usize, reader: &mut Reader) {
        let priority = reader.priority;
        let line = self.lines.iter_mut().find(|(other, _)| *other == priority);
        let (_, line) = line.expect("who stands in line has a line");
        line.pop_front();
        if reader.has_room() { line.push_back(place) } else { reader.is_in_turn = false }
    }
}

/// The one consumer that gets everything.
#[derive(Debug, Default)]
pub(super) struct Single {
    active: Option<usize>,
    /// All that are there, in the order in which they came.
    registered: Vec<usize>,
}

impl Single {
    pub(super) fn join(&mut self, place: usize) {
        if !self.registered.contains(&place) {
            self.registered.push(place);
        }
    }

    pub(super) fn leave(&mut self, place: usize) {
        self.registered.retain(|other| *other != place);
        self.active = self.active.filter(|active| *active != place);
    }

    /// The active consumer, if it has room. At a quorum queue one with a higher priority takes over when everything is acknowledged.
    pub(super) fn first(&mut self, queue: QueueType, readers: &[Reader]) -> Option<usize> {
        let priority = |place: usize| match queue {
            QueueType::Classic => 0,
            QueueType::Quorum => readers[place].priority,
        };
        let highest = self.registered.iter().map(|place| priority(*place)).max()?;
        match self.active {
            Some(active) if priority(active) == highest => {}
            Some(active) if readers[active].in_hand() > 0 => return None,
            Some(_) | None => {
                let mut all = self.registered.iter().copied();
                self.active = all.find(|place| priority(*place) == highest);
            }
        }
        self.active.filter(|active| readers[*active].has_room())
    }
}
