//! How many samples of a series are visible to a reader. One writer at a time, which holds the lock of the series' shard, marks the
//! series with its batch and then counts sample after sample. Readers take no lock; they find how many samples there were when the
//! last batch that is visible to them was done.
//!
//! A reader can be shown two states: the one of now, and the one before the last batch. For each of them it must know that
//! nothing in it is of a batch that it does not see. The last two batches are kept by number. Of older ones only the highest
//! number that was still open when the next batch began is kept: a batch that was done by then is done for every reader that
//! knows of that next batch.
//!
//! `tests/interleavings` runs this file under `loom`.

use super::batches::{DoneBatches, Stamp};
use crate::sync::{AtomicU64, Ordering, yield_now};

/// In place of a batch's number while the marks are changed. No batch has it.
const CHANGING: u64 = u64::MAX;

/// In place of the lengths before a batch, where its samples are mixed with older ones. No series is as long: a column has never grown
/// beyond it.
const UNKNOWN: u64 = u64::MAX;

/// Where the number of late samples begins in a packed length. A column of 2^34 samples would take 256 GiB of memory, and 2^30 late
/// samples wait only behind a column of 2^33, because they are folded in when they are an eighth of it, or while it is copied for that: a
/// flush begins long before.
const LATE_SHIFT: u32 = 34;

/// One late sample in a packed length.
const ONE_LATE: u64 = 1 << LATE_SHIFT;

/// How often a reader tries to read the marks at one moment. They are changed in a few steps, so more than a try or two are
/// needed where the thread that changes them has lost its processor, or batch after batch begins to write.
const READS_MAX: usize = 64;

/// How many samples of a series are visible, and to which batches.
#[derive(Debug)]
pub(crate) struct Visibility {
    /// The batch that wrote last, and the one before it.
    batch: AtomicU64,
    previous: AtomicU64,
    /// The highest batch before `batch` that may not have been done when that began, and the same for `previous`; 0 when all
    /// were done.
    open: AtomicU64,
    previous_open: AtomicU64,
    /// How many samples count, now and before the last batch: [`Lengths`] in one number.
    now: AtomicU64,
    before: AtomicU64,
}

/// How many samples of the column, and how many late ones, are seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lengths {
    pub(crate) column: usize,
    pub(crate) late: usize,
}

impl Lengths {
    const fn unpack(packed: u64) -> Self {
        Self {
            column: (packed % ONE_LATE) as usize,
            late: (packed / ONE_LATE) as usize,
        }
    }
}

/// The marks at one moment.
#[derive(Debug)]
struct VisibilityMarks {
    batch: u64,
    previous: u64,
    open: u64,
    previous_open: u64,
    before: u64,
    now: u64,
}

/// The series has been written to by a batch that a reader does not see, and what it was before that is not known: another
/// batch has written since, the series was created again, or the batch is only just beginning with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotVisible;

impl Default for Visibility {
    fn default() -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            batch: zero(),
            previous: zero(),
            open: zero(),
            previous_open: zero(),
            now: zero(),
            before: zero(),
        }
    }
}

impl Visibility {
    /// For a reader who sees these batches.
    pub(crate) fn lengths(&self, done: &DoneBatches) -> Result<Lengths, NotVisible> {
        let marks = self.read().ok_or(NotVisible)?;
        let is_whole = if done.has_begun(marks.batch) {
            done.has_all_through(marks.open)
        } else {
            done.has(marks.previous) && done.has_all_through(marks.previous_open)
        };
        if !is_whole {
            return Err(NotVisible);
        }
        match done.has(marks.batch) {
            true => Ok(Lengths::unpack(marks.now)),
            false if marks.before == UNKNOWN => Err(NotVisible),
            false => Ok(Lengths::unpack(marks.before)),
        }
    }

    /// All samples, of whatever batch. This never has to be tried again.
    pub(crate) fn all(&self) -> Lengths {
        Lengths::unpack(self.now.load(Ordering::Acquire))
    }

    /// All of the marks, of one moment; `None` where they have changed with every try.
    fn read(&self) -> Option<VisibilityMarks> {
        (0..READS_MAX).find_map(|_| self.try_read())
    }

    fn try_read(&self) -> Option<VisibilityMarks> {
        let batch = self.batch.load(Ordering::Acquire);
        if batch == CHANGING {
            yield_now();
            return None;
        }
        // A batch can mark a series again after another one has (`append.rs`): its number comes back. `before` never does, because each
        // mark is followed by a sample.
        let before = self.before.load(Ordering::Acquire);
        let previous = self.previous.load(Ordering::Acquire);
        let open = self.open.load(Ordering::Acquire);
        let previous_open = self.previous_open.load(Ordering::Acquire);
        let now = self.now.load(Ordering::Acquire);
        let is_unchanged = self.batch.load(Ordering::Acquire) == batch
            && self.before.load(Ordering::Relaxed) == before;
        is_unchanged.then_some(VisibilityMarks {
            batch,
            previous,
            open,
            previous_open,
            before,
            now,
        })
    }

    /// A batch begins to write to it; true when it has begun before.
    pub(crate) fn mark(&self, stamp: Stamp<'_>) -> bool {
        let last = self.batch.load(Ordering::Relaxed);
        if last == stamp.number {
            return true;
        }
        let open = self.open.load(Ordering::Relaxed);
        let mut still_open = 0;
        if !stamp.before.has_all_through(open) {
            still_open = open;
        }
        if !stamp.before.has(last) {
            still_open = still_open.max(last);
        }
        self.batch.store(CHANGING, Ordering::Relaxed);
        // A reader who finds it changed, but `batch` not, takes the series for unseen: it finds a batch there that it does not
        // see, as it would find the mark of any that it does see.
        self.previous.store(last, Ordering::Relaxed);
        // These each after the one before it, so that a reader of a changed mark finds `batch` changed as well.
        self.previous_open.store(open, Ordering::Release);
        self.open.store(still_open, Ordering::Release);
        let now = self.now.load(Ordering::Relaxed);
        self.before.store(now, Ordering::Release);
        self.batch.store(stamp.number, Ordering::Release);
        false
    }

    /// There is one more in the column, which was written before.
    pub(crate) fn add(&self) {
        self.lengthen(1);
    }

    /// There is one more late sample, which was written before.
    pub(crate) fn add_late(&self) {
        self.lengthen(ONE_LATE);
    }

    fn lengthen(&self, one: u64) {
        let now = self.now.load(Ordering::Relaxed);
        debug_assert!(now % ONE_LATE < ONE_LATE - 1, "the column is full");
        self.now.store(now + one, Ordering::Release);
    }

    /// For the writer: how many there are.
    pub(crate) fn written(&self) -> Lengths {
        Lengths::unpack(self.now.load(Ordering::Relaxed))
    }

    /// For the writer: whether the batch that writes now has added to the column.
    pub(crate) fn has_grown(&self) -> bool {
        let before = Lengths::unpack(self.before.load(Ordering::Relaxed));
        self.written().column > before.column
    }

    /// A series that no reader knows of yet takes the place of another with these marks. What it was before the last batch
    /// is not known.
    pub(crate) fn replace(&self, old: &Self) {
        let batch = old.batch.load(Ordering::Relaxed);
        if batch == 0 {
            return;
        }
        for (mark, old) in [
            (&self.previous, &old.previous),
            (&self.open, &old.open),
            (&self.previous_open, &old.previous_open),
        ] {
            mark.store(old.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        self.before.store(UNKNOWN, Ordering::Relaxed);
        self.batch.store(batch, Ordering::Release);
    }
}
