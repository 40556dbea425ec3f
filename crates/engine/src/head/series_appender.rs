//! The writing end of one series in the head.
//!
//! Changes that do not only add samples (sorting late samples into the column, deleting a range) build a new series that replaces the
//! old one. Readers that have the old one read it to its end.

use super::batches::Stamp;
use super::block::Block;
use super::block_list::{BlockPosition, FIRST_BYTES, PREPAID_MAX, all_prepaid_max, prepaid};
use super::cell::Cell;
use super::mem_series::MemSeries;
use super::recent::RECENT;
use super::series::HeadSeries;
use super::slabs::{SlabCursor, Slabs};
use crate::guard::LOCKED_SAMPLES_MAX;
use base::id::TenantId;
use base::time::{Millis, TimeRange};
use std::sync::Arc;

/// Late samples are folded into the column when there are as many as this, and as an eighth of the column: that bounds
/// what a reader must sort, and keeps folding linear on the whole.
const LATE_MIN: usize = 256;

/// How many times a copy catches up with its writer before it is applied with the lock held: one that is as fast would never be caught.
pub(crate) const CATCH_UPS_MAX: usize = 8;

/// No day: the first sample of each day differs from it.
const NO_DAY: i32 = i32::MIN;

/// The end of a list of blocks.
#[derive(Debug)]
struct Tail {
    block: Block,
    used: u32,
    /// Of all late samples, those at the column's last instant, which overwrite a sample.
    at_end: u64,
    /// Somebody has begun to fold them in.
    is_folding: bool,
}

/// The outcome of inserting a sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct InsertOutcome {
    /// The batch had written to the series before.
    pub(crate) again: bool,
    /// It arrived out of order.
    pub(crate) late: bool,
    /// There is one more than before.
    pub(crate) added: bool,
    /// So many more bytes are in memory, its part of the block that comes next among them ([`prepaid`]).
    pub(crate) grown: usize,
}

/// The memory of a series in a head before its first sample.
pub(crate) const SERIES_BYTES: usize =
    size_of::<MemSeries>() + size_of::<SeriesAppender>() + 3 * size_of::<usize>();

/// The extra memory of a series' first late sample, besides its share.
pub(crate) const LATE_BYTES: usize = FIRST_BYTES + size_of::<Tail>();

/// The most that so many samples of one series take in memory, whether it is there or new, and in whatever order they are.
pub(crate) const fn bytes_max(samples: u64) -> u64 {
    if samples == 0 {
        return 0;
    }
    // Each list of late samples that they begin has so many, but for the first and the last.
    let folds = samples / LATE_MIN as u64;
    let late = if samples > 1 { folds + 1 } else { 0 };
    SERIES_BYTES as u64 + late * LATE_BYTES as u64 + all_prepaid_max(samples, folds + 3)
}

/// The writer's handle of a series.
#[derive(Debug)]
pub(crate) struct SeriesAppender {
    shared: Arc<MemSeries>,
    /// The column's last block, if it has one.
    block: Option<Block>,
    late: Option<Box<Tail>>,
    /// The column's last instant, if it has one.
    last: i64,
    /// Samples in `block`.
    used: u32,
    /// The day of the last sample that was recorded as activity.
    day: i32,
}

/// The series as it will be after a deletion, or with its late samples folded in, built without a lock.
#[derive(Debug)]
pub(crate) struct PreparedReplacement {
    original: Arc<MemSeries>,
    column_len: usize,
    late_len: usize,
    /// The last blocks that were read.
    column_block: Option<BlockPosition>,
    late_block: Option<BlockPosition>,
    /// The column's last sample as it was read: the batch that wrote it may change it in place.
    end: Option<(i64, f64)>,
    /// What a deletion takes out.
    removed: Option<TimeRange>,
    /// None where nothing was to be taken out.
    copy: Option<SeriesAppender>,
    /// Now there is something to take out, and no copy.
    is_overtaken: bool,
}

/// What has become of late samples that were to be folded in.
#[derive(Debug)]
pub(crate) enum Fold {
    /// They are in the column. So many samples were copied for it, those included that others have overwritten.
    Done { old: Arc<MemSeries>, copied: usize },
    /// They are many: this series is to be folded without a lock.
    Later(Arc<MemSeries>),
}

impl PreparedReplacement {
    /// `copy` has what of `view` is not in `removed`.
    fn new(
        original: &Arc<MemSeries>,
        view: &HeadSeries,
        removed: Option<TimeRange>,
        copy: Option<SeriesAppender>,
    ) -> Self {
        Self {
            original: Arc::clone(original),
            column_len: view.column().len(),
            late_len: view.late().len(),
            column_block: view.column().last_block_from(None),
            late_block: view.late().last_block_from(None),
            end: view.column().last(),
            removed,
            copy,
            is_overtaken: false,
        }
    }

    /// Whether it was prepared of this series, and not of one that it has replaced.
    fn is_of(&self, series: &Arc<MemSeries>) -> bool {
        Arc::ptr_eq(&self.original, series)
    }

    /// Whether it can be applied to the series as it is now without a look at what was there when it was prepared.
    pub(crate) fn is_usable(&self, series: &Arc<MemSeries>, range: &TimeRange) -> bool {
        let is_whole = || self.copy.is_some() || !self.has_more_in(range);
        self.is_of(series) && !self.is_overtaken && is_whole()
    }

    /// Whether it has a copy of what is kept.
    pub(crate) const fn is_copy(&self) -> bool {
        self.copy.is_some()
    }

    /// Adds what has come in since to its copy, so that less is left for when it is applied; no lock is needed. Without a copy, it looks
    /// whether there is still nothing to take out. Returns how many samples it has looked at; 0 where it is to be prepared again.
    pub(crate) fn catch_up(&mut self, cursor: &mut SlabCursor) -> usize {
        let now = HeadSeries::all(Arc::clone(&self.original));
        let mut copy = self.copy.take();
        let mut looked_at = 0;
        for sample in self.more(&now) {
            let is_kept = self.keeps(sample.0);
            match &mut copy {
                Some(copy) if is_kept => drop(copy.append(cursor, Stamp::before_all(), sample)),
                None if !is_kept => {
                    self.is_overtaken = true;
                    return 0;
                }
                _ => {}
            }
            looked_at += 1;
        }
        self.copy = copy;
        self.column_block = now.column().last_block_from(self.column_block);
        self.late_block = now.late().last_block_from(self.late_block);
        self.column_len = now.column().len();
        self.late_len = now.late().len();
        self.end = now.column().last();
        looked_at
    }

    /// Catches up until so little is left that it can be added with the lock held.
    fn caught_up(mut self, cursor: &mut SlabCursor) -> Self {
        for _ in 0..CATCH_UPS_MAX {
            if self.catch_up(cursor) <= LOCKED_SAMPLES_MAX {
                break;
            }
        }
        self
    }

    /// How many samples have come in since, or have changed at the end.
    #[cfg(test)]
    pub(crate) fn behind(&self) -> usize {
        self.more(&HeadSeries::all(Arc::clone(&self.original)))
            .count()
    }

    fn keeps(&self, at: i64) -> bool {
        self.removed
            .is_none_or(|removed| !removed.contains(Millis(at)))
    }

    /// The series that it is to replace.
    pub(crate) const fn original(&self) -> &Arc<MemSeries> {
        &self.original
    }

    /// Whether a sample in `range` has come in since.
    fn has_more_in(&self, range: &TimeRange) -> bool {
        let now = HeadSeries::all(Arc::clone(&self.original));
        let mut more = self.more(&now);
        more.any(|(at, _)| range.contains(Millis(at)))
    }

    /// What has come in since.
    fn more<'s>(&self, now: &'s HeadSeries) -> impl Iterator<Item = (i64, f64)> + use<'s> {
        // A late sample is newer than the column's at the same instant, whichever came in first.
        let last = self.column_len.saturating_sub(1);
        let mut column = now.column().from(self.column_block, last).peekable();
        // The end once more, but only where it was changed in place: as it was, a late sample may have overwritten it.
        if let Some((end_at, end_value)) = self.end {
            column.next_if(|(at, value)| *at == end_at && value.to_bits() == end_value.to_bits());
        }
        column.chain(now.late().from(self.late_block, self.late_len))
    }
}

impl SeriesAppender {
    pub(crate) fn new(tenant: TenantId, slabs: &Arc<Slabs>) -> Self {
        Self {
            shared: Arc::new(MemSeries::new(tenant, Arc::clone(slabs))),
            block: None,
            late: None,
            last: i64::MIN,
            used: 0,
            day: NO_DAY,
        }
    }

    pub(crate) const fn shared(&self) -> &Arc<MemSeries> {
        &self.shared
    }

    /// All its samples, of unfinished batches too.
    pub(crate) fn all(&self) -> HeadSeries {
        HeadSeries::all(Arc::clone(&self.shared))
    }

    /// A byte of what the next sample changes, to [`crate::prefetch`].
    pub(crate) fn prefetch_byte(&self) -> u8 {
        let number = self.shared.visibility.written().column;
        self.shared.recent.prefetch_byte(number)
    }

    /// Samples held, those included that a late one overwrites.
    pub(crate) fn len(&self) -> u64 {
        let lengths = self.shared.visibility.written();
        let all = (lengths.column + lengths.late) as u64;
        all.saturating_sub(self.late.as_ref().map_or(0, |late| late.at_end))
    }

    /// Notes the day of a sample; whether it is not the last one that was noted.
    pub(crate) const fn note_day(&mut self, day: i32) -> bool {
        let is_new = self.day != day;
        self.day = day;
        is_new
    }

    /// Activity may have forgotten the series.
    pub(crate) const fn forget_day(&mut self) {
        self.day = NO_DAY;
    }

    /// Adds a sample of a batch.
    pub(crate) fn append(
        &mut self,
        cursor: &mut SlabCursor,
        stamp: Stamp<'_>,
        (at, value): (i64, f64),
    ) -> InsertOutcome {
        let again = self.shared.visibility.mark(stamp);
        let number = self.shared.visibility.written().column;
        let mut grown = 0;
        let (late, added) = if number == 0 || at > self.last {
            grown = self.grow(cursor, number, (at, value));
            (false, true)
        } else if at == self.last && self.shared.visibility.has_grown() {
            // No reader sees it yet, or nobody reads yet.
            self.shared.recent.set(number - 1, at, value);
            (false, false)
        } else {
            grown = self.push_late(cursor, at, value);
            (at < self.last, at < self.last)
        };
        InsertOutcome {
            again,
            late,
            added,
            grown,
        }
    }

    /// Adds sample `number` to the column; says how much more memory it takes.
    fn grow(&mut self, cursor: &mut SlabCursor, number: usize, (at, value): (i64, f64)) -> usize {
        let shared = &*self.shared;
        if let Some(full) = shared.recent.full(number) {
            Self::move_to_blocks((shared, cursor), &mut self.block, &mut self.used, full);
            shared.recent.set_moved(number);
        }
        shared.recent.set(number, at, value);
        shared.visibility.add();
        self.last = at;
        self.block.map_or(PREPAID_MAX, prepaid)
    }

    /// Adds samples to the last block, or to one after it if it is full.
    fn move_to_blocks(
        (shared, cursor): (&MemSeries, &mut SlabCursor),
        last: &mut Option<Block>,
        used: &mut u32,
        cells: &[Cell; RECENT],
    ) {
        let slabs = &*shared.slabs;
        let block = match *last {
            Some(block) if *used < block.size() => block,
            full => {
                *used = 0;
                *last.insert(shared.column.grow((slabs, cursor), full))
            }
        };
        let places = slabs.samples(block).iter().skip(*used as usize);
        for (place, cell) in places.zip(cells) {
            let (at, value) = cell.read();
            place.set(at, value);
        }
        *used += RECENT as u32;
    }

    /// Adds to what came late; says how much more memory that takes.
    fn push_late(&mut self, cursor: &mut SlabCursor, at: i64, value: f64) -> usize {
        let shared = &*self.shared;
        let slabs = &*shared.slabs;
        let mut grown = 0;
        if self.late.is_none() {
            grown = LATE_BYTES;
        }
        let tail = self.late.get_or_insert_with(|| {
            Box::new(Tail {
                block: shared.late.grow((slabs, cursor), None),
                used: 0,
                at_end: 0,
                is_folding: false,
            })
        });
        if tail.used == tail.block.size() {
            tail.block = shared.late.grow((slabs, cursor), Some(tail.block));
            tail.used = 0;
        }
        if let Some(place) = slabs.samples(tail.block).get(tail.used as usize) {
            place.set(at, value);
        }
        tail.used += 1;
        tail.at_end += u64::from(at == self.last);
        shared.visibility.add_late();
        grown + prepaid(tail.block)
    }

    /// Whether so many samples are late that they are to be folded in, and nobody has begun to.
    pub(crate) fn is_due_to_fold(&self) -> bool {
        let lengths = self.shared.visibility.written();
        lengths.late >= LATE_MIN
            && lengths.late >= lengths.column / 8
            && !self.late.as_ref().is_some_and(|late| late.is_folding)
    }

    /// Folds the late samples in, if the series has at most so many samples: one of the same samples takes the place of the old one, which
    /// is returned. Of a longer one, the series to [fold](Self::prepare_long_fold) without a lock.
    pub(crate) fn fold(&mut self, cursor: &mut SlabCursor, at_most: usize) -> Fold {
        let lengths = self.shared.visibility.written();
        let copied = lengths.column + lengths.late;
        if let Some(late) = &mut self.late
            && copied > at_most
        {
            late.is_folding = true;
            return Fold::Later(Arc::clone(&self.shared));
        }
        let mut folded = Self::prepare_fold(cursor, &self.shared);
        match self.apply_fold(cursor, &mut folded) {
            Some(old) => Fold::Done { old, copied },
            None => Fold::Later(Arc::clone(&self.shared)),
        }
    }

    /// Prepares to fold the late samples in, and what comes in meanwhile; no lock is needed.
    pub(crate) fn prepare_long_fold(
        cursor: &mut SlabCursor,
        of: &Arc<MemSeries>,
    ) -> PreparedReplacement {
        Self::prepare_fold(cursor, of).caught_up(cursor)
    }

    fn prepare_fold(cursor: &mut SlabCursor, of: &Arc<MemSeries>) -> PreparedReplacement {
        let view = HeadSeries::all(Arc::clone(of));
        let mut new = Self::new(of.tenant(), &of.slabs);
        let mut append = |sample| {
            new.append(cursor, Stamp::before_all(), sample);
        };
        // The late samples alone are copied to be sorted: the column may be as large as all memory that there is for samples.
        let late = view.late_in(&TimeRange::ALL);
        let mut column = view.column().samples().peekable();
        for (at, value) in late.iter() {
            while let Some(older) = column.next_if(|(older, _)| *older < at) {
                append(older);
            }
            column.next_if(|(same, _)| *same == at);
            append((at, value));
        }
        column.for_each(append);
        PreparedReplacement::new(of, &view, None, Some(new))
    }

    /// Folds the late samples in as it was prepared: costs what has come in since. Returns the old series; `None` where another
    /// has taken its place meanwhile, and then `folded` is still the caller's, to be freed without a lock.
    pub(crate) fn apply_fold(
        &mut self,
        cursor: &mut SlabCursor,
        folded: &mut PreparedReplacement,
    ) -> Option<Arc<MemSeries>> {
        if !folded.is_of(&self.shared) {
            return None;
        }
        let mut new = folded.copy.take()?;
        for sample in folded.more(&self.all()) {
            new.append(cursor, Stamp::before_all(), sample);
        }
        Some(self.replace(new))
    }

    /// Prepares to take out the samples in `range`; no lock is needed.
    pub(crate) fn prepare(
        cursor: &mut SlabCursor,
        of: &Arc<MemSeries>,
        range: &TimeRange,
    ) -> PreparedReplacement {
        let view = HeadSeries::all(Arc::clone(of));
        let new = view.any_in(range).then(|| {
            let mut new = Self::new(of.tenant(), &of.slabs);
            let samples = view.column().samples().chain(view.late().samples());
            for sample in samples.filter(|(at, _)| !range.contains(Millis(*at))) {
                new.append(cursor, Stamp::before_all(), sample);
            }
            new
        });
        PreparedReplacement::new(of, &view, Some(*range), new)
    }

    /// Takes out the samples in `range`: costs what has come in since it was prepared, or everything where that cannot be used. Returns
    /// the old series, if there was anything to take out.
    pub(crate) fn remove_range(
        &mut self,
        cursor: &mut SlabCursor,
        range: &TimeRange,
        prepared: Option<PreparedReplacement>,
    ) -> Option<Arc<MemSeries>> {
        let usable = prepared.filter(|prepared| prepared.is_usable(&self.shared, range));
        let mut prepared = usable.unwrap_or_else(|| Self::prepare(cursor, &self.shared, range));
        let mut new = prepared.copy.take()?;
        for sample in prepared
            .more(&self.all())
            .filter(|(at, _)| prepared.keeps(*at))
        {
            new.append(cursor, Stamp::before_all(), sample);
        }
        Some(self.replace(new))
    }

    /// `new` takes its place, for readers who see all that has been written to it.
    fn replace(&mut self, new: Self) -> Arc<MemSeries> {
        new.shared.visibility.replace(&self.shared.visibility);
        let day = self.day;
        let old = std::mem::replace(self, new);
        self.day = day;
        old.shared
    }
}

#[cfg(test)]
mod tests;
