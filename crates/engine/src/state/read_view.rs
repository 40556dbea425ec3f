//! A consistent view for a reader: heads and files, as of one moment.

use super::{State, Version};
use crate::guard;
use crate::head::Head;
use crate::head::batches::DoneBatches;
use crate::head::series::HeadSeries;
use crate::head::visibility::NotVisible;
use crate::query_meter::QueryMeter;
use crate::series_ref::SeriesRef;
use crate::sync::Backoff;
use base::context::Stop;
use base::id::TenantId;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A reader of at most so many series is one of few: it is rare that batches write to any of these again and again while it takes
/// its view.
pub(crate) const FEW_SERIES: usize = 1000;

/// How often a reader of few series tries to take a view in which each batch is whole, before it accepts part of a batch.
const ATTEMPTS_OF_FEW: u32 = 1000;

/// How often a reader of many series tries to take such a view. More attempts would not help, because other batches are under way
/// by then.
const ATTEMPTS_OF_MANY: u32 = 4;

/// How long a reader tries, and waits for batches to be done, in all. A batch takes some milliseconds, and longer only where
/// its thread gets no processor.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// Series of one tenant as a reader has them, those of all queries of a request, all at one moment.
#[derive(Debug)]
pub(crate) struct ReadView {
    pub(crate) version: Arc<Version>,
    /// Those of each series that was asked for.
    pub(crate) heads: Vec<SeriesHeads>,
}

/// The heads' data of a series.
#[derive(Debug)]
pub(crate) struct SeriesHeads {
    pub(crate) frozen: Option<Arc<HeadSeries>>,
    /// The data in the head that is written to.
    pub(crate) head: Option<Arc<HeadSeries>>,
}

impl State {
    /// The heads' data of these series, with the version that they belong to. A batch is seen as a whole or not at all,
    /// unless so many series are asked for, and written to so often, that no moment can be found.
    ///
    /// `done`: what was done before the names of `series` were taken. Where the reader has to try again, series that were
    /// created since then are missing: the caller does not know them.
    pub(crate) fn read_view(
        &self,
        tenant: TenantId,
        series: &[SeriesRef],
        mut done: DoneBatches,
        meter: &mut QueryMeter<'_>,
    ) -> Result<ReadView, Stop> {
        guard::query_step();
        let attempts = match series.len() {
            ..=FEW_SERIES => ATTEMPTS_OF_FEW,
            _ => ATTEMPTS_OF_MANY,
        };
        let latest = Instant::now() + WAIT_MAX;
        for _ in 1..attempts {
            if let Ok(view) = self.try_read_view(tenant, series, &done) {
                return Ok(view);
            }
            self.wait_for_begun(&done, latest, meter)?;
            done = self.batches.done();
            if Instant::now() >= latest {
                break;
            }
        }
        let view = self.try_read_view(tenant, series, &done);
        Ok(view.unwrap_or_else(|NotVisible| self.read_view_with_unfinished(tenant, series)))
    }

    /// Waits until all batches are done that had begun at the time of `seen`, or until `latest`; no writer waits for this.
    fn wait_for_begun(
        &self,
        seen: &DoneBatches,
        latest: Instant,
        meter: &mut QueryMeter<'_>,
    ) -> Result<(), Stop> {
        let mut backoff = Backoff::default();
        while !self.batches.done().has_all_of(seen) && Instant::now() < latest {
            meter.check()?;
            backoff.pause();
        }
        meter.check()
    }

    /// One attempt; `done` are the batches that were finished before it.
    fn try_read_view(
        &self,
        tenant: TenantId,
        series: &[SeriesRef],
        done: &DoneBatches,
    ) -> Result<ReadView, NotVisible> {
        let version = self.version();
        // What is in files bears no marks.
        if !done.has_all_through(version.in_files) {
            return Err(NotVisible);
        }
        let mut heads = Vec::with_capacity(series.len());
        for series in series {
            let visible = |head: &Head| head.visible(tenant, *series, done);
            let frozen = version.frozen.as_ref();
            let frozen = frozen.map_or(Ok(None), |frozen| visible(&frozen.head))?;
            let head = visible(&version.head)?;
            heads.push(SeriesHeads { frozen, head });
        }
        Ok(ReadView { version, heads })
    }

    /// Everything that there is now, with part of a batch where one is under way. This always succeeds.
    fn read_view_with_unfinished(&self, tenant: TenantId, series: &[SeriesRef]) -> ReadView {
        let version = self.version();
        let of = |series: &SeriesRef| {
            let frozen = version.frozen.as_ref();
            SeriesHeads {
                frozen: frozen.and_then(|frozen| frozen.head.all_of(tenant, *series)),
                head: version.head.all_of(tenant, *series),
            }
        };
        let heads = series.iter().map(of).collect();
        ReadView { version, heads }
    }
}
