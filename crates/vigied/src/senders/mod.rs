//! Doors for senders that speak no HTTP: Graphite's lines by TCP and UDP, and pickles. No door is open by default, and none lets
//! anything in without a key or token that `iam` has verified: shown in an `AUTH` line, or named by the operator for the address
//! that it comes from.
//!
//! A thread for each connection and each UDP door, and plain buffers. Every batch is stored under a scope that was verified for it,
//! so what is withdrawn ends at once. What is not stored is counted by door and reason, and logged at most once a minute per sender.

mod budget;
mod connection;
mod datagrams;
mod held;
mod lines;
mod listener;
mod pace;
mod pickles;
mod places;
mod reports;
mod shown;
mod storing;
mod stream;
mod turns;

pub(crate) use listener::Bound;

use crate::app::App;
use crate::config::{Settings, Sources};
use crate::net::tls::Tls;
use base::limit;
use base::source::Source;
use budget::Budget;
use pace::Pace;
use places::Places;
use reports::Reports;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use turns::Turns;

/// How often a connection that waits looks at the clock, its credential and the end of the server: less than the second within
/// which a withdrawn credential ends.
const TICK: Duration = Duration::from_millis(400);

/// How often the end of the last connection is looked for.
const POLL: Duration = Duration::from_millis(20);

/// The limits of senders.
#[derive(Debug, Clone, Copy)]
struct Limits {
    identify: Duration,
    idle: Duration,
    held: Duration,
    held_bytes: usize,
}

/// What all doors share.
#[derive(Debug)]
struct Shared {
    app: Arc<App>,
    sources: Sources,
    tls: Option<Arc<Tls>>,
    limits: Limits,
    places: Places,
    pace: Pace,
    in_flight: Budget,
    turns: Turns,
    reports: Reports,
    stopping: AtomicBool,
    threads: AtomicUsize,
}

impl Shared {
    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Counts what was not stored, and has it logged.
    fn refuse(&self, door: &'static str, source: Source, reason: &'static str, count: u64) {
        if count > 0 {
            self.app.metrics.not_stored(door, reason, count);
            self.reports.refused(door, source, reason, count);
        }
    }

    /// A new thread, counted until it ends.
    fn spawn(self: &Arc<Self>, name: &str, work: impl FnOnce(&Arc<Self>) + Send + 'static) -> bool {
        let shared = Arc::clone(self);
        shared.threads.fetch_add(1, Ordering::Relaxed);
        let counted = Counted(shared);
        let thread = std::thread::Builder::new().name(name.to_owned());
        let spawned = thread.spawn(move || work(&counted.0));
        if let Err(error) = &spawned {
            tracing::error!(%error, "cannot start a thread");
        }
        spawned.is_ok()
    }
}

/// Counts a thread while it runs, also one that panics.
struct Counted(Arc<Shared>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.threads.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The open doors.
#[derive(Debug)]
pub(crate) struct Senders(Arc<Shared>);

impl Senders {
    /// Opens the doors.
    pub(crate) fn start(
        bound: Vec<Bound>,
        settings: &Settings,
        app: &Arc<App>,
        tls: Option<Arc<Tls>>,
    ) -> Self {
        let size = |limit| usize::try_from(settings.limit(limit)).unwrap_or(usize::MAX);
        let seconds = |limit| Duration::from_secs(settings.limit(limit).min(365 * 86_400));
        let shared = Arc::new(Shared {
            app: Arc::clone(app),
            sources: settings.senders.sources.clone(),
            tls,
            limits: Limits {
                identify: seconds(limit::HEAD_SECONDS),
                idle: seconds(limit::SENDER_IDLE_SECONDS),
                held: seconds(limit::SENDER_HELD_SECONDS),
                held_bytes: size(limit::SENDER_HELD_BYTES),
            },
            places: Places::new(
                size(limit::SENDER_CONNECTIONS),
                size(limit::SENDER_CONNECTIONS_PER_SOURCE),
                size(limit::SENDER_CONNECTIONS_PER_DOMAIN),
            ),
            pace: Pace::new(settings.limit(limit::SENDER_BYTES_PER_SECOND)),
            in_flight: Budget::new(size(limit::SENDERS_IN_FLIGHT_BYTES)),
            turns: Turns::default(),
            reports: Reports::default(),
            stopping: AtomicBool::new(false),
            threads: AtomicUsize::new(0),
        });
        if !bound.is_empty() {
            shared.tell_of_sources();
        }
        for own in bound {
            own.open(&shared);
        }
        Self(shared)
    }

    /// Lets nobody in any more; what has been read is still stored.
    pub(crate) fn stop(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    /// Resolves when the last connection has ended.
    pub(crate) async fn ended(&self) {
        while self.0.threads.load(Ordering::Relaxed) > 0 {
            tokio::time::sleep(POLL).await;
        }
    }
}

impl Shared {
    /// Says which entries of `senders.sources` open nothing. The server starts all the same: a key may be withdrawn by its owner at
    /// any time, who must not be able to keep the server from starting.
    fn tell_of_sources(&self) {
        for (network, key) in self.sources.entries() {
            if let Err(error) = self.app.verifier.source_scope(key) {
                tracing::warn!(network, %key, why = %error, "an entry of `senders.sources` lets nobody in");
            }
        }
    }
}
