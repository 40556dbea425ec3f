//! A cursor over the samples of a series in one source: a block of a segment, or some 256 samples of the head, at a time.

use super::spans::Spans;
use crate::head::series::HeadSeries;
use crate::points::Points;
use crate::query_meter::QueryMeter;
use crate::segment::blocks::Blocks;
use crate::segment::reader::Segment;
use base::store::StoreError;
use base::time::TimeRange;
use std::fmt;

/// The cost of reading and decoding a block, relative to looking at a name.
const BLOCK_STEPS: u64 = 16;

/// So many late samples are sorted in a step.
const LATE_PER_STEP: u64 = 64;

enum Source<'s> {
    Segment {
        segment: &'s Segment,
        blocks: Blocks<'s>,
        last: Option<i64>,
    },
    Column(Box<dyn Iterator<Item = Points> + 's>),
    Late(Option<&'s HeadSeries>),
}

/// A cursor over one source.
pub(super) struct SourceCursor<'s> {
    source: Source<'s>,
    hidden: Spans,
    range: TimeRange,
    /// The samples read last, of which `taken` have been handed out.
    buffer: Points,
    taken: usize,
}

impl fmt::Debug for SourceCursor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceCursor").finish_non_exhaustive()
    }
}

impl<'s> SourceCursor<'s> {
    const fn new(source: Source<'s>, range: TimeRange, hidden: Spans) -> Self {
        Self {
            source,
            hidden,
            range,
            buffer: Points {
                timestamps: Vec::new(),
                values: Vec::new(),
            },
            taken: 0,
        }
    }

    /// These blocks of a segment.
    pub(super) fn segment(
        segment: &'s Segment,
        blocks: Blocks<'s>,
        range: TimeRange,
        hidden: Spans,
    ) -> Self {
        let source = Source::Segment {
            segment,
            blocks,
            last: None,
        };
        Self::new(source, range, hidden)
    }

    /// The samples that came in order.
    pub(super) fn column(series: &'s HeadSeries, range: TimeRange, hidden: Spans) -> Self {
        Self::new(Source::Column(Box::new(series.parts(range))), range, hidden)
    }

    /// The samples that came late.
    pub(super) fn late(series: &'s HeadSeries, range: TimeRange, hidden: Spans) -> Self {
        Self::new(Source::Late(Some(series)), range, hidden)
    }

    /// Reads on when all that was read is taken.
    pub(super) fn fill(&mut self, meter: &mut QueryMeter<'_>) -> Result<(), StoreError> {
        while self.taken == self.buffer.len() {
            self.taken = 0;
            let next = match &mut self.source {
                Source::Segment {
                    segment,
                    blocks,
                    last,
                } => match blocks.next()? {
                    Some(block) => {
                        meter.steps(BLOCK_STEPS)?;
                        Some(segment.read_block(&block, &self.range, last)?)
                    }
                    None => None,
                },
                Source::Column(parts) => match parts.next() {
                    Some(part) => {
                        meter.steps(1)?;
                        Some(part)
                    }
                    None => None,
                },
                Source::Late(series) => match series.take() {
                    Some(series) => {
                        meter.steps(1 + series.late_len() / LATE_PER_STEP)?;
                        Some(series.late_in(&self.range))
                    }
                    None => None,
                },
            };
            let Some(mut points) = next else {
                self.buffer = Points::default();
                return Ok(());
            };
            if !self.hidden.is_empty() {
                points.retain(|at| !self.hidden.contains(at));
            }
            self.buffer = points;
        }
        Ok(())
    }

    /// The last instant that was read and not taken.
    pub(super) fn last(&self) -> Option<i64> {
        let is_left = self.taken < self.buffer.len();
        self.buffer.last().filter(|_| is_left)
    }

    /// Takes what was read up to `bound`, with it.
    pub(super) fn take_through(&mut self, bound: i64) -> Points {
        let rest = self.buffer.timestamps.get(self.taken..).unwrap_or_default();
        let end = self.taken + rest.partition_point(|at| *at <= bound);
        let begin = std::mem::replace(&mut self.taken, end);
        if begin == 0 && end == self.buffer.len() {
            self.taken = 0;
            return std::mem::take(&mut self.buffer);
        }
        self.buffer.slice(begin..end)
    }
}
