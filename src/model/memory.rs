//! How much memory collections take. Limits of memory are held against the sum of it.
//!
//! It is what was asked of the allocator, not what the allocator took of the system. Trees are counted by what is in them, as if their nodes were
//! full.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};

/// What takes memory beside its own size.
pub(super) trait Memory {
    /// How much, in bytes.
    fn bytes(&self) -> usize;
}

impl<T> Memory for Vec<T> {
    fn bytes(&self) -> usize {
        self.capacity() * size_of::<T>()
    }
}

impl<T> Memory for VecDeque<T> {
    fn bytes(&self) -> usize {
        self.capacity() * size_of::<T>()
    }
}

impl<T> Memory for BinaryHeap<T> {
    fn bytes(&self) -> usize {
        self.capacity() * size_of::<T>()
    }
}

impl<K, V> Memory for BTreeMap<K, V> {
    fn bytes(&self) -> usize {
        self.len() * size_of::<(K, V)>()
    }
}

impl<T> Memory for BTreeSet<T> {
    fn bytes(&self) -> usize {
        self.len() * size_of::<T>()
    }
}

impl<T: Memory> Memory for Option<T> {
    fn bytes(&self) -> usize {
        self.as_ref().map_or(0, T::bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collection_takes_its_room_times_the_size_of_what_it_holds() {
        assert_eq!(Vec::<u64>::with_capacity(100).bytes(), 800);
        assert_eq!(VecDeque::<u16>::with_capacity(100).bytes(), 200);
        assert_eq!(BinaryHeap::<u32>::with_capacity(100).bytes(), 400);
        assert_eq!((0..100_u64).collect::<BTreeSet<u64>>().bytes(), 800);
        assert_eq!((0..100_u64).zip(0..100_u64).collect::<BTreeMap<u64, u64>>().bytes(), 1_600);
    }

    #[test]
    fn what_is_not_there_takes_nothing() {
        assert_eq!(None::<Vec<u64>>.bytes(), 0);
        assert_eq!(Some(vec![0_u64; 3]).bytes(), 24);
    }
}
