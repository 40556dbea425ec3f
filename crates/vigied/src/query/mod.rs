//! Queries to the store. Each has a thread ([`threads`]) when it gets a turn, so that no query blocks a reactor or a writer.
//!
//! Every cost of a query is bounded: how many run and wait ([`turns`]), how long one runs while another account waits
//! ([`turn_holder`]), the memory of all queries ([`memory`]), what one query may read and for how long (its
//! [`base::context::Context`]), and how long it waits for its client to read (the connection gives up the answer). When the
//! client disconnects or the caller loses access ([`open_queries`]), a running query is cancelled and a waiting one never starts. A
//! query that reads a lot does so by several threads ([`spread`]), where turns are idle ([`helpers`]).

pub(crate) mod answer;
mod body;
mod cancel;
mod helpers;
mod memory;
pub(crate) mod open_queries;
mod packer;
mod queue;
mod registry;
pub(crate) mod render_cache;
pub(crate) mod rules;
mod running;
pub(crate) mod spread;
mod threads;
mod turn_holder;
mod turns;

use crate::http::accept_encoding::EncodingChoice;
use crate::http::fair_share::{ShareOwner, Shares};
use crate::http::fault_log::FAULTS;
use crate::http::problem::Refusal;
use crate::http::worker;
use crate::net::client_watch::ClientWatch;
use crate::self_metrics::Metrics;
use answer::{Answer, AnswerParts, FirstPart, RunGuard};
use axum::response::Response;
use base::context::{Budget, Context};
use base::limit;
use base::scope::Scope;
use cancel::Cancel;
use helpers::Helpers;
use iam::Iam;
use memory::{Pool, Reservation};
use open_queries::{AccessCheck, OpenQueries, OpenQuery};
use render_cache::RenderCache;
use running::{CancelOnDrop, RunningQueries};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};
use threads::QueryThreads;
use tokio::sync::oneshot;
use turn_holder::TurnHolder;
use turns::Turns;
use wire::code;

/// The limits of all queries together.
#[derive(Debug, Clone)]
pub(crate) struct QueryLimits {
    /// Queries that run at once.
    pub(crate) concurrent: u64,
    /// Queries that wait for their turn.
    pub(crate) queued: u64,
    /// Bytes of memory for all queries together.
    pub(crate) bytes: u64,
    /// Bytes of answers that are kept.
    pub(crate) kept_bytes: u64,
    pub(crate) shares: Shares,
    /// The budget of one query.
    pub(crate) budget: Budget,
    /// How long one query may take, including its wait.
    pub(crate) time: Duration,
}

/// All queries of the process.
#[derive(Debug)]
pub(crate) struct Queries {
    iam: Iam,
    metrics: Arc<Metrics>,
    budget: Budget,
    time: Duration,
    turns: Arc<Turns>,
    threads: Arc<QueryThreads>,
    /// Threads that may help a query.
    helpers_most: usize,
    /// Threads that have helped one.
    helped: Arc<AtomicU64>,
    pool: Arc<Pool>,
    render_cache: RenderCache,
    running: Arc<RunningQueries>,
    open_queries: Arc<OpenQueries>,
    /// Queries that wait for their client to read.
    unread: Arc<AtomicU64>,
}

impl Queries {
    pub(crate) fn new(limits: &QueryLimits, iam: Iam, metrics: Arc<Metrics>) -> Self {
        Self {
            iam,
            metrics,
            budget: limits.budget,
            time: limits.time,
            turns: Arc::new(Turns::new(
                limits.concurrent,
                limits.queued,
                limits.shares.clone(),
            )),
            threads: Arc::new(QueryThreads::new()),
            helpers_most: helpers::most(),
            helped: Arc::default(),
            pool: Arc::new(Pool::new(limits.bytes, limits.shares.clone())),
            render_cache: RenderCache::new(limits.kept_bytes),
            running: Arc::default(),
            open_queries: Arc::default(),
            unread: Arc::default(),
        }
    }

    /// Checks periodically whether the callers of open queries still have access, until the server stops.
    pub(crate) fn watch_access(&self) -> impl Future<Output = ()> + use<> {
        open_queries::watch(Arc::downgrade(&self.open_queries))
    }

    /// The answers that are kept for who asks again.
    pub(crate) const fn render_cache(&self) -> &RenderCache {
        &self.render_cache
    }

    /// Cancels the running queries at shutdown, and waits briefly for them to end.
    pub(crate) async fn end(&self) {
        let begun = Instant::now();
        while self.running.cancel_all() && begun.elapsed() < Duration::from_secs(2) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The gauges for the server's own metrics.
    pub(crate) fn figures(&self) -> String {
        let unread = self.unread.load(std::sync::atomic::Ordering::Relaxed);
        let mut out = String::new();
        for (name, help, value) in [
            (
                "vigie_queries_running",
                "Queries, listings and deletions that have begun and not ended, those that wait for a reader or for their turn again included.",
                self.running.count(),
            ),
            (
                "vigie_queries_waiting",
                "Queries, listings and deletions that wait for their turn, also for one they gave up to another account.",
                self.turns.waiting(),
            ),
            (
                "vigie_query_threads",
                "Threads that run a query or wait for one.",
                self.threads.count() as u64,
            ),
            (
                "vigie_queries_unread",
                "Queries whose answer waits for its reader.",
                unread,
            ),
            (
                "vigie_queries_in_flight_bytes",
                "Bytes that all queries and their unread answers have in memory, as counted for the limit of that name.",
                self.pool.used(),
            ),
        ] {
            let _ = writeln!(
                out,
                "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}"
            );
        }
        let (name, helped) = (
            "vigie_query_helpers_total",
            self.helped.load(std::sync::atomic::Ordering::Relaxed),
        );
        let _ = writeln!(
            out,
            "# HELP {name} Idle turns that extra threads of a query took.\n# TYPE {name} counter\n{name} {helped}"
        );
        self.render_cache.figures(&mut out);
        out
    }
}

/// Answers a query of an authorized caller: `work` runs on a thread for queries when the query gets a turn, and writes the answer as
/// JSON, compressed where `accepted` allows it.
pub(crate) async fn answer(
    queries: &Queries,
    (scope, access_check): (&Scope, Box<dyn AccessCheck>),
    accepted: EncodingChoice,
    work: impl FnOnce(&mut Answer) -> Result<(), Refusal> + Send + 'static,
) -> Result<Response, Refusal> {
    let cancel = Arc::<Cancel>::default();
    // The caller's access is checked from here on, also while the query waits for its turn.
    let open_query = OpenQuery::new(access_check, Arc::clone(&cancel), ClientWatch::here());
    let cancel_on_drop = CancelOnDrop {
        cancel,
        _admitted: queries.open_queries.enter(Arc::clone(&open_query)),
        open_query: Arc::clone(&open_query),
    };
    tokio::select! {
        biased;
        refusal = open_query.withdrawn() => Err(refusal),
        answered = in_turn(queries, scope, cancel_on_drop, accepted, work) => answered,
    }
}

async fn in_turn(
    queries: &Queries,
    scope: &Scope,
    cancel_on_drop: CancelOnDrop,
    accepted: EncodingChoice,
    work: impl FnOnce(&mut Answer) -> Result<(), Refusal> + Send + 'static,
) -> Result<Response, Refusal> {
    let domain = scope.domain();
    let account = queries.iam.directory().account_of(domain).ok_or_else(|| {
        // Deleted since the credential was verified.
        Refusal(code::DOMAIN_NOT_FOUND.problem(format!("there is no domain `{domain}`")))
    })?;
    let owner = ShareOwner::Account(account);
    let person: Arc<str> = scope.principal().to_string().into();
    let now = Instant::now();
    let deadline = now.checked_add(queries.time).unwrap_or(now);
    let turn = tokio::time::timeout_at(deadline.into(), queries.turns.take(owner, &person))
        .await
        .map_err(|_| queue_timeout(queries.time))??;
    let reservation = Arc::new(Reservation::new(&queries.pool, owner));
    let cancel = Arc::clone(&cancel_on_drop.cancel);
    let entered = queries.running.enter(Arc::clone(&cancel));
    let flag = cancel.flag();
    let turn_holder = TurnHolder::new(&queries.turns, turn, cancel, queries.time);
    let turn_holder = Arc::new(turn_holder);
    let helpers = Helpers {
        turns: Arc::clone(&queries.turns),
        owner,
        person,
        most: queries.helpers_most,
        total: Arc::clone(&queries.helped),
    };
    // One budget for the whole request; it starts now.
    let context = Context::new(queries.budget)
        .with_deadline(deadline, queries.time)
        .with_cancel_flag(flag)
        .with_memory(Arc::clone(&reservation) as _)
        .with_turn_yield(Arc::clone(&turn_holder) as _)
        .with_thread_pool(Arc::new(helpers));
    let (begin, begun) = oneshot::channel();
    let mut written = Answer::new(
        AnswerParts {
            context: Arc::new(context),
            reservation: Arc::clone(&reservation),
            run_guard: RunGuard {
                turn_holder,
                _slot: worker::slot(),
                _entered: entered,
            },
            unread: Arc::clone(&queries.unread),
            open_query: Arc::clone(&cancel_on_drop.open_query),
            accepted,
        },
        begin,
    );
    let counts = Arc::clone(&queries.metrics);
    let started = queries.threads.run(move || {
        let outcome = written.reserve().and_then(|()| work(&mut written));
        if let Some(limit) = written.end(outcome) {
            counts.limited(limit);
        }
    });
    started.map_err(|error| {
        if let Some(left_out) = FAULTS.should_log(&error.to_string(), Instant::now()) {
            tracing::error!(%error, left_out, "cannot start a thread for a query");
        }
        let problem = code::TOO_BUSY.problem("the server cannot start a further query");
        Refusal(problem.hint("send again after `Retry-After` seconds"))
    })?;
    match begun.await {
        Ok(FirstPart::Refused(refusal)) => Err(refusal),
        Ok(FirstPart::Whole { bytes, packing }) => {
            Ok(body::whole(bytes, packing, cancel_on_drop, reservation))
        }
        Ok(FirstPart::Pieces(pieces)) => Ok(body::pieces(pieces, cancel_on_drop, reservation)),
        Err(_) => {
            // A panic of the query's own, of which the log says more. A caller may ask the same again and again.
            if let Some(left_out) = FAULTS.should_log("a query broke off", Instant::now()) {
                tracing::error!(left_out, "a query broke off");
            }
            let problem = code::INTERNAL.problem("the work broke off; the server's log says why");
            Err(Refusal(problem))
        }
    }
}

fn queue_timeout(after: Duration) -> Refusal {
    let seconds = after.as_secs();
    let message = format!(
        "the query waited for its turn (`{}`) for longer than `{}` = {seconds}",
        limit::CONCURRENT_QUERIES.name,
        limit::REQUEST_SECONDS.name
    );
    let problem = base::error::Problem {
        kind: base::error::Kind::Unavailable,
        ..code::TIMEOUT.problem(message)
    };
    Refusal(
        problem
            .hint("send again after `Retry-After` seconds")
            .limit(&limit::REQUEST_SECONDS),
    )
}
