//! Reading samples. Of equal instants the newest write counts: the head over the frozen head over segments, and among
//! those the higher sequence.

use super::find;
use crate::memory::{Frozen, Memory};
use crate::points::Points;
use crate::segment::reader::Segment;
use crate::tombstone::{Tombstone, hidden};
use base::context::{Context, Resource};
use base::id::{SeriesRef, TenantId};
use base::sample::Series;
use base::store::{FetchQuery, StoreError};
use base::time::{Millis, TimeRange};
use std::ops::ControlFlow;
use std::sync::Arc;

/// What one query reads: a state of the store that no later write changes.
#[derive(Debug)]
pub(crate) struct Snapshot {
    tenant: TenantId,
    range: TimeRange,
    wanted: Vec<(String, SeriesRef, Points)>,
    frozen: Option<Arc<Frozen>>,
    /// Those that `range` touches.
    segments: Vec<Arc<Segment>>,
    tombstones: Arc<Vec<Tombstone>>,
}

impl Snapshot {
    /// Copies from the head what the query asks for, and takes hold of the rest.
    pub(crate) fn take(
        memory: &Memory,
        tenant: TenantId,
        query: &FetchQuery<'_>,
        context: &Context,
    ) -> Result<Self, StoreError> {
        let mut samples = 0_u64;
        let mut wanted = Vec::new();
        for (name, series) in find::series(memory.registry.names(), tenant, query.pattern, context)?
        {
            let head = memory.head.read(tenant, series, &query.range);
            samples += head.len() as u64;
            context.foresee(Resource::Samples, samples)?;
            wanted.push((name, series, head));
        }
        Ok(Self {
            tenant,
            range: query.range,
            wanted,
            frozen: memory.frozen.clone(),
            segments: memory
                .segments
                .iter()
                .filter(|segment| segment.range().overlaps(&query.range))
                .cloned()
                .collect(),
            tombstones: Arc::clone(&memory.tombstones),
        })
    }

    /// Reads the files.
    pub(crate) fn read(
        mut self,
        context: &Context,
        take: &mut dyn FnMut(Series) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        for (name, series, head) in std::mem::take(&mut self.wanted) {
            let points = self.stored(series, context)?.merged(head);
            context.spend(Resource::Samples, points.len() as u64)?;
            let series = Series {
                name,
                timestamps: points.timestamps.into_iter().map(Millis).collect(),
                values: points.values,
            };
            if take(series).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn stored(&self, series: SeriesRef, context: &Context) -> Result<Points, StoreError> {
        let mut points = Points::default();
        for day in self
            .segments
            .chunk_by(|left, right| left.day() == right.day())
        {
            points.extend(read_day(
                day,
                self.tenant,
                series,
                &self.range,
                &self.tombstones,
            )?);
            context.foresee(Resource::Samples, points.len() as u64)?;
        }
        if let Some(frozen) = &self.frozen {
            let mut newer = frozen.head.read(self.tenant, series, &self.range);
            for range in hidden(&self.tombstones, series, frozen.sequence) {
                newer.retain(|at| !range.contains(at));
            }
            points = points.merged(newer);
        }
        Ok(points)
    }
}

/// The samples of a series in all segments of one day, oldest segment first.
pub(crate) fn read_day(
    segments: &[Arc<Segment>],
    tenant: TenantId,
    series: SeriesRef,
    range: &TimeRange,
    tombstones: &[Tombstone],
) -> Result<Points, StoreError> {
    let mut points = Points::default();
    for segment in segments {
        let mut newer = segment.read(tenant, series, range)?;
        if !newer.is_empty() {
            for range in hidden(tombstones, series, segment.purged()) {
                newer.retain(|at| !range.contains(at));
            }
        }
        points = points.merged(newer);
    }
    Ok(points)
}
