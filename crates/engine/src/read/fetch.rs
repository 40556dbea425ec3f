//! The read side of a query: the series that match, in one published state of the store.

use super::series::{FrozenSource, SeriesReader, Sources};
use super::spans;
use crate::head::series::{HeadSeries, PART_MIN};
use crate::open_views::{OpenQueries, OpenViews, SeriesViews};
use crate::points::Points;
use crate::query_meter::QueryMeter;
use crate::segment::reader::Segment;
use crate::series_ref::SeriesRef;
use crate::state::{FrozenHead, SeriesHeads, Version};
use crate::tombstone::Tombstone;
use base::context::{Reservation, Resource};
use base::cursor::{Cursor, Piece, SeriesVisitor, shaped};
use base::grid::Filling;
use base::id::TenantId;
use base::series::SeriesKey;
use base::store::{Shape, StoreError};
use base::time::{Millis, TimeRange};
use std::ops::ControlFlow;
use std::sync::Arc;

/// The size of a sample in memory: an instant and a value.
const SAMPLE_BYTES: u64 = 16;

/// The size of a view of a series in a head, or of the copy of one, without its samples.
const VIEW_BYTES: u64 = (size_of::<HeadSeries>() + size_of::<SeriesViews>()) as u64;

/// The average memory of a sample while it is read: blocks are merged into new ones.
const SAMPLE_HELD_BYTES: u64 = 24;

/// Samples that are charged at once: threads of one query have its budget in common, and each charge takes it from the others.
const SAMPLES_PER_CHARGE: usize = 4096;

/// An estimate of the samples that the queries of one request read, one after the other.
#[derive(Debug, Default)]
pub(crate) struct ReadEstimate {
    series: u64,
    /// Samples that they are sure to read, of the queries whose samples were counted.
    sure: u64,
    /// The most samples that they can read.
    samples_max: u64,
    /// Of how many queries, from the first on, the samples were counted.
    counted: usize,
}

/// A series that fits. Its samples in the heads, or copies of them, stay in memory for as long as this does, and so count as the
/// query's.
#[derive(Debug)]
pub(super) struct FoundSeries<'c> {
    key: SeriesKey<'static>,
    series: SeriesRef,
    /// About how many samples are read of it.
    pub(super) samples: u64,
    /// Its samples in the heads, at this place of the query's.
    views: Arc<OpenViews>,
    place: usize,
    _held: Reservation<'c>,
}

impl Drop for FoundSeries<'_> {
    fn drop(&mut self) {
        self.views.clear(self.place);
    }
}

/// The state of the store that one query reads; no later write changes it.
#[derive(Debug)]
pub(crate) struct Snapshot<'c> {
    common: QueryScope,
    wanted: Vec<FoundSeries<'c>>,
}

/// The data that the series of a query share: the version, the range and the tombstones.
#[derive(Debug)]
pub(super) struct QueryScope {
    /// Its place among the queries of one request.
    query: usize,
    tenant: TenantId,
    /// How many series the tenant has in all.
    tenant_series: u64,
    shape: Shape,
    range: TimeRange,
    /// The last record whose effect is in the frozen head.
    frozen_through: u64,
    /// The segments that overlap `range`.
    segments: Vec<Arc<Segment>>,
    /// The deletions of the tenant that overlap `range`.
    tombstones: Vec<Tombstone>,
}

/// One query of a request, with its tenant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AskedQuery {
    /// Its place among the queries of the request.
    pub(crate) place: usize,
    pub(crate) tenant: TenantId,
    /// How many series the tenant has in all.
    pub(crate) tenant_series: u64,
    pub(crate) shape: Shape,
    /// The part of what is asked for that the tenant can see.
    pub(crate) range: TimeRange,
}

impl<'c> Snapshot<'c> {
    /// Keeps hold of what the series that were found need, and of nothing else.
    pub(crate) fn take(
        version: &Version,
        found: impl ExactSizeIterator<Item = ((SeriesKey<'static>, SeriesRef), SeriesHeads)>,
        query: AskedQuery,
        open_queries: &OpenQueries,
        meter: &mut QueryMeter<'c>,
    ) -> Result<Self, StoreError> {
        let mut views = Vec::with_capacity(found.len());
        let mut reserved = Vec::with_capacity(found.len());
        for (name, SeriesHeads { frozen, head }) in found {
            let in_heads = frozen.iter().chain(&head);
            let bytes = in_heads.map(|view| VIEW_BYTES + view.len() * SAMPLE_BYTES);
            let mut reservation = Reservation::new(meter.context());
            reservation.grow_to(bytes.sum())?;
            reserved.push((name, reservation));
            views.push(SeriesViews::new(frozen, head));
        }
        let views = Arc::new(OpenViews::new(query.range, views));
        open_queries.add(&views);
        let wanted = reserved.into_iter().enumerate();
        let wanted = wanted.map(|(place, ((key, series), reservation))| FoundSeries {
            key,
            series,
            samples: 0,
            views: Arc::clone(&views),
            place,
            _held: reservation,
        });
        let wanted = wanted.collect();
        let mut segments = Vec::new();
        for segment in version.segments.iter() {
            if segment.range().overlaps(&query.range) {
                segments.push(Arc::clone(segment));
            }
        }
        let tombstones = version.tombstones.of_tenant(query.tenant);
        meter.steps((version.segments.len() + tombstones.len()) as u64)?;
        let tombstones = tombstones.iter();
        let concerns = |tombstone: &&Tombstone| tombstone.range.overlaps(&query.range);
        let frozen_through = |frozen: &Arc<FrozenHead>| frozen.sequence;
        let common = QueryScope {
            query: query.place,
            tenant: query.tenant,
            tenant_series: query.tenant_series,
            shape: query.shape,
            range: query.range,
            frozen_through: version.frozen.as_ref().map_or(0, frozen_through),
            segments,
            tombstones: tombstones.filter(concerns).cloned().collect(),
        };
        Ok(Self { common, wanted })
    }

    /// How many samples it reads at the most. It looks at no sample and no directory for that.
    fn max_samples(&mut self, meter: &mut QueryMeter<'_>) -> Result<u64, StoreError> {
        let common = &self.common;
        let segments = common.segments.iter();
        let stored: u64 = segments
            .map(|segment| segment.samples_of(common.tenant))
            .sum();
        // Which of the tenant's series they are of is not looked up.
        let stored_of_one = stored / common.tenant_series.max(1);
        let mut samples_max = stored;
        for series in &mut self.wanted {
            meter.steps(common.steps_per_series())?;
            let views = series.views.series().get(series.place);
            let views = views.into_iter().flat_map(SeriesViews::each);
            let in_heads = views.map(|view| view.len()).sum::<u64>();
            series.samples = in_heads.saturating_add(stored_of_one);
            samples_max = samples_max.saturating_add(in_heads);
        }
        Ok(samples_max)
    }

    /// The series, in order, and what they are read from.
    pub(super) fn into_parts(self) -> (QueryScope, Vec<FoundSeries<'c>>) {
        (self.common, self.wanted)
    }
}

impl ReadEstimate {
    /// So many series were found for one more query. Refuses the queries where their answer would have more slots than it may.
    pub(crate) fn add_series(
        &mut self,
        series: usize,
        meter: &QueryMeter<'_>,
    ) -> Result<(), StoreError> {
        self.series += series as u64;
        Ok(meter.context().ensure_slots_left(self.series)?)
    }

    /// Refuses the queries where they are sure to read more samples than they may. It is called after each query, with all so far.
    pub(crate) fn ensure_allowed(
        &mut self,
        queries: &mut [Snapshot<'_>],
        meter: &mut QueryMeter<'_>,
    ) -> Result<(), StoreError> {
        let Some(new) = queries.last_mut() else {
            return Ok(());
        };
        let new_max = new.max_samples(meter)?;
        self.samples_max = self.samples_max.saturating_add(new_max);
        if ensure_samples_left(meter, self.samples_max).is_ok() {
            return Ok(());
        }
        // Few come so near to what is allowed that it has to be known more exactly.
        let uncounted = queries.get_mut(self.counted..).unwrap_or_default();
        self.counted += uncounted.len();
        for Snapshot { common, wanted } in uncounted {
            for series in wanted {
                let views = series.views.series().get(series.place);
                let head = views.and_then(SeriesViews::head);
                series.samples = common.min_samples(series.series, head.as_deref())?;
                meter.check()?;
                self.sure += series.samples;
                let context = meter.context();
                context.ensure_left(Resource::Samples, self.sure)?;
            }
        }
        ensure_samples_left(meter, self.sure)
    }
}

fn ensure_samples_left(meter: &QueryMeter<'_>, samples: u64) -> Result<(), StoreError> {
    let context = meter.context();
    context.ensure_left(Resource::Samples, samples)?;
    let bytes = samples.saturating_mul(SAMPLE_BYTES);
    Ok(context.ensure_left(Resource::Bytes, bytes)?)
}

impl QueryScope {
    /// Steps for a look at where a series has samples.
    fn steps_per_series(&self) -> u64 {
        1 + (self.segments.len() + self.tombstones.len()) as u64
    }

    /// How many samples of the series are there for sure, without reading any.
    fn min_samples(&self, series: SeriesRef, head: Option<&HeadSeries>) -> Result<u64, StoreError> {
        let in_head = head.map_or(0, |head| head.min_len_in(&self.range));
        let mut hiding = self.tombstones.iter();
        if hiding.any(|tombstone| tombstone.series.contains(series.0)) {
            return Ok(in_head);
        }
        // What one segment of a day holds another may hold as well, and so may the head.
        let days = self
            .segments
            .chunk_by(|left, right| left.day() == right.day());
        let largest_count =
            |segments: &[Arc<Segment>], is_multi_day: bool| -> Result<u64, StoreError> {
                let of_kind = segments
                    .iter()
                    .filter(|segment| segment.is_multi_day() == is_multi_day);
                of_kind
                    .map(|segment| segment.count(self.tenant, series, &self.range))
                    .try_fold(0, |largest, count| Ok(largest.max(count?)))
            };
        let mut stored = 0;
        for day in days {
            stored += largest_count(day, false)?;
        }
        let late = largest_count(&self.segments, true)?;
        Ok(stored.max(in_head).max(late))
    }

    /// Hands out a series.
    pub(super) fn read(
        &self,
        found: &FoundSeries<'_>,
        meter: &mut QueryMeter<'_>,
        take: &mut SeriesVisitor<'_>,
    ) -> Result<ControlFlow<()>, StoreError> {
        // Whoever takes the series may take their time.
        meter.check()?;
        meter.steps(1 + self.tombstones.len() as u64)?;
        let deletions = spans::deletions(&self.tombstones, found.series);
        let views = found.views.copied(found.place);
        let frozen = views.frozen.as_deref().map(|samples| FrozenSource {
            samples,
            sequence: self.frozen_through,
        });
        let sources = Sources {
            tenant: self.tenant,
            series: found.series,
            range: self.range,
            segments: &self.segments,
            deletions: &deletions,
            frozen,
            head: views.head.as_deref(),
        };
        let mut cursor = SeriesFetch {
            key: &found.key,
            query: self.query,
            sources,
            state: ReadState::New,
            held: Reservation::new(meter.context()),
            meter,
            counted: 0,
            handed_out: 0,
        };
        shaped(&mut cursor, &self.shape, take)
    }
}

/// A series of a query, for its visitor to read.
struct SeriesFetch<'s, 'p, 'c> {
    key: &'s SeriesKey<'static>,
    query: usize,
    sources: Sources<'s>,
    state: ReadState<'s>,
    held: Reservation<'c>,
    meter: &'p mut QueryMeter<'c>,
    /// Samples that the budget was charged for.
    counted: u64,
    /// Samples handed out since it was begun, or begun again.
    handed_out: u64,
}

/// How far a series has been read.
enum ReadState<'s> {
    New,
    Begun(SeriesReader<'s>),
    /// There are no more samples.
    Ended,
}

impl SeriesFetch<'_, '_, '_> {
    /// Charges the budget for samples that are handed out for the first time.
    fn charge(&mut self, samples: usize) -> Result<(), StoreError> {
        self.handed_out += samples as u64;
        let new = self.handed_out.saturating_sub(self.counted);
        if new > 0 {
            self.counted = self.handed_out;
            let context = self.meter.context();
            context.spend(Resource::Samples, new)?;
            context.spend(Resource::Bytes, new * SAMPLE_BYTES)?;
        }
        Ok(())
    }

    fn next_points(&mut self) -> Result<Points, StoreError> {
        if matches!(self.state, ReadState::New) {
            self.state = ReadState::Begun(SeriesReader::new(self.sources)?);
        }
        let ReadState::Begun(reader) = &mut self.state else {
            return Ok(Points::default());
        };
        let points = reader.next(self.meter)?;
        if !points.is_empty() {
            self.held.grow_to(reader.window() * SAMPLE_HELD_BYTES)?;
            self.charge(points.len())?;
        }
        Ok(points)
    }
}

impl Cursor for SeriesFetch<'_, '_, '_> {
    fn key(&self) -> SeriesKey<'_> {
        SeriesKey::from_canonical_unchecked(self.key.as_str())
    }

    fn query(&self) -> usize {
        self.query
    }

    fn next(&mut self) -> Result<Option<Piece>, StoreError> {
        let points = self.next_points()?;
        if points.is_empty() {
            return Ok(None);
        }
        Ok(Some(Piece {
            timestamps: points.timestamps.into_iter().map(Millis).collect(),
            values: points.values,
        }))
    }

    fn fill(&mut self, filling: &mut Filling) -> Result<(), StoreError> {
        if matches!(self.state, ReadState::New)
            && let Some(column) = self.sources.sole_column()
        {
            let mut samples = 0;
            for part in column.uncopied_parts(self.sources.range) {
                samples += part.len();
                filling.add(part);
                if samples >= SAMPLES_PER_CHARGE {
                    self.meter.steps(samples.div_ceil(PART_MIN) as u64)?;
                    self.charge(std::mem::take(&mut samples))?;
                }
            }
            self.meter.steps(samples.div_ceil(PART_MIN) as u64)?;
            self.charge(samples)?;
            self.state = ReadState::Ended;
            return Ok(());
        }
        loop {
            let points = self.next_points()?;
            if points.is_empty() {
                return Ok(());
            }
            filling.add(points.iter().map(|(at, value)| (Millis(at), value)));
        }
    }

    fn rewind(&mut self) -> Result<(), StoreError> {
        self.meter.check()?;
        self.state = ReadState::New;
        self.handed_out = 0;
        Ok(())
    }
}
