//! The pages of a head, as readers reach them without a lock: a tree that only grows. A new page copies nothing, and numbers
//! that are not used take no memory. That of [`crate::sparse`] has one owner, and frees what no longer leads to anything: with
//! entries that may be emptied, as it has, a reader would need a lock or a count.

use super::mem_series::MemSeries;
use arc_swap::ArcSwapOption;
use std::array::from_fn;
use std::sync::OnceLock;

/// Series of a page. They are neighbours, which one sender has made, and so are in one shard.
pub(crate) const PAGE: usize = 64;

/// Entries of a node.
const FAN: usize = 256;

/// Entries of the root: with them there is a page for each number of 32 bits.
const TOP: usize = (1 << 32) / PAGE / FAN / FAN;

pub(super) type Page = [ArcSwapOption<MemSeries>; PAGE];
type Leaf = [OnceLock<Box<Page>>; FAN];
type Inner = [OnceLock<Box<Leaf>>; FAN];

/// Pages by their number.
#[derive(Debug)]
pub(super) struct Pages(Vec<OnceLock<Box<Inner>>>);

impl Default for Pages {
    fn default() -> Self {
        Self((0..TOP).map(|_| OnceLock::new()).collect())
    }
}

const fn path(page: usize) -> (usize, usize, usize) {
    (page / FAN / FAN, page / FAN % FAN, page % FAN)
}

impl Pages {
    pub(super) fn get(&self, page: usize) -> Option<&Page> {
        let (top, middle, low) = path(page);
        let inner: &Inner = self.0.get(top)?.get()?;
        let leaf: &Leaf = inner.get(middle)?.get()?;
        leaf.get(low)?.get().map(Box::as_ref)
    }

    /// The page, which is made where there is none; and the bytes that were taken for it.
    pub(super) fn get_or_make(&self, page: usize) -> Option<(&Page, usize)> {
        let (top, middle, low) = path(page);
        let mut bytes = 0;
        let inner: &Inner = self.0.get(top)?.get_or_init(|| {
            bytes += size_of::<Inner>();
            Box::new(from_fn(|_| OnceLock::new()))
        });
        let leaf: &Leaf = inner.get(middle)?.get_or_init(|| {
            bytes += size_of::<Leaf>();
            Box::new(from_fn(|_| OnceLock::new()))
        });
        let page: &Page = leaf.get(low)?.get_or_init(|| {
            bytes += size_of::<Page>();
            Box::new(from_fn(|_| ArcSwapOption::empty()))
        });
        Some((page, bytes))
    }

    /// All pages with their numbers, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Page)> {
        let inner = self.0.iter().enumerate();
        let inner = inner.filter_map(|(top, inner)| Some((top, inner.get()?)));
        let leaves = inner.flat_map(|(top, inner)| {
            let leaves = inner.iter().enumerate();
            leaves.filter_map(move |(at, leaf)| Some((top * FAN + at, leaf.get()?)))
        });
        leaves.flat_map(|(above, leaf)| {
            let pages = leaf.iter().enumerate();
            pages.filter_map(move |(at, page)| Some((above * FAN + at, page.get()?.as_ref())))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Head, PAGE, ShardWriter, shard};
    use super::{Inner, Leaf};
    use crate::head::AppendCounts;
    use crate::head::batches::Stamp;
    use crate::series_ref::SeriesRef;
    use base::id::TenantId;
    use std::sync::Arc;

    /// Each page copied a list as long as all numbers that were ever given.
    #[test]
    fn series_with_huge_numbers_take_little_memory_and_are_found() {
        let head = Arc::new(Head::default());
        let first = SeriesRef(4_000_000_000);
        let mut writer = ShardWriter::new(Arc::clone(&head));
        for number in
            (first.0..first.0 + 2000).filter(|number| shard(SeriesRef(*number)) == shard(first))
        {
            let mut sum = AppendCounts::default();
            let terms = (TenantId(1), Stamp::before_all());
            writer.append(terms, &[(SeriesRef(number), 0, 1.0)], &mut sum, |_, _| {});
        }
        let all = head.sorted();
        assert!(all.len() >= PAGE && all[0].1 == first, "{}", all.len());
        assert!(head.all_of(TenantId(1), first).is_some());
        let bytes_allowed = size_of::<Inner>() + 2 * size_of::<Leaf>() + (64 << 10);
        let taken = head.page_bytes();
        assert!(taken > 0 && taken < bytes_allowed as u64, "{taken}");
    }
}
