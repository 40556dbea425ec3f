//! The series of a request, and what they are read from, as of one moment.

use super::fetch::ReadEstimate;
use super::find;
use crate::core::Core;
use crate::query_meter::QueryMeter;
use crate::series_ref::SeriesRef;
use crate::state::{FEW_SERIES, ReadView};
use crate::sync::Backoff;
use base::context::Stop;
use base::id::TenantId;
use base::scope::{Action, Scope};
use base::series::SeriesKey;
use base::store::{FetchQuery, StoreError};
use base::time::TimeRange;
use std::time::{Duration, Instant};

/// How often a reader of few series looks again where a deletion was applied meanwhile. Only the last look is charged, since it may be
/// all that the query's budget allows; [`WAIT_MAX`] bounds the others.
const LOOKS_OF_FEW: u32 = 64;

/// How often a reader of many series does. Another deletion is likely to be applied while it looks.
const LOOKS_OF_MANY: u32 = 4;

/// How long a reader looks again, and waits for deletions to be applied, in all. One takes some milliseconds.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// What the queries of a request are read from.
#[derive(Debug)]
pub(crate) struct Look {
    /// The series of each query.
    pub(crate) found: Vec<Vec<(SeriesKey<'static>, SeriesRef)>>,
    /// One view for all queries: what one of them sees of a batch, a deletion or a flush the others see as well.
    pub(crate) view: ReadView,
    /// How many series the tenant has in all.
    pub(crate) tenant_series: u64,
    pub(crate) estimate: ReadEstimate,
}

impl Core {
    /// Finds the series of these queries, and takes a view of them. A series is seen before a deletion or after it, and not between
    /// the steps in which it is applied, unless deletions of the tenant come so often that no moment can be found.
    pub(crate) fn look(
        &self,
        scope: &Scope,
        queries: &[FetchQuery<'_>],
        meter: &mut QueryMeter<'_>,
    ) -> Result<Look, StoreError> {
        let tenant = scope.tenant();
        let latest = Instant::now() + WAIT_MAX;
        let mut looks = 0;
        loop {
            let before = self.applied_deletions(tenant, latest, meter)?;
            let (part, spent) = meter.context().part();
            let look = self.look_once(scope, queries, &mut QueryMeter::new(&part)?)?;
            looks += 1;
            let deletions = &self.state.deletions;
            let is_of_one_moment =
                before.is_some_and(|before| deletions.is_unchanged(tenant, before));
            let looks_max = match look.found.iter().map(Vec::len).sum() {
                ..=FEW_SERIES => LOOKS_OF_FEW,
                _ => LOOKS_OF_MANY,
            };
            if is_of_one_moment || looks >= looks_max || Instant::now() >= latest {
                return Ok(look);
            }
            let found = look.found.iter().flatten();
            part.release(found.map(|(key, _)| find::reserved_bytes(key)).sum());
            spent.undo();
        }
    }

    /// Waits until no deletion of the tenant is being applied, or until `latest`: those that have been applied.
    fn applied_deletions(
        &self,
        tenant: TenantId,
        latest: Instant,
        meter: &mut QueryMeter<'_>,
    ) -> Result<Option<u64>, Stop> {
        let mut backoff = Backoff::default();
        loop {
            let applied = self.state.deletions.applied(tenant);
            if applied.is_some() || Instant::now() >= latest {
                return Ok(applied);
            }
            meter.check()?;
            backoff.pause();
        }
    }

    fn look_once(
        &self,
        scope: &Scope,
        queries: &[FetchQuery<'_>],
        meter: &mut QueryMeter<'_>,
    ) -> Result<Look, StoreError> {
        let filter = scope.filter(Action::Render)?;
        let (state, tenant) = (&self.state, scope.tenant());
        // Before the names: of what is done there are names.
        let done = state.batches.done();
        let names = state.names_of(tenant);
        let hidden_before = self.hidden_before(scope);
        let visible = hidden_before.map(|oldest| TimeRange::ALL.since(oldest));
        let mut active = state.activity_filter(visible.as_ref(), meter)?;
        let mut estimate = ReadEstimate::default();
        let mut found = Vec::with_capacity(queries.len());
        for query in queries {
            let series = find::series(&names, query.selector, filter, &mut active, meter)?;
            estimate.add_series(series.len(), meter)?;
            found.push(series);
        }
        let series: Vec<SeriesRef> = found.iter().flatten().map(|(_, series)| *series).collect();
        Ok(Look {
            view: state.read_view(tenant, &series, done, meter)?,
            found,
            tenant_series: names.len() as u64,
            estimate,
        })
    }
}
