//! One series, read from everywhere it has samples, piece by piece. Of equal instants the newest write counts: the head over
//! the frozen head over segments, and among those of a day the higher sequence.
//!
//! What it has in memory is a block of each segment of one day, a chunk of each head, and what came late: never the series.

use super::lane::Lane;
use super::pace::Pace;
use super::spans::{Deletion, Spans};
use crate::head::series::HeadSeries;
use crate::points::Points;
use crate::segment::layout::BLOCK_SAMPLES;
use crate::segment::reader::Segment;
use base::id::{SeriesRef, TenantId};
use base::store::StoreError;
use base::time::TimeRange;
use std::sync::Arc;

/// Where a series has samples.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sources<'s> {
    pub(crate) tenant: TenantId,
    pub(crate) series: SeriesRef,
    pub(crate) range: TimeRange,
    /// Ascending by day, then by sequence.
    pub(crate) segments: &'s [Arc<Segment>],
    /// Those that concern the series.
    pub(crate) deletions: &'s [Deletion],
    /// With the last record whose effect is in it.
    pub(crate) frozen: Option<(&'s HeadSeries, u64)>,
    pub(crate) head: Option<&'s HeadSeries>,
}

/// A series that is read.
#[derive(Debug)]
pub(crate) struct SeriesReader<'s> {
    sources: Sources<'s>,
    /// Of the days that are still to come.
    rest: &'s [Arc<Segment>],
    /// Of one day, oldest first.
    day: Vec<Lane<'s>>,
    /// Of all days: the frozen head's, then the head's.
    newest: Vec<Lane<'s>>,
}

impl<'s> SeriesReader<'s> {
    pub(crate) fn new(sources: Sources<'s>) -> Self {
        let mut newest = Vec::new();
        let hidden = |purged: Option<u64>| match purged {
            Some(purged) => Spans::behind(sources.deletions, purged),
            // A deletion takes out of the head what it hides elsewhere.
            None => Spans::default(),
        };
        let frozen = sources.frozen.map(|(own, purged)| (own, Some(purged)));
        let head = sources.head.map(|own| (own, None));
        for (own, purged) in frozen.into_iter().chain(head) {
            newest.push(Lane::column(own, sources.range, hidden(purged)));
            if own.late_len() > 0 {
                newest.push(Lane::late(own, sources.range, hidden(purged)));
            }
        }
        Self {
            sources,
            rest: sources.segments,
            day: Vec::new(),
            newest,
        }
    }

    /// How many samples it may have in memory now, with those of the next piece.
    pub(crate) fn window(&self) -> u64 {
        let lanes = (self.day.len() + self.newest.len() + 1) as u64;
        let heads = self.sources.frozen.map(|(own, _)| own);
        let heads = heads.into_iter().chain(self.sources.head);
        lanes * BLOCK_SAMPLES as u64 + heads.map(HeadSeries::late_len).sum::<u64>()
    }

    /// The next samples, which are later than all before; empty when there are no more.
    pub(crate) fn next(&mut self, pace: &mut Pace<'_>) -> Result<Points, StoreError> {
        loop {
            for lane in &mut self.day {
                lane.fill(pace)?;
            }
            if self.day.iter().all(|own| own.last().is_none()) && self.next_day(pace)? {
                continue;
            }
            break;
        }
        for lane in &mut self.newest {
            lane.fill(pace)?;
        }
        let lanes = || self.day.iter().chain(&self.newest);
        let Some(bound) = lanes().filter_map(Lane::last).min() else {
            return Ok(Points::default());
        };
        let mut points = Points::default();
        for lane in self.day.iter_mut().chain(&mut self.newest) {
            points = points.merged(lane.take_through(bound));
        }
        Ok(points)
    }

    /// Goes on to the next day; false when there is none.
    fn next_day(&mut self, pace: &mut Pace<'_>) -> Result<bool, StoreError> {
        self.day.clear();
        let Some(first) = self.rest.first() else {
            return Ok(false);
        };
        let own = self.rest.iter();
        let count = own.take_while(|own| own.day() == first.day()).count();
        let (day, rest) = self.rest.split_at_checked(count).unwrap_or_default();
        self.rest = rest;
        let Sources {
            tenant,
            series,
            range,
            deletions,
            ..
        } = self.sources;
        for segment in day {
            pace.steps(1)?;
            let blocks = segment.blocks_in(tenant, series, &range);
            if !blocks.is_empty() {
                let hidden = Spans::behind(deletions, segment.purged());
                self.day.push(Lane::segment(segment, blocks, range, hidden));
            }
        }
        Ok(true)
    }
}
