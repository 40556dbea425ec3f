//! One series, read from everywhere it has samples, piece by piece. Of equal instants the newest write counts: the head over
//! the frozen head over segments, and among those of a day the higher sequence.
//!
//! Segments are read a day after the other; those with samples of many days beside them, from the first day to the last.
//!
//! In memory it keeps one block of each segment of the current day and of each late segment, the late samples of both heads, and one
//! chunk of their others. So what files have of a series is never in memory as a whole.

use super::source_cursor::SourceCursor;
use super::spans::{Deletion, Spans};
use crate::head::series::HeadSeries;
use crate::points::Points;
use crate::query_meter::QueryMeter;
use crate::segment::layout::BLOCK_SAMPLES;
use crate::segment::reader::Segment;
use crate::series_ref::SeriesRef;
use base::id::TenantId;
use base::store::StoreError;
use base::time::TimeRange;
use std::sync::Arc;

/// The samples of a series in the frozen head.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrozenSource<'s> {
    pub(crate) samples: &'s HeadSeries,
    /// The last record whose effect is in it.
    pub(crate) sequence: u64,
}

/// Where a series has samples.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sources<'s> {
    pub(crate) tenant: TenantId,
    pub(crate) series: SeriesRef,
    pub(crate) range: TimeRange,
    /// Ascending by day, then by sequence.
    pub(crate) segments: &'s [Arc<Segment>],
    /// The deletions that concern the series.
    pub(crate) deletions: &'s [Deletion],
    pub(crate) frozen: Option<FrozenSource<'s>>,
    pub(crate) head: Option<&'s HeadSeries>,
}

impl<'s> Sources<'s> {
    /// The head's column, where the series has samples nowhere else and no deletion hides any of them.
    pub(crate) fn sole_column(&self) -> Option<&'s HeadSeries> {
        let sole = match (self.frozen, self.head) {
            (None, Some(head)) => head,
            // A deletion is not taken out of the frozen head.
            (Some(frozen), None) if self.deletions.is_empty() => frozen.samples,
            _ => return None,
        };
        (self.segments.is_empty() && sole.late_len() == 0).then_some(sole)
    }
}

/// Reads a series from all its sources.
#[derive(Debug)]
pub(crate) struct SeriesReader<'s> {
    sources: Sources<'s>,
    /// The segments of the days that are still to come.
    rest: &'s [Arc<Segment>],
    /// Of one day, and of all days, each with its sequence: ascending.
    stored: Vec<SegmentSource<'s>>,
    /// Of all days: the frozen head's, then the head's.
    newest: Vec<SourceCursor<'s>>,
}

/// The samples of a series in one segment.
#[derive(Debug)]
struct SegmentSource<'s> {
    sequence: u64,
    is_multi_day: bool,
    cursor: SourceCursor<'s>,
}

impl<'s> SeriesReader<'s> {
    pub(crate) fn new(sources: Sources<'s>) -> Result<Self, StoreError> {
        let mut newest = Vec::new();
        let hidden = |purged: Option<u64>| match purged {
            Some(purged) => Spans::later_than(sources.deletions, purged),
            // A deletion takes out of the head what it hides elsewhere.
            None => Spans::default(),
        };
        let frozen = sources
            .frozen
            .map(|frozen| (frozen.samples, Some(frozen.sequence)));
        let head = sources.head.map(|series| (series, None));
        for (series, purged) in frozen.into_iter().chain(head) {
            newest.push(SourceCursor::column(series, sources.range, hidden(purged)));
            if series.late_len() > 0 {
                newest.push(SourceCursor::late(series, sources.range, hidden(purged)));
            }
        }
        let mut reader = Self {
            sources,
            rest: sources.segments,
            stored: Vec::new(),
            newest,
        };
        for segment in sources
            .segments
            .iter()
            .filter(|segment| segment.is_multi_day())
        {
            let late = reader.open(segment)?;
            reader.stored.extend(late);
        }
        reader.stored.sort_by_key(|reader| reader.sequence);
        Ok(reader)
    }

    /// The series in one segment, if it is there.
    fn open(&self, segment: &'s Arc<Segment>) -> Result<Option<SegmentSource<'s>>, StoreError> {
        let Sources {
            tenant,
            series,
            range,
            deletions,
            ..
        } = self.sources;
        let Some(blocks) = segment.blocks_in(tenant, series, &range)? else {
            return Ok(None);
        };
        let hidden = Spans::later_than(deletions, segment.purged());
        Ok(Some(SegmentSource {
            sequence: segment.sequence(),
            is_multi_day: segment.is_multi_day(),
            cursor: SourceCursor::segment(segment, blocks, range, hidden),
        }))
    }

    /// How many samples it may have in memory now, with those of the next piece.
    pub(crate) fn window(&self) -> u64 {
        let cursors = (self.stored.len() + self.newest.len() + 1) as u64;
        let heads = self.sources.frozen.map(|frozen| frozen.samples);
        let heads = heads.into_iter().chain(self.sources.head);
        cursors * BLOCK_SAMPLES as u64 + heads.map(HeadSeries::late_len).sum::<u64>()
    }

    /// The next samples, which are later than all before; empty when there are no more.
    pub(crate) fn next(&mut self, meter: &mut QueryMeter<'_>) -> Result<Points, StoreError> {
        loop {
            for source in &mut self.stored {
                source.cursor.fill(meter)?;
            }
            let mut of_day = self.stored.iter().filter(|source| !source.is_multi_day);
            if of_day.all(|source| source.cursor.last().is_none()) && self.next_day(meter)? {
                continue;
            }
            break;
        }
        for cursor in &mut self.newest {
            cursor.fill(meter)?;
        }
        let stored = self.stored.iter().map(|source| &source.cursor);
        let cursors = stored.chain(&self.newest);
        let Some(bound) = cursors.filter_map(SourceCursor::last).min() else {
            return Ok(Points::default());
        };
        let mut points = Points::default();
        let stored = self.stored.iter_mut().map(|source| &mut source.cursor);
        for cursor in stored.chain(&mut self.newest) {
            points = points.merged(cursor.take_through(bound));
        }
        Ok(points)
    }

    /// Moves to the next day; false if there is none.
    fn next_day(&mut self, meter: &mut QueryMeter<'_>) -> Result<bool, StoreError> {
        self.stored.retain(|source| source.is_multi_day);
        let is_multi_day = |segment: &&Arc<Segment>| segment.is_multi_day();
        let late = self.rest.iter().take_while(is_multi_day).count();
        self.rest = self.rest.get(late..).unwrap_or_default();
        let Some(first) = self.rest.first() else {
            return Ok(false);
        };
        let segments = self.rest.iter();
        let count = segments
            .take_while(|segment| segment.day() == first.day())
            .count();
        let (day, rest) = self.rest.split_at_checked(count).unwrap_or_default();
        self.rest = rest;
        for segment in day.iter().filter(|segment| !segment.is_multi_day()) {
            meter.steps(1)?;
            let opened = self.open(segment)?;
            self.stored.extend(opened);
        }
        // Of equal instants the later write counts, whichever kind of segment it is in.
        self.stored.sort_by_key(|source| source.sequence);
        Ok(true)
    }
}
