//! One series in the head, as it is written. Whoever writes holds the lock of its shard; readers hold nothing. A writer adds
//! samples where no reader looks, and tells of them afterwards, with the number of the batch they belong to.
//!
//! What cannot be done by adding (folding late samples into the column, deleting a range) makes a new series in place of the
//! old one, which readers who have it read to its end.

use super::batches::Seen;
use super::block::{Block, Run};
use super::series::HeadSeries;
use base::id::TenantId;
use base::time::{Millis, TimeRange};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// Late samples are folded into the column when there are as many as this, and as an eighth of the column: that bounds
/// what a reader must sort, and keeps folding linear on the whole.
const LATE_MIN: usize = 256;

/// In place of a batch's number while the marks are changed. No batch has it.
const CHANGING: u64 = u64::MAX;

/// In place of the length before a batch, where its samples are mixed with older ones. No column is as long.
const UNKNOWN: u64 = u64::MAX;

/// No day: the first sample of each day differs from it.
const NO_DAY: i32 = i32::MIN;

/// What readers and the writer share.
#[derive(Debug)]
pub(crate) struct Live {
    tenant: TenantId,
    /// The batch that wrote last, and the one before it.
    batch: AtomicU64,
    previous: AtomicU64,
    /// How many samples count, now and before the last batch.
    column_len: AtomicU64,
    column_before: AtomicU64,
    late_len: AtomicU64,
    late_before: AtomicU64,
    column: Arc<Block>,
    late: OnceLock<Arc<Block>>,
}

/// The series has been written to by a batch that a reader does not see, and what it was before that is not known: another
/// batch has written since, or the series was made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Newer;

impl Live {
    /// As a reader has it who sees these batches; who names none sees all there is.
    pub(crate) fn view(&self, seen: Option<&Seen>) -> Result<HeadSeries, Newer> {
        let (column_len, late_len) = self.lengths(seen)?;
        let column = Run::new(Some(Arc::clone(&self.column)), column_len);
        let late = Run::new(self.late.get().cloned(), late_len);
        Ok(HeadSeries::new(self.tenant, column, late))
    }

    /// How many samples of the column, and how many late ones, are seen.
    fn lengths(&self, seen: Option<&Seen>) -> Result<(usize, usize), Newer> {
        loop {
            let batch = self.batch.load(Ordering::Acquire);
            if batch == CHANGING {
                std::thread::yield_now();
                continue;
            }
            let before = (
                self.column_before.load(Ordering::Acquire),
                self.late_before.load(Ordering::Acquire),
            );
            let previous = self.previous.load(Ordering::Acquire);
            // The late ones first: of what one of them overwrites nothing may be missing from the column.
            let late = self.late_len.load(Ordering::Acquire);
            let now = (self.column_len.load(Ordering::Acquire), late);
            if self.batch.load(Ordering::Acquire) != batch {
                continue;
            }
            let (column, late) = match seen {
                // Its samples lie before those of the last batch, whether that one is seen or not.
                Some(seen) if !seen.has(previous) => return Err(Newer),
                Some(seen) if !seen.has(batch) && before.0 == UNKNOWN => return Err(Newer),
                Some(seen) if !seen.has(batch) => before,
                _ => now,
            };
            return Ok((column as usize, late as usize));
        }
    }

    /// A batch begins to write to it; true when it has begun before.
    fn mark(&self, batch: u64) -> bool {
        let last = self.batch.load(Ordering::Relaxed);
        if last == batch {
            return true;
        }
        self.batch.store(CHANGING, Ordering::Relaxed);
        // Each after the one before it, so that who reads a changed mark finds `batch` changed as well.
        self.previous.store(last, Ordering::Release);
        let column = self.column_len.load(Ordering::Relaxed);
        self.column_before.store(column, Ordering::Release);
        let late = self.late_len.load(Ordering::Relaxed);
        self.late_before.store(late, Ordering::Release);
        self.batch.store(batch, Ordering::Release);
        false
    }
}

/// The end of a list.
#[derive(Debug)]
struct Tail {
    block: Arc<Block>,
    used: usize,
    /// Of all late samples, those that overwrite what was the column's end.
    same: u64,
}

/// What became of a sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Written {
    /// It arrived out of order.
    pub(crate) late: bool,
    /// The same batch had written to the series before.
    pub(crate) again: bool,
    /// There is one more than before.
    pub(crate) added: bool,
    /// So many more bytes are in memory.
    pub(crate) grown: usize,
}

/// What a series takes in the memory of a head before its first sample.
pub(crate) const SERIES_BYTES: usize =
    size_of::<Live>() + size_of::<Hot>() + 3 * size_of::<usize>();

/// The writer's end of a series.
#[derive(Debug)]
pub(crate) struct Hot {
    live: Arc<Live>,
    /// The column's last block.
    block: Arc<Block>,
    late: Option<Box<Tail>>,
    /// The column's last instant, if `used` is not 0.
    last: i64,
    used: u32,
    /// The day of the last sample that activity was told of.
    day: i32,
}

/// What a series will be after a deletion, made without a lock.
#[derive(Debug)]
pub(crate) struct Prepared {
    of: Arc<Live>,
    column_len: usize,
    late_len: usize,
    /// The column's last sample as it was read: the batch that wrote it may change it in place.
    end: Option<(i64, f64)>,
    new: Hot,
}

impl Hot {
    pub(crate) fn new(tenant: TenantId) -> Self {
        let column = Block::after(0);
        let live = Arc::new(Live {
            tenant,
            batch: AtomicU64::new(0),
            previous: AtomicU64::new(0),
            column_len: AtomicU64::new(0),
            column_before: AtomicU64::new(0),
            late_len: AtomicU64::new(0),
            late_before: AtomicU64::new(0),
            column: Arc::clone(&column),
            late: OnceLock::new(),
        });
        Self {
            live,
            block: column,
            late: None,
            last: i64::MIN,
            used: 0,
            day: NO_DAY,
        }
    }

    pub(crate) const fn live(&self) -> &Arc<Live> {
        &self.live
    }

    /// What its first block takes in memory.
    pub(crate) fn first_bytes(&self) -> usize {
        self.live.column.bytes()
    }

    /// Samples held, those included that a late one overwrites.
    pub(crate) fn len(&self) -> u64 {
        let live = &self.live;
        let all = live.column_len.load(Ordering::Relaxed) + live.late_len.load(Ordering::Relaxed);
        all.saturating_sub(self.late.as_ref().map_or(0, |late| late.same))
    }

    /// Whether activity has not been told of this day just now.
    pub(crate) const fn is_new_day(&mut self, day: i32) -> bool {
        let is_new = self.day != day;
        self.day = day;
        is_new
    }

    /// Activity may have forgotten the series.
    pub(crate) const fn forget_day(&mut self) {
        self.day = NO_DAY;
    }

    /// Adds a sample of a batch.
    pub(crate) fn append(&mut self, batch: u64, at: i64, value: f64) -> Written {
        let again = self.live.mark(batch);
        let is_first = self.used == 0;
        let mut grown = 0;
        let (late, added) = if is_first || at > self.last {
            grown = self.grow(at, value);
            (false, true)
        } else if at == self.last && self.is_own_end() {
            // No reader sees it yet, or nobody reads yet.
            self.block.set(self.used as usize - 1, at, value);
            (false, false)
        } else {
            grown = self.push_late(at, value);
            (at < self.last, at < self.last)
        };
        Written {
            late,
            again,
            added,
            grown,
        }
    }

    /// Whether the column's last sample was written by the batch that writes now.
    fn is_own_end(&self) -> bool {
        let live = &self.live;
        live.column_len.load(Ordering::Relaxed) > live.column_before.load(Ordering::Relaxed)
    }

    /// Adds to the column; says how much more memory it takes.
    fn grow(&mut self, at: i64, value: f64) -> usize {
        let mut grown = 0;
        if self.used as usize == self.block.size() {
            self.block = Arc::clone(self.block.grow());
            self.used = 0;
            grown = self.block.bytes();
        }
        self.block.set(self.used as usize, at, value);
        self.used += 1;
        self.last = at;
        let length = self.live.column_len.load(Ordering::Relaxed);
        self.live.column_len.store(length + 1, Ordering::Release);
        grown
    }

    /// Adds to what came late; says how much more memory that takes.
    fn push_late(&mut self, at: i64, value: f64) -> usize {
        let live = &self.live;
        let mut grown = 0;
        if self.late.is_none() {
            grown = live.late.get_or_init(|| Block::after(0)).bytes();
        }
        let tail = self.late.get_or_insert_with(|| {
            let block = Arc::clone(live.late.get_or_init(|| Block::after(0)));
            Box::new(Tail {
                block,
                used: 0,
                same: 0,
            })
        });
        if tail.used == tail.block.size() {
            tail.block = Arc::clone(tail.block.grow());
            tail.used = 0;
            grown = tail.block.bytes();
        }
        tail.block.set(tail.used, at, value);
        tail.used += 1;
        tail.same += u64::from(at == self.last);
        let length = live.late_len.load(Ordering::Relaxed);
        live.late_len.store(length + 1, Ordering::Release);
        grown
    }

    /// Whether so many samples are late that they are to be folded in.
    pub(crate) fn is_due_to_fold(&self) -> bool {
        let late = self.live.late_len.load(Ordering::Relaxed) as usize;
        late >= LATE_MIN && late >= self.live.column_len.load(Ordering::Relaxed) as usize / 8
    }

    /// The same samples without late ones, in place of the old series, which is returned.
    pub(crate) fn fold(&mut self) -> Option<Arc<Live>> {
        let all = self.live.view(None).ok()?.read(&TimeRange::ALL);
        let mut new = Self::new(self.live.tenant);
        for (at, value) in all.iter() {
            new.append(0, at, value);
        }
        Some(self.replace(new))
    }

    /// Prepares to take out the samples in `range`; no lock is needed.
    pub(crate) fn prepare(of: &Arc<Live>, range: &TimeRange) -> Option<Prepared> {
        let view = of.view(None).ok()?;
        let mut new = Self::new(of.tenant);
        let kept = |(at, _): &(i64, f64)| !range.contains(Millis(*at));
        let mut end = None;
        let column = view.column().samples().inspect(|own| end = Some(*own));
        for (at, value) in column.filter(kept) {
            new.append(0, at, value);
        }
        for (at, value) in view.late().samples().filter(kept) {
            new.append(0, at, value);
        }
        Some(Prepared {
            of: Arc::clone(of),
            column_len: view.column().len(),
            late_len: view.late().len(),
            end,
            new,
        })
    }

    /// Takes out the samples in `range`: costs what has come in since it was prepared, or everything where the series is not
    /// the one that was prepared. Returns the old series.
    pub(crate) fn remove_range(
        &mut self,
        range: &TimeRange,
        prepared: Option<Prepared>,
    ) -> Option<Arc<Live>> {
        let usable = prepared.filter(|own| Arc::ptr_eq(&own.of, &self.live));
        let Prepared {
            column_len,
            late_len,
            end,
            mut new,
            ..
        } = match usable {
            Some(prepared) => prepared,
            None => Self::prepare(&self.live, range)?,
        };
        let now = self.live.view(None).ok()?;
        let kept = |(at, _): &(i64, f64)| !range.contains(Millis(*at));
        // A late sample is newer than the column's at the same instant, whichever came in first.
        let mut column = now.column().from(column_len.saturating_sub(1)).peekable();
        // The end once more, but only where it was changed in place: as it was, a late sample may have overwritten it.
        if let Some((end_at, end_value)) = end {
            column.next_if(|(at, value)| *at == end_at && value.to_bits() == end_value.to_bits());
        }
        let late = now.late().from(late_len);
        for (at, value) in column.chain(late).filter(kept) {
            new.append(0, at, value);
        }
        Some(self.replace(new))
    }

    /// `new` takes its place, for readers who see all that has been written to it.
    fn replace(&mut self, new: Self) -> Arc<Live> {
        let batch = self.live.batch.load(Ordering::Relaxed);
        if !new.live.mark(batch) {
            let previous = self.live.previous.load(Ordering::Relaxed);
            new.live.previous.store(previous, Ordering::Release);
            new.live.column_before.store(UNKNOWN, Ordering::Release);
        }
        let day = self.day;
        let old = std::mem::replace(self, new);
        self.day = day;
        old.live
    }
}

#[cfg(test)]
mod tests;
