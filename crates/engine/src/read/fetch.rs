//! What a query reads: series found by name, in one state of the store.

use super::series::{SeriesReader, Sources};
use super::spans;
use crate::head::series::HeadSeries;
use crate::query_meter::QueryMeter;
use crate::segment::reader::Segment;
use crate::series_ref::SeriesRef;
use crate::state::{Frozen, ReadView};
use crate::tombstone::Tombstone;
use base::context::{Reservation, Resource};
use base::cursor::{Cursor, Piece, SeriesVisitor, shaped};
use base::id::TenantId;
use base::series::SeriesKey;
use base::store::{Shape, StoreError};
use base::time::{Millis, TimeRange};
use std::ops::ControlFlow;
use std::sync::Arc;

/// What a sample takes in memory: an instant and a value.
const SAMPLE_BYTES: u64 = 16;

/// What a sample takes while it is read, in the mean: blocks are merged into new ones.
const SAMPLE_HELD_BYTES: u64 = 24;

/// What the queries of one request are sure to read, one after the other.
#[derive(Debug, Default)]
pub(crate) struct ReadEstimate {
    series: u64,
    samples: u64,
}

/// A series that fits. Its samples in the heads stay in memory for as long as this does, also when they were flushed long
/// ago, and so count as the query's.
#[derive(Debug)]
pub(super) struct FoundSeries<'c> {
    key: SeriesKey<'static>,
    series: SeriesRef,
    /// How many samples it has for sure.
    pub(super) min_samples: u64,
    frozen: Option<Arc<HeadSeries>>,
    head: Option<Arc<HeadSeries>>,
    _held: Reservation<'c>,
}

/// What one query reads: a state of the store that no later write changes.
#[derive(Debug)]
pub(crate) struct Snapshot<'c> {
    common: Common,
    wanted: Vec<FoundSeries<'c>>,
}

/// What all series of a query are read from.
#[derive(Debug)]
pub(super) struct Common {
    /// Its place among the queries of one request.
    query: usize,
    tenant: TenantId,
    shape: Shape,
    range: TimeRange,
    /// The last record whose effect is in the frozen head.
    frozen_through: u64,
    /// Those that `range` touches.
    segments: Vec<Arc<Segment>>,
    /// Those of the tenant that `range` touches.
    tombstones: Vec<Tombstone>,
}

impl<'c> Snapshot<'c> {
    /// Keeps hold of what the series that were found need, and of nothing else.
    pub(crate) fn take(
        view: ReadView,
        found: Vec<(SeriesKey<'static>, SeriesRef)>,
        tenant: TenantId,
        (query, shape): (usize, Shape),
        range: TimeRange,
        meter: &mut QueryMeter<'c>,
    ) -> Result<Self, StoreError> {
        let ReadView { version, heads } = view;
        let mut wanted = Vec::with_capacity(found.len());
        for ((key, series), (frozen, head)) in found.into_iter().zip(heads) {
            let samples = frozen.iter().chain(&head).map(|own| own.len());
            let mut held = Reservation::new(meter.context());
            held.grow_to(samples.sum::<u64>() * SAMPLE_BYTES)?;
            wanted.push(FoundSeries {
                key,
                series,
                min_samples: 0,
                frozen,
                head,
                _held: held,
            });
        }
        let mut segments = Vec::new();
        for segment in version.segments.iter() {
            if segment.range().overlaps(&range) {
                segments.push(Arc::clone(segment));
            }
        }
        meter.steps((version.segments.len() + version.tombstones.len()) as u64)?;
        let tombstones = version.tombstones.iter();
        let concerns = |own: &&Tombstone| own.tenant == tenant && own.range.overlaps(&range);
        let frozen_through = |own: &Arc<Frozen>| own.sequence;
        let common = Common {
            query,
            tenant,
            shape,
            range,
            frozen_through: version.frozen.as_ref().map_or(0, frozen_through),
            segments,
            tombstones: tombstones.filter(concerns).cloned().collect(),
        };
        Ok(Self { common, wanted })
    }

    /// Refuses a query that is sure to read more samples than it may, or whose answer would have more slots.
    pub(crate) fn estimate(
        &mut self,
        estimate: &mut ReadEstimate,
        meter: &mut QueryMeter<'_>,
    ) -> Result<(), StoreError> {
        estimate.series += self.wanted.len() as u64;
        meter.context().ensure_slots_left(estimate.series)?;
        let common = &self.common;
        for own in &mut self.wanted {
            own.min_samples = common.min_samples(own.series, own.head.as_deref(), meter)?;
            estimate.samples += own.min_samples;
            meter
                .context()
                .ensure_left(Resource::Samples, estimate.samples)?;
        }
        let bytes = estimate.samples.saturating_mul(SAMPLE_BYTES);
        Ok(meter.context().ensure_left(Resource::Bytes, bytes)?)
    }

    /// The series, in order, and what they are read from.
    pub(super) fn into_parts(self) -> (Common, Vec<FoundSeries<'c>>) {
        (self.common, self.wanted)
    }
}

impl Common {
    /// How many samples of the series are there for sure, without reading any.
    fn min_samples(
        &self,
        series: SeriesRef,
        head: Option<&HeadSeries>,
        meter: &mut QueryMeter<'_>,
    ) -> Result<u64, StoreError> {
        let in_head = head.map_or(0, |own| own.min_len_in(&self.range));
        meter.steps(1 + (self.segments.len() + self.tombstones.len()) as u64)?;
        let mut hiding = self.tombstones.iter();
        if hiding.any(|own| own.series.contains(series.0)) {
            return Ok(in_head);
        }
        // What one segment of a day holds another may hold as well, and so may the head.
        let days = self
            .segments
            .chunk_by(|left, right| left.day() == right.day());
        let most = |segments: &[Arc<Segment>], is_late: bool| -> Result<u64, StoreError> {
            let own = segments.iter().filter(|own| own.is_late() == is_late);
            own.map(|own| own.count(self.tenant, series, &self.range))
                .try_fold(0, |most, count| Ok(most.max(count?)))
        };
        let mut stored = 0;
        for day in days {
            stored += most(day, false)?;
        }
        let late = most(&self.segments, true)?;
        Ok(stored.max(in_head).max(late))
    }

    /// Hands out a series.
    pub(super) fn read(
        &self,
        own: &FoundSeries<'_>,
        meter: &mut QueryMeter<'_>,
        take: &mut SeriesVisitor<'_>,
    ) -> Result<ControlFlow<()>, StoreError> {
        // Whoever takes the series may take their time.
        meter.check()?;
        meter.steps(1 + self.tombstones.len() as u64)?;
        let deletions = spans::deletions(&self.tombstones, own.series);
        let frozen = own.frozen.as_deref();
        let sources = Sources {
            tenant: self.tenant,
            series: own.series,
            range: self.range,
            segments: &self.segments,
            deletions: &deletions,
            frozen: frozen.map(|frozen| (frozen, self.frozen_through)),
            head: own.head.as_deref(),
        };
        let mut cursor = SeriesFetch {
            key: &own.key,
            query: self.query,
            sources,
            reader: SeriesReader::new(sources)?,
            held: Reservation::new(meter.context()),
            meter,
            counted: 0,
            handed_out: 0,
        };
        shaped(&mut cursor, &self.shape, take)
    }
}

/// A series in the hands of whoever asked for it.
struct SeriesFetch<'s, 'p, 'c> {
    key: &'s SeriesKey<'static>,
    query: usize,
    sources: Sources<'s>,
    reader: SeriesReader<'s>,
    held: Reservation<'c>,
    meter: &'p mut QueryMeter<'c>,
    /// Samples that the budget was charged for.
    counted: u64,
    /// Samples handed out since it was begun, or begun again.
    handed_out: u64,
}

impl Cursor for SeriesFetch<'_, '_, '_> {
    fn key(&self) -> SeriesKey<'_> {
        SeriesKey::from_canonical_unchecked(self.key.as_str())
    }

    fn query(&self) -> usize {
        self.query
    }

    fn next(&mut self) -> Result<Option<Piece>, StoreError> {
        let points = self.reader.next(self.meter)?;
        if points.is_empty() {
            return Ok(None);
        }
        self.held
            .grow_to(self.reader.window() * SAMPLE_HELD_BYTES)?;
        self.handed_out += points.len() as u64;
        let new = self.handed_out.saturating_sub(self.counted);
        if new > 0 {
            self.counted = self.handed_out;
            let context = self.meter.context();
            context.spend(Resource::Samples, new)?;
            context.spend(Resource::Bytes, new * SAMPLE_BYTES)?;
        }
        Ok(Some(Piece {
            timestamps: points.timestamps.into_iter().map(Millis).collect(),
            values: points.values,
        }))
    }

    fn rewind(&mut self) -> Result<(), StoreError> {
        self.meter.check()?;
        self.reader = SeriesReader::new(self.sources)?;
        self.handed_out = 0;
        Ok(())
    }
}
