//! One series in the head, as a reader has it: a column that ascends, and a list of what arrived late, both as long as they
//! were when they looked. Nothing changes under them.
//!
//! Invariant: among equal instants a late sample is the newer one, and of two late ones the later in the list.

use super::batches::DoneBatches;
use super::block_list::{Run, clipped_to, points};
use super::cell::Cell;
use super::cells_view::CellsView;
pub(crate) use super::cells_view::PART_MIN;
use super::mem_series::MemSeries;
use super::recent::RecentCells;
use super::visibility::{Lengths, NotVisible};
use crate::day::Day;
use crate::points::Points;
use base::id::TenantId;
use base::time::{Millis, TimeRange};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The samples of one series since the last flush.
#[derive(Debug)]
pub(crate) struct HeadSeries {
    tenant: TenantId,
    samples: Samples,
}

/// Where a reader has the samples.
#[derive(Debug)]
enum Samples {
    /// In the head, which stays in memory as a whole for as long.
    InHead {
        shared: Arc<MemSeries>,
        /// Samples of the column that are in blocks.
        in_blocks: usize,
        recent: RecentCells,
        late: usize,
    },
    Copied {
        column: Vec<Cell>,
        late: Vec<Cell>,
    },
}

impl HeadSeries {
    /// The samples that a reader of these batches sees.
    pub(crate) fn visible(shared: Arc<MemSeries>, done: &DoneBatches) -> Result<Self, NotVisible> {
        let lengths = shared.visibility.lengths(done)?;
        Ok(Self::in_head(shared, lengths))
    }

    /// All samples, of unfinished batches too.
    pub(crate) fn all(shared: Arc<MemSeries>) -> Self {
        let lengths = shared.visibility.all();
        Self::in_head(shared, lengths)
    }

    fn in_head(shared: Arc<MemSeries>, lengths: Lengths) -> Self {
        let (in_blocks, recent) = shared.recent.read(lengths.column);
        Self {
            tenant: shared.tenant(),
            samples: Samples::InHead {
                shared,
                in_blocks,
                recent,
                late: lengths.late,
            },
        }
    }

    /// A copy of the samples in `range`, which needs no head.
    pub(crate) fn copied(&self, range: &TimeRange) -> Self {
        // No larger than what is reserved for the series.
        let mut column = Vec::with_capacity(self.min_len_in(range) as usize);
        for part in self.clipped(*range) {
            column.extend_from_slice(part);
        }
        let mut late = Vec::with_capacity(self.late().len());
        let in_range = |(at, _): &(i64, f64)| range.contains(Millis(*at));
        late.extend(self.late().samples().filter(in_range).map(Cell::from));
        Self {
            tenant: self.tenant,
            samples: Samples::Copied { column, late },
        }
    }

    /// Whether it keeps a head in memory.
    pub(crate) const fn is_in_head(&self) -> bool {
        matches!(self.samples, Samples::InHead { .. })
    }

    /// Whether it keeps a head in memory whose samples are in files.
    pub(crate) fn is_in_flushed_head(&self) -> bool {
        matches!(&self.samples, Samples::InHead { shared, .. } if shared.slabs.is_retired())
    }

    pub(crate) const fn tenant(&self) -> TenantId {
        self.tenant
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Samples held, those included that a late one overwrites.
    pub(crate) fn len(&self) -> u64 {
        self.column().len() as u64 + self.late_len()
    }

    /// Samples that arrived late, and are not in the column yet.
    pub(crate) fn late_len(&self) -> u64 {
        self.late().len() as u64
    }

    pub(super) fn column(&self) -> CellsView<'_> {
        match &self.samples {
            Samples::InHead {
                shared,
                in_blocks,
                recent,
                ..
            } => {
                let in_blocks = shared.column.run(&shared.slabs, *in_blocks);
                CellsView::new(in_blocks, recent.cells())
            }
            Samples::Copied { column, .. } => CellsView::new(Run::empty(), column),
        }
    }

    pub(super) fn late(&self) -> CellsView<'_> {
        match &self.samples {
            Samples::InHead { shared, late, .. } => {
                CellsView::new(shared.late.run(&shared.slabs, *late), &[])
            }
            Samples::Copied { late, .. } => CellsView::new(Run::empty(), late),
        }
    }

    /// The column's samples in `range`, in parts of which none is empty.
    pub(crate) fn parts(&self, range: TimeRange) -> impl Iterator<Item = Points> {
        let mut clipped = self.clipped(range);
        std::iter::from_fn(move || {
            let mut part = points(clipped.next()?);
            while part.len() < PART_MIN
                && let Some(cells) = clipped.next()
            {
                part.extend(points(cells));
            }
            Some(part)
        })
    }

    /// The same without a copy, a block each.
    pub(crate) fn uncopied_parts(
        &self,
        range: TimeRange,
    ) -> impl Iterator<Item = impl ExactSizeIterator<Item = (Millis, f64)>> {
        self.clipped(range).map(|part| {
            part.iter().map(|cell| {
                let (at, value) = cell.read();
                (Millis(at), value)
            })
        })
    }

    fn clipped(&self, range: TimeRange) -> impl Iterator<Item = &[Cell]> {
        let (from, until) = (range.from.0, range.until.0);
        let parts = self.column().parts(from, until);
        parts
            .map(move |part| clipped_to(part, from, until))
            .filter(|part| !part.is_empty())
    }

    /// The samples in `range` that arrived late; of equal instants in the column, these count.
    pub(crate) fn late_in(&self, range: &TimeRange) -> Points {
        let late = self.late().samples();
        sorted(late.filter(|(at, _)| range.contains(Millis(*at))))
    }

    /// Whether it has a sample in `range`.
    pub(crate) fn any_in(&self, range: &TimeRange) -> bool {
        self.clipped(*range).next().is_some()
            || (self.late().samples()).any(|(at, _)| range.contains(Millis(at)))
    }

    /// How many samples it has in `range`, not counting those that arrived late.
    pub(crate) fn min_len_in(&self, range: &TimeRange) -> u64 {
        self.clipped(*range).map(|part| part.len() as u64).sum()
    }

    /// The days it has samples on, ascending.
    pub(crate) fn days(&self) -> BTreeSet<Day> {
        let (mut days, mut last) = (BTreeSet::new(), None);
        for (at, _) in self.column().samples().chain(self.late().samples()) {
            let day = Day::of(Millis(at));
            if last.replace(day) != Some(day) {
                days.insert(day);
            }
        }
        days
    }

    pub(crate) fn read(&self, range: &TimeRange) -> Points {
        let mut column = Points::default();
        for part in self.parts(*range) {
            column.extend(part);
        }
        column.merged(self.late_in(range))
    }
}

/// Samples in the order they arrived, as ascending points; of equal instants the last one stays.
fn sorted(samples: impl Iterator<Item = (i64, f64)>) -> Points {
    let mut samples: Vec<(i64, f64)> = samples.collect();
    samples.sort_by_key(|(at, _)| *at);
    let mut points = Points::default();
    let mut rest = samples.into_iter().peekable();
    while let Some((at, value)) = rest.next() {
        if rest.peek().is_none_or(|(next, _)| *next != at) {
            points.push(at, value);
        }
    }
    points
}
