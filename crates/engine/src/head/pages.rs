//! The pages of a head, by which readers reach series without a lock.

use super::growing_tree::{GrowingTree, NUMBERS};
use super::mem_series::MemSeries;
use arc_swap::ArcSwapOption;
use std::array::from_fn;

/// Series of a page. They are neighbours, which one sender has made, and so are in one shard.
pub(crate) const PAGE: usize = 64;

const _: () = assert!(NUMBERS * PAGE == 1 << 32, "each series has a page");

pub(super) type Page = [ArcSwapOption<MemSeries>; PAGE];

/// Pages by their number.
#[derive(Debug, Default)]
pub(super) struct Pages(GrowingTree<Box<Page>>);

impl Pages {
    pub(super) fn get(&self, page: usize) -> Option<&Page> {
        self.0.get(page).map(Box::as_ref)
    }

    /// The page, which is made where there is none; and the bytes that were taken for it.
    pub(super) fn get_or_make(&self, page: usize) -> Option<(&Page, usize)> {
        let mut bytes = 0;
        let (page, nodes) = self.0.get_or_make(page, || {
            bytes = size_of::<Page>();
            Box::new(from_fn(|_| ArcSwapOption::empty()))
        })?;
        Some((page, bytes + nodes))
    }

    /// All pages with their numbers, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Page)> {
        self.0.iter().map(|(number, page)| (number, page.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Head, PAGE, shard};
    use crate::head::append_counts::AppendCounts;
    use crate::head::batches::Stamp;
    use crate::head::shard_writer::ShardWriter;
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
        let taken = head.shared_bytes();
        assert!(taken > 0 && taken < 80 << 10, "{taken}");
    }
}
