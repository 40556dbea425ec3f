//! Pages of block directories in memory: those that were asked for lately, of all segments together within a budget of bytes.
//! A page that was evicted is read again on demand. Only readers of files use the cache, never writers of samples.

use super::layout::Block;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Parts with a lock each, which is held for a look-up and never while a file is read.
const SHARDS: usize = 16;

/// The overhead of a page besides its blocks: its entries in the map and in the ring.
const PAGE_EXTRA_BYTES: u64 = 128;

/// Some blocks that follow each other in the directory of one segment.
pub(super) type Page = Arc<[Block]>;

/// Segment and number of the page.
type Key = (u64, u32);

/// The cache of directory pages.
#[derive(Debug)]
pub(crate) struct PageCache {
    shards: Vec<Mutex<Shard>>,
    /// Bytes of one shard.
    budget: u64,
    next_segment: AtomicU64,
    hits: AtomicU64,
    misses: AtomicU64,
    /// The part of all segments' directories that always stays in memory.
    index_bytes: AtomicU64,
}

#[derive(Debug)]
struct Slot {
    page: Page,
    /// It was asked for since the hand of the clock came by.
    is_used: bool,
}

#[derive(Debug, Default)]
struct Shard {
    pages: HashMap<Key, Slot>,
    /// In the order in which the hand of the clock comes by.
    ring: VecDeque<Key>,
    bytes: u64,
}

/// The figures of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CacheFigures {
    /// Bytes of the pages that it holds.
    pub(crate) bytes: u64,
    pub(crate) hits: u64,
    pub(crate) misses: u64,
    /// Bytes of the sparse indexes of all open segments, which stay in memory.
    pub(crate) index_bytes: u64,
}

fn weight(page: &Page) -> u64 {
    (page.len() * size_of::<Block>()) as u64 + PAGE_EXTRA_BYTES
}

impl PageCache {
    /// An empty one that holds up to `bytes`.
    pub(crate) fn new(bytes: u64) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            budget: bytes / SHARDS as u64,
            next_segment: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            index_bytes: AtomicU64::new(0),
        }
    }

    /// A number for a segment, never given twice: pages of one that is gone are asked for no more, and leave in their turn.
    pub(super) fn next_segment(&self) -> u64 {
        self.next_segment.fetch_add(1, Ordering::Relaxed)
    }

    /// A segment keeps so many more bytes, or fewer.
    pub(super) fn index_changed(&self, more: u64, fewer: u64) {
        self.index_bytes.fetch_add(more, Ordering::Relaxed);
        self.index_bytes.fetch_sub(fewer, Ordering::Relaxed);
    }

    fn shard(&self, (segment, page): Key) -> Option<MutexGuard<'_, Shard>> {
        // Neighbouring pages, which one query asks for, lie apart.
        let at = segment.wrapping_mul(7).wrapping_add(u64::from(page)) % SHARDS as u64;
        let shard = self.shards.get(at as usize)?;
        Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn get(&self, key: Key) -> Option<Page> {
        let mut shard = self.shard(key)?;
        let slot = shard.pages.get_mut(&key)?;
        slot.is_used = true;
        Some(Arc::clone(&slot.page))
    }

    /// The page, which `read` brings when it is not here. No lock is held meanwhile: two who miss the same page both read it.
    pub(super) fn page<E>(
        &self,
        key: Key,
        read: impl FnOnce() -> Result<Page, E>,
    ) -> Result<Page, E> {
        if let Some(page) = self.get(key) {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(page);
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        let page = read()?;
        let gone = match self.shard(key) {
            Some(mut shard) if weight(&page) <= self.budget => {
                shard.insert(key, Arc::clone(&page), self.budget)
            }
            _ => Vec::new(),
        };
        // Freed when the lock is free again.
        drop(gone);
        Ok(page)
    }

    /// The cache's size and counters.
    pub(crate) fn figures(&self) -> CacheFigures {
        let shards = self.shards.iter();
        let bytes = shards.map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).bytes);
        CacheFigures {
            bytes: bytes.sum(),
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            index_bytes: self.index_bytes.load(Ordering::Relaxed),
        }
    }
}

impl Shard {
    /// Puts the page in, and hands out what has to go for it.
    fn insert(&mut self, key: Key, page: Page, budget: u64) -> Vec<Page> {
        let mut gone = Vec::new();
        if self.pages.contains_key(&key) {
            // Somebody else has missed it, too.
            return gone;
        }
        let bytes = weight(&page);
        while self.bytes.saturating_add(bytes) > budget {
            let Some(oldest) = self.ring.pop_front() else {
                break;
            };
            match self.pages.get_mut(&oldest) {
                Some(slot) if slot.is_used => {
                    slot.is_used = false;
                    self.ring.push_back(oldest);
                }
                _ => {
                    if let Some(slot) = self.pages.remove(&oldest) {
                        self.bytes = self.bytes.saturating_sub(weight(&slot.page));
                        gone.push(slot.page);
                    }
                }
            }
        }
        self.bytes += bytes;
        let is_used = false;
        self.pages.insert(key, Slot { page, is_used });
        self.ring.push_back(key);
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series_ref::SeriesRef;

    fn page(series: u32, blocks: usize) -> Page {
        let block = Block {
            series: SeriesRef(series),
            count: 1,
            timestamps_code: 0,
            values_code: 0,
            day: 0,
            from: 0,
            until: 0,
            offset: 0,
            timestamps_bytes: 0,
            values_bytes: 0,
            crc: 0,
        };
        vec![block; blocks].into()
    }

    fn ask(cache: &PageCache, key: Key) -> bool {
        let before = cache.figures().misses;
        let found = cache.page::<()>(key, || Ok(page(key.1, 10))).unwrap();
        assert_eq!(found.first().unwrap().series, SeriesRef(key.1));
        cache.figures().misses > before
    }

    #[test]
    fn what_is_asked_for_again_stays_and_the_budget_is_kept() {
        let one = weight(&page(0, 10));
        let cache = PageCache::new(4 * one * SHARDS as u64);
        for number in 0..1000_u32 {
            // One that is asked for all the time, among many that are asked for once.
            assert_eq!(ask(&cache, (1, 5)), number == 0);
            ask(&cache, (2, number));
            assert!(cache.figures().bytes <= 4 * one * SHARDS as u64);
        }
        assert_eq!(cache.figures().bytes, 4 * one * SHARDS as u64);
    }

    #[test]
    fn without_a_budget_nothing_stays() {
        let cache = PageCache::new(0);
        assert!(ask(&cache, (1, 1)) && ask(&cache, (1, 1)));
        assert_eq!(cache.figures().bytes, 0);
        assert_eq!((cache.figures().hits, cache.figures().misses), (0, 2));
    }

    #[test]
    fn what_could_not_be_read_is_asked_for_again() {
        let cache = PageCache::new(1 << 20);
        assert_eq!(cache.page((1, 1), || Err("no")).unwrap_err(), "no");
        assert!(ask(&cache, (1, 1)));
        assert!(!ask(&cache, (1, 1)));
    }
}
