//! Memory for numbers that leave in the order in which they came: in pages, each given back as a whole when its last number has left.
//!
//! The first page is small, and each next one is larger than all before it, up to a size at which every allocator asks the system for
//! memory of its own and gives it back at once. (That of glibc learns to keep what is as large as something that was given back, up to
//! 32 MiB, in one heap, which can only shrink from its end.) No page is more than a ninth of all that is stored.

use std::collections::VecDeque;
use std::ops::Range;

const SMALLEST: usize = 1 << 14;
/// 36 MiB.
const LARGEST: usize = 9 << 20;

/// Pages of numbers, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Pages {
    pages: VecDeque<Vec<u32>>,
    /// How many pages have been given back.
    gone: usize,
}

/// Where some numbers stand: side by side in one page.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    page: usize,
    within: Range<usize>,
}

impl Pages {
    /// Writes some numbers behind all others.
    pub(super) fn push(&mut self, numbers: &[u32]) -> Spot {
        let last = self.pages.back();
        if last.is_none_or(|page| page.capacity() - page.len() < numbers.len()) {
            let size = last.map_or(SMALLEST, |page| (page.capacity() * 9 / 8).min(LARGEST));
            self.pages.push_back(Vec::with_capacity(size.max(numbers.len())));
        }
        let number = self.gone + self.pages.len() - 1;
        let page = self.pages.back_mut().expect("there is a page with room");
        let from = page.len();
        page.extend_from_slice(numbers);
        Spot { page: number, within: from..page.len() }
    }

    /// The numbers that stand there.
    #[inline]
    pub(super) fn at(&self, spot: &Spot) -> &[u32] {
        &self.pages[spot.page - self.gone][spot.within.clone()]
    }

    /// Everything before `spot` has left, or everything there is.
    pub(super) fn forget_before(&mut self, spot: Option<&Spot>) {
        let first = spot.map_or(self.gone + self.pages.len(), |spot| spot.page);
        while self.gone < first {
            self.pages.pop_front();
            self.gone += 1;
        }
    }

    /// Memory taken, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.pages.iter().map(|page| size_of_val(&page[..])).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_where_they_are_until_all_before_them_have_left() {
        let mut pages = Pages::default();
        let spots: Vec<Spot> = (0..100_u32).map(|n| pages.push(&[n; 5_000])).collect();
        assert_eq!((pages.bytes(), pages.gone), (100 * 5_000 * 4, 0));
        for (number, spot) in spots.iter().enumerate() {
            pages.forget_before(Some(spot));
            assert_eq!(pages.at(spot), [number as u32; 5_000]);
        }
        assert!(pages.gone > 2 && pages.bytes() < 100 * 5_000 * 4);
        pages.forget_before(None);
        assert_eq!((pages.bytes(), pages.pages.len()), (0, 0));
    }

    #[test]
    fn more_than_a_page_holds_has_a_page_of_its_own() {
        let mut pages = Pages::default();
        let large = pages.push(&vec![7; SMALLEST + 1]);
        assert_eq!(pages.at(&large).len(), SMALLEST + 1);
    }
}
