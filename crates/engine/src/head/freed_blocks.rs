//! Blocks that may be used again. Readers free some when they drop a series that another has replaced, so nobody waits here: whoever finds a
//! list locked goes to the next one, and whoever finds all locked takes new memory, or leaves the blocks to be freed with the head.

use super::block::Block;
use std::array::from_fn;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering};

/// More than threads that free and take at a time, so that few find all locked.
const LISTS: usize = 8;

/// Links of blocks, by their size.
type BySize = BTreeMap<u32, Vec<u64>>;

#[derive(Debug)]
pub(super) struct FreedBlocks {
    lists: [Mutex<BySize>; LISTS],
    /// A bit for each list that has blocks.
    filled: AtomicU8,
}

impl Default for FreedBlocks {
    fn default() -> Self {
        Self {
            lists: from_fn(|_| Mutex::default()),
            filled: AtomicU8::new(0),
        }
    }
}

impl FreedBlocks {
    pub(super) fn put(&self, blocks: impl Iterator<Item = Block>) {
        let mut by_size = BySize::new();
        for block in blocks {
            by_size.entry(block.size()).or_default().push(block.link());
        }
        if by_size.is_empty() {
            return;
        }
        let mut unlocked = self.lists.iter().enumerate();
        let unlocked = unlocked.find_map(|(number, list)| Some((number, list.try_lock().ok()?)));
        if let Some((number, mut list)) = unlocked {
            for (size, mut links) in by_size {
                list.entry(size).or_default().append(&mut links);
            }
            self.filled.fetch_or(1 << number, Ordering::Relaxed);
        }
    }

    /// A block of this size, which nobody else takes.
    pub(super) fn take(&self, size: u32) -> Option<Block> {
        let filled = self.filled.load(Ordering::Relaxed);
        if filled == 0 {
            return None;
        }
        let lists = self.lists.iter().enumerate();
        let mut lists = lists.filter(|(number, _)| filled & (1 << number) != 0);
        lists.find_map(|(number, list)| self.take_of(number, list, size))
    }

    fn take_of(&self, number: usize, list: &Mutex<BySize>, size: u32) -> Option<Block> {
        let mut list = list.try_lock().ok()?;
        let of_size = list.get_mut(&size)?;
        let link = of_size.pop()?;
        if of_size.is_empty() {
            list.remove(&size);
            if list.is_empty() {
                // With the lock held: what is put there from here on sets it again.
                self.filled.fetch_and(!(1 << number), Ordering::Relaxed);
            }
        }
        Block::at(link, size)
    }

    /// The locks of all lists.
    #[cfg(test)]
    pub(super) fn lock_all(&self) -> impl Sized {
        self.lists.each_ref().map(|list| list.lock().unwrap())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(link: u64) -> Block {
        Block::at(link, 28).unwrap()
    }

    #[test]
    fn each_block_is_taken_once_and_by_its_size() {
        let freed = FreedBlocks::default();
        assert_eq!(freed.take(28), None);
        let other = Block::at(500, 12).unwrap();
        freed.put([block(1), other, block(30)].into_iter());
        assert_eq!(freed.take(28), Some(block(30)));
        assert_eq!(freed.take(28), Some(block(1)));
        assert_eq!(freed.take(28), None);
        assert_eq!(freed.take(12), Some(other));
        assert_eq!(freed.filled.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn who_finds_a_list_locked_goes_to_the_next() {
        let freed = FreedBlocks::default();
        freed.put(std::iter::once(block(1)));
        let first = freed.lists[0].lock().unwrap();
        assert_eq!(freed.take(28), None);
        freed.put(std::iter::once(block(30)));
        assert_eq!(freed.take(28), Some(block(30)));
        drop(first);
        assert_eq!(freed.take(28), Some(block(1)));
    }

    /// Were it to wait, a sender would wait for a reader.
    #[test]
    fn nobody_waits_where_all_lists_are_locked() {
        let freed = FreedBlocks::default();
        freed.put(std::iter::once(block(1)));
        let all = freed.lock_all();
        assert_eq!(freed.take(28), None);
        freed.put(std::iter::once(block(30)));
        drop(all);
        assert_eq!(freed.take(28), Some(block(1)));
        assert_eq!(freed.take(28), None, "it goes with the head");
    }
}
