//! Paging of lists: no request builds a whole list.

use std::cmp::Ordering;

/// The requested page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// The number of entries before it.
    pub skip: u64,
    /// The maximum number of entries.
    pub take: u64,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// Its entries.
    pub entries: Vec<T>,
    /// The length of the whole list.
    pub total: u64,
}

/// The part of a list that a request asks for.
pub trait ListPart<T> {
    /// The type of the resulting page.
    type Page;

    /// This part of an unsorted list, in this order, which must not treat two entries as equal.
    fn cut(self, list: Vec<&T>, order: impl Fn(&T, &T) -> Ordering) -> Self::Page;
}

impl<T: Clone> ListPart<T> for PageRequest {
    type Page = Page<T>;

    fn cut(self, list: Vec<&T>, order: impl Fn(&T, &T) -> Ordering) -> Page<T> {
        self.sorted(list, order)
    }
}

/// A page of those entries alone that a place in the list is before.
#[derive(Debug, Clone, Copy)]
pub struct PlacedRequest<F> {
    /// The page of those.
    pub request: PageRequest,
    /// Whether an entry is one of them.
    pub reaches: F,
}

/// A page on one side of a place in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedPage<T> {
    /// The page; its `total` is of the entries on this side.
    pub page: Page<T>,
    /// How many are on the other side.
    pub passed: u64,
}

impl<T> From<Page<T>> for PlacedPage<T> {
    /// The page of a list whose other side is not counted.
    fn from(page: Page<T>) -> Self {
        Self { page, passed: 0 }
    }
}

impl<T: Clone, F: Fn(&T) -> bool> ListPart<T> for PlacedRequest<F> {
    type Page = PlacedPage<T>;

    fn cut(self, mut list: Vec<&T>, order: impl Fn(&T, &T) -> Ordering) -> PlacedPage<T> {
        let all = list.len();
        list.retain(|entry| (self.reaches)(entry));
        PlacedPage {
            passed: all.saturating_sub(list.len()) as u64,
            page: self.request.sorted(list, order),
        }
    }
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A number of rows for a statement.
pub(crate) fn row_count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl PageRequest {
    /// This page of a sorted list; only its entries are copied.
    pub(crate) fn of<'a, T: Clone + 'a>(self, list: impl Iterator<Item = &'a T>) -> Page<T> {
        let mut part = Page {
            entries: Vec::new(),
            total: 0,
        };
        for entry in list {
            if part.total >= self.skip && part.total - self.skip < self.take {
                part.entries.push(entry.clone());
            }
            part.total += 1;
        }
        part
    }

    /// This page of an unsorted list. `order` must not treat two entries as equal. Entries outside the page are not
    /// sorted.
    pub(crate) fn sorted<T: Clone>(
        self,
        mut list: Vec<&T>,
        order: impl Fn(&T, &T) -> Ordering,
    ) -> Page<T> {
        let total = list.len() as u64;
        let order = |a: &&T, b: &&T| order(a, b);
        let skip = size(self.skip).min(list.len());
        if skip > 0 && skip < list.len() {
            list.select_nth_unstable_by(skip, order);
        }
        let mut rest = list.split_off(skip);
        let take = size(self.take);
        if take > 0 && take < rest.len() {
            rest.select_nth_unstable_by(take, order);
        }
        rest.truncate(take);
        rest.sort_unstable_by(order);
        Page {
            entries: rest.into_iter().cloned().collect(),
            total,
        }
    }

    /// The rest of the page for a second list after the first, of which `part` was taken.
    #[must_use]
    pub fn after<T>(self, part: &Page<T>) -> Self {
        Self {
            skip: self.skip.saturating_sub(part.total),
            take: self.take.saturating_sub(part.entries.len() as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_page_is_its_part_of_the_whole(
            list in prop::collection::vec(0_u32..1000, 0..50), skip in 0_u64..60, take in 0_u64..60, far: bool,
        ) {
            let list: Vec<u32> = list.into_iter().enumerate().map(|(at, number)| number * 100 + at as u32).collect();
            let window = PageRequest { skip: if far { u64::MAX } else { skip }, take };
            let mut whole = list.clone();
            whole.sort_unstable();
            let expected: Vec<u32> = match far {
                true => Vec::new(),
                false => whole.iter().copied().skip(skip as usize).take(take as usize).collect(),
            };
            let walked = window.of(whole.iter());
            let sorted = window.sorted(list.iter().collect(), u32::cmp);
            prop_assert_eq!(&walked, &sorted);
            prop_assert_eq!(walked.entries, expected);
            prop_assert_eq!(walked.total, list.len() as u64);
        }

        #[test]
        fn a_page_at_a_place_says_what_it_passed(
            list in prop::collection::btree_set(0_u32..100, 0..50), place in 0_u32..100, take in 0_u64..60,
        ) {
            let request = PageRequest { skip: 0, take };
            let (before, after): (Vec<u32>, Vec<u32>) = list.iter().partition(|number| **number <= place);
            let placed = PlacedRequest { request, reaches: |number: &u32| *number > place };
            let found = placed.cut(list.iter().collect(), u32::cmp);
            prop_assert_eq!(found.passed, before.len() as u64);
            prop_assert_eq!(found.page, request.of(after.iter()));
        }

        #[test]
        fn two_lists_are_read_one_after_the_other(
            first in 0_usize..20, second in 0_usize..20, skip in 0_u64..50, take in 0_u64..50,
        ) {
            let all: Vec<usize> = (0..first + second).collect();
            let (a, b) = all.split_at(first);
            let window = PageRequest { skip, take };
            let whole = window.of(all.iter());
            let before = window.of(a.iter());
            let after = window.after(&before).of(b.iter());
            prop_assert_eq!(before.total + after.total, whole.total);
            prop_assert_eq!([before.entries, after.entries].concat(), whole.entries);
        }
    }
}
