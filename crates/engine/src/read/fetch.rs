//! Reading samples. Of equal instants the newest write counts: the head over the frozen head over segments, and among
//! those the higher sequence.

use super::find;
use super::pace::Pace;
use crate::head::series::HeadSeries;
use crate::memory::{Frozen, View};
use crate::points::Points;
use crate::segment::reader::Segment;
use crate::tombstone::{Tombstone, hidden};
use base::context::{Context, Resource, Stop};
use base::id::{SeriesRef, TenantId};
use base::sample::Series;
use base::store::{FetchQuery, StoreError};
use base::time::{Millis, TimeRange};
use std::ops::ControlFlow;
use std::sync::Arc;

/// What a sample takes in memory: an instant and a value.
const SAMPLE_BYTES: u64 = 16;

/// What a sample takes while it is read, in the mean: columns that grow have room for more than they hold.
const SAMPLE_HELD_BYTES: u64 = 24;

/// What the queries of one request are sure to read, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Foreseen {
    series: u64,
    samples: u64,
}

/// A series that fits: its name, its number, and its samples in the head.
type Wanted = (String, SeriesRef, Option<Arc<HeadSeries>>);

/// What one query reads: a state of the store that no later write changes.
#[derive(Debug)]
pub(crate) struct Snapshot {
    tenant: TenantId,
    range: TimeRange,
    wanted: Vec<Wanted>,
    frozen: Option<Arc<Frozen>>,
    /// Those that `range` touches.
    segments: Vec<Arc<Segment>>,
    tombstones: Arc<Vec<Tombstone>>,
}

impl Snapshot {
    /// Finds the series in a view, keeps hold of what they need and of nothing else, and refuses what directories show
    /// to be too much.
    pub(crate) fn take(
        view: &View,
        tenant: TenantId,
        query: &FetchQuery<'_>,
        foreseen: &mut Foreseen,
        pace: &mut Pace<'_>,
    ) -> Result<Self, StoreError> {
        let found = find::series(&view.names, query.pattern, pace)?;
        let wanted = found.into_iter().map(|(name, series)| {
            let head = view.head.of(tenant, series).cloned();
            (name, series, head)
        });
        let mut segments = Vec::new();
        let wanted: Vec<Wanted> = wanted.collect();
        for segment in view.segments.iter() {
            if segment.range().overlaps(&query.range) {
                segments.push(Arc::clone(segment));
            }
        }
        pace.steps(view.segments.len() as u64)?;
        let own = Self {
            tenant,
            range: query.range,
            wanted,
            frozen: view.frozen.clone(),
            segments,
            tombstones: Arc::clone(&view.tombstones),
        };
        own.foresee(foreseen, pace)?;
        Ok(own)
    }

    /// Refuses a query that is sure to read more samples than it may, or whose answer would have more slots.
    fn foresee(&self, foreseen: &mut Foreseen, pace: &mut Pace<'_>) -> Result<(), StoreError> {
        foreseen.series += self.wanted.len() as u64;
        pace.context().foresee_slots(foreseen.series)?;
        for (_, series, head) in &self.wanted {
            foreseen.samples += self.least(*series, head.as_deref(), pace)?;
            pace.context()
                .foresee(Resource::Samples, foreseen.samples)?;
        }
        let bytes = foreseen.samples.saturating_mul(SAMPLE_BYTES);
        Ok(pace.context().foresee(Resource::Bytes, bytes)?)
    }

    /// How many samples of the series are there for sure, without reading any.
    fn least(
        &self,
        series: SeriesRef,
        head: Option<&HeadSeries>,
        pace: &mut Pace<'_>,
    ) -> Result<u64, StoreError> {
        let in_head = head.map_or(0, |own| own.least_in(&self.range));
        pace.steps(1 + self.segments.len() as u64)?;
        let hiding = self.tombstones.iter();
        let mut hiding = hiding.filter(|own| own.range.overlaps(&self.range));
        if hiding.any(|own| own.series.contains(series.0)) {
            return Ok(in_head);
        }
        // What one segment of a day holds another may hold as well, and so may the head.
        let days = self
            .segments
            .chunk_by(|left, right| left.day() == right.day());
        let stored: u64 = days
            .filter_map(|day| {
                let counts = day
                    .iter()
                    .map(|own| own.count(self.tenant, series, &self.range));
                counts.max()
            })
            .sum();
        Ok(stored.max(in_head))
    }

    /// Reads series after series, and hands each out. While one is in somebody's hands, its bytes are held.
    pub(crate) fn read(
        mut self,
        pace: &mut Pace<'_>,
        take: &mut dyn FnMut(Series) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, StoreError> {
        for (name, series, head) in std::mem::take(&mut self.wanted) {
            // Whoever takes the series may take his time.
            pace.look()?;
            let head = head.map(|own| own.read(&self.range)).unwrap_or_default();
            let mut held = Held::of(pace.context());
            held.samples(head.len())?;
            let points = self.stored(series, &mut held, pace)?.merged(head);
            let samples = points.len() as u64;
            pace.context().spend(Resource::Samples, samples)?;
            pace.context()
                .spend(Resource::Bytes, samples * SAMPLE_BYTES)?;
            let series = Series {
                name,
                timestamps: points.timestamps.into_iter().map(Millis).collect(),
                values: points.values,
            };
            if take(series).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn stored(
        &self,
        series: SeriesRef,
        held: &mut Held<'_>,
        pace: &mut Pace<'_>,
    ) -> Result<Points, StoreError> {
        let mut points = Points::default();
        for day in self
            .segments
            .chunk_by(|left, right| left.day() == right.day())
        {
            let read = read_day(
                day,
                self.tenant,
                series,
                &self.range,
                &self.tombstones,
                pace,
            )?;
            held.samples(read.len())?;
            points.extend(read);
            let so_far = points.len() as u64;
            pace.context().foresee(Resource::Samples, so_far)?;
        }
        if let Some(frozen) = &self.frozen {
            let mut newer = frozen.head.read(self.tenant, series, &self.range);
            for range in hidden(&self.tombstones, series, frozen.sequence) {
                newer.retain(|at| !range.contains(at));
            }
            held.samples(newer.len())?;
            points = points.merged(newer);
        }
        Ok(points)
    }
}

/// The bytes that the samples of one series take, until it is dropped.
struct Held<'c> {
    context: &'c Context,
    bytes: u64,
}

impl<'c> Held<'c> {
    const fn of(context: &'c Context) -> Self {
        Self { context, bytes: 0 }
    }

    fn samples(&mut self, count: usize) -> Result<(), Stop> {
        let bytes = count as u64 * SAMPLE_HELD_BYTES;
        self.context.hold(bytes)?;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.context.release(self.bytes);
    }
}

/// The samples of a series in all segments of one day, oldest segment first.
pub(crate) fn read_day(
    segments: &[Arc<Segment>],
    tenant: TenantId,
    series: SeriesRef,
    range: &TimeRange,
    tombstones: &[Tombstone],
    pace: &mut Pace<'_>,
) -> Result<Points, StoreError> {
    let mut points = Points::default();
    for segment in segments {
        let mut newer = segment.read(tenant, series, range, pace)?;
        if !newer.is_empty() {
            for range in hidden(tombstones, series, segment.purged()) {
                newer.retain(|at| !range.contains(at));
            }
        }
        points = points.merged(newer);
    }
    Ok(points)
}
