//! Typed indices instead of names or references: `Id<Service>` can't be mistaken for `Id<Broker>`.
//!
//! Names are text only while a scenario is read and a report is written; between them a node is a number.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// The place of a `T` in its [`Arena`].
pub struct Id<T> {
    index: u16,
    of: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// The id of the `index`th `T`.
    ///
    /// # Panics
    /// If there are more than 65,536 of one kind, which the scenario reader refuses.
    #[must_use]
    pub fn new(index: usize) -> Id<T> {
        Id { index: u16::try_from(index).expect("at most 65,536 of a kind"), of: PhantomData }
    }

    /// The place in the arena.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.index)
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Id<T> {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Id<T>) -> bool {
        self.index == other.index
    }
}

impl<T> Eq for Id<T> {}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.index)
    }
}

/// All the nodes of one kind, in the order in which they were declared.
#[derive(Debug, Clone)]
pub struct Arena<T>(Vec<T>);

impl<T> Arena<T> {
    /// Adds `item` and tells where it stands.
    pub fn push(&mut self, item: T) -> Id<T> {
        self.0.push(item);
        Id::new(self.0.len() - 1)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All ids, in order.
    pub fn ids(&self) -> impl Iterator<Item = Id<T>> + use<T> {
        (0..self.0.len()).map(Id::new)
    }

    /// All items, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    /// All items, in order, to change.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.0.iter_mut()
    }
}

impl<T> Default for Arena<T> {
    fn default() -> Arena<T> {
        Arena(Vec::new())
    }
}

impl<T> Index<Id<T>> for Arena<T> {
    type Output = T;
    fn index(&self, id: Id<T>) -> &T {
        &self.0[id.index()]
    }
}

impl<T> IndexMut<Id<T>> for Arena<T> {
    fn index_mut(&mut self, id: Id<T>) -> &mut T {
        &mut self.0[id.index()]
    }
}

/// The place of a node among all nodes of a world, whatever their kind: what observations speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(u16);

impl NodeId {
    /// The id of the `index`th node.
    ///
    /// # Panics
    /// If there are more than 65,536 nodes, which the scenario reader refuses.
    #[must_use]
    pub fn new(index: usize) -> NodeId {
        NodeId(u16::try_from(index).expect("at most 65,536 nodes"))
    }

    /// The place in the list of nodes.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}
