//! Support for every story: an engine in memory, a scope, and short words for the store's questions.

use crate::fetching::collect_and_fill;
use base::context::Context;
use base::id::{AccountId, Guid, TenantId};
use base::name::SeriesName;
use base::principal::Principal;
use base::sample::{Appended, Batch, Series};
use base::scope::{Action, Actions, Domain, Grants, Metering, Operator, Scope};
use base::selector::Selector;
use base::store::{
    DeleteQuery, Durability, FetchQuery, FindQuery, Outage, SampleStore, Shape, StoreError,
};
use base::time::{ManualClock, Millis, TimeRange};
use engine::storage::faulty::Faulty;
use engine::{Engine, EngineConfig, RecoveryReport};
use std::ops::ControlFlow;
use std::sync::Arc;

/// 2026-11-23T12:00:00Z.
pub(crate) const NOON: i64 = 1_795_435_200_000;
pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const DAY: i64 = 86_400_000;

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no identity service to be granted a scope by"
)]
pub(crate) fn scope_with(tenant: u32, actions: impl Into<Grants>) -> Scope {
    let domain = Domain::Account(AccountId(Guid::from_random([1; 16])));
    Scope::granted(Principal::Server, TenantId(tenant), domain, actions)
}

pub(crate) fn scope(tenant: u32) -> Scope {
    scope_with(tenant, Actions::of(&Action::ALL))
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no identity service to be granted it by"
)]
pub(crate) fn metering(tenant: u32) -> Metering {
    Metering::granted(TenantId(tenant))
}

#[expect(clippy::disallowed_methods, reason = "tests are their own operators")]
pub(crate) fn operator() -> Operator {
    Operator::granted()
}

/// Whether the store refused for this reason.
pub(crate) fn is_unavailable<T>(outcome: &Result<T, StoreError>, outage: Outage) -> bool {
    outcome.as_ref().err().and_then(StoreError::outage) == Some(outage)
}

/// Never flushes or commits by itself within a test.
pub(crate) fn config() -> EngineConfig {
    EngineConfig {
        // Near enough that tests reach past them.
        retention_days: 400,
        future_allowed_minutes: 60,
        commit_interval_ms: 3_600_000,
        ..EngineConfig::new("/samples")
    }
}

pub(crate) fn open_with(
    config: EngineConfig,
    storage: &Faulty,
    clock: &Arc<ManualClock>,
) -> Result<(Engine, RecoveryReport), StoreError> {
    let clock: Arc<dyn base::time::Clock> = Arc::clone(clock) as _;
    Engine::open(config, clock, Arc::new(storage.clone()))
}

pub(crate) fn open(storage: &Faulty) -> Engine {
    open_with(config(), storage, &Arc::new(ManualClock::at(Millis(NOON))))
        .unwrap()
        .0
}

pub(crate) fn batch(samples: &[(&str, i64, f64)]) -> Batch {
    let mut batch = Batch::default();
    for (name, at, value) in samples {
        batch.push(&SeriesName::parse(name).unwrap(), Millis(*at), *value);
    }
    batch
}

pub(crate) fn send(engine: &Engine, tenant: u32, samples: &[(&str, i64, f64)]) -> Appended {
    engine
        .append(&scope(tenant), &batch(samples), Durability::Committed)
        .unwrap()
}

pub(crate) fn send_to(engine: &Engine, tenant: u32, name: &str, at: i64, value: f64) {
    send(engine, tenant, &[(name, at, value)]);
}

pub(crate) fn range(from: i64, until: i64) -> TimeRange {
    TimeRange {
        from: Millis(from),
        until: Millis(until),
    }
}

pub(crate) fn fetch_in(
    engine: &Engine,
    tenant: u32,
    pattern: &str,
    range: TimeRange,
) -> Vec<Series> {
    fetch_together(engine, tenant, &[pattern], range)
}

/// What several queries of one request read, one after the other.
pub(crate) fn fetch_together(
    engine: &Engine,
    tenant: u32,
    patterns: &[&str],
    range: TimeRange,
) -> Vec<Series> {
    let selectors = patterns.iter().map(|text| Selector::parse(text).unwrap());
    let selectors: Vec<Selector> = selectors.collect();
    let shape = Shape::Raw(range);
    let queries = selectors
        .iter()
        .map(|selector| FetchQuery { selector, shape });
    let queries: Vec<FetchQuery<'_>> = queries.collect();
    let (scope, context, mut all) = (scope(tenant), Context::unlimited(), Vec::new());
    let read = engine.read_all(&scope, &queries, &context, &mut |cursor| {
        all.push(collect_and_fill(cursor)?);
        Ok(ControlFlow::Continue(()))
    });
    read.unwrap();
    all
}

/// The samples of the one series `name`; empty when it does not exist.
pub(crate) fn read(engine: &Engine, tenant: u32, name: &str) -> Vec<(i64, f64)> {
    fetch_in(engine, tenant, name, TimeRange::ALL)
        .into_iter()
        .flat_map(|series| {
            series
                .timestamps
                .into_iter()
                .map(|at| at.0)
                .zip(series.values)
        })
        .collect()
}

pub(crate) fn find_in(
    engine: &Engine,
    tenant: u32,
    pattern: &str,
    range: Option<TimeRange>,
) -> Vec<String> {
    let selector = Selector::parse(pattern).unwrap();
    let query = FindQuery {
        selector: &selector,
        range,
        labelled: true,
    };
    let nodes = engine
        .find(&scope(tenant), &query, &Context::unlimited())
        .unwrap();
    nodes
        .into_iter()
        .map(|node| {
            format!(
                "{}{}",
                node.path,
                match (node.leaf, node.branch) {
                    (true, true) => " leaf branch",
                    (true, false) => " leaf",
                    _ => " branch",
                }
            )
        })
        .collect()
}

pub(crate) fn find(engine: &Engine, tenant: u32, pattern: &str) -> Vec<String> {
    find_in(engine, tenant, pattern, None)
}

pub(crate) fn delete(engine: &Engine, tenant: u32, pattern: &str, range: Option<TimeRange>) -> u64 {
    let selector = Selector::parse(pattern).unwrap();
    let query = DeleteQuery {
        selector: &selector,
        range,
        exact: false,
        dry_run: false,
        names: 0,
    };
    engine
        .delete(&scope(tenant), &query, &Context::unlimited())
        .unwrap()
        .series
}

pub(crate) fn figure(engine: &Engine, name: &str) -> f64 {
    engine
        .figures(&operator())
        .into_iter()
        .find(|figure| figure.name == name)
        .unwrap()
        .value
}
