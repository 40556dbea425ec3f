//! The series of a query, divided into parts that are large enough to be worth a thread.

use super::fetch::{FoundSeries, QueryScope, Snapshot};
use crate::query_meter::QueryMeter;
use base::context::Context;
use base::cursor::SeriesVisitor;
use base::store::{ReadPart, StoreError};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Finding a series in files and making something of it takes as long as about so many samples.
const SERIES_COST: u64 = 4096;

/// A part ends after the series with which it costs so much: 32 series, or some milliseconds.
const PART_COST: u64 = 32 * SERIES_COST;

/// Series of one query.
#[derive(Debug)]
struct SeriesPart<'c> {
    common: Arc<QueryScope>,
    wanted: Vec<FoundSeries<'c>>,
    cost: u64,
}

/// All that these queries read, in order.
pub(crate) fn divided<'c>(snapshots: Vec<Snapshot<'c>>) -> Vec<Box<dyn ReadPart + 'c>> {
    let mut parts: Vec<Box<dyn ReadPart + 'c>> = Vec::with_capacity(snapshots.len());
    for snapshot in snapshots {
        let (common, wanted) = snapshot.into_parts();
        let common = Arc::new(common);
        let empty = || SeriesPart {
            common: Arc::clone(&common),
            wanted: Vec::new(),
            cost: 0,
        };
        let mut part = empty();
        for series in wanted {
            part.cost += SERIES_COST.saturating_add(series.samples);
            part.wanted.push(series);
            if part.cost >= PART_COST {
                parts.push(Box::new(std::mem::replace(&mut part, empty())));
            }
        }
        if !part.wanted.is_empty() {
            parts.push(Box::new(part));
        }
    }
    parts
}

impl ReadPart for SeriesPart<'_> {
    fn cost(&self) -> u64 {
        self.cost
    }

    fn read(
        &self,
        context: &Context,
        take: &mut SeriesVisitor<'_>,
    ) -> Result<ControlFlow<()>, StoreError> {
        let mut meter = QueryMeter::new(context)?;
        for series in &self.wanted {
            if self.common.read(series, &mut meter, take)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn read_out(
        self: Box<Self>,
        context: &Context,
        take: &mut SeriesVisitor<'_>,
    ) -> Result<ControlFlow<()>, StoreError> {
        let mut meter = QueryMeter::new(context)?;
        let Self { common, wanted, .. } = *self;
        for series in wanted {
            if common.read(&series, &mut meter, take)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}
