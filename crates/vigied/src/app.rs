//! Every service of the process, built once in [`crate::boot`] and shared by all handlers.

use crate::http::tries::Tries;
use crate::self_metrics::Metrics;
use base::store::SampleStore;
use base::time::Clock;
use iam::{Iam, Verifier};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// The limits that handlers and layers ask for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) body_bytes: usize,
    pub(crate) header_bytes: usize,
    pub(crate) request_time: Duration,
    pub(crate) targets_per_query: usize,
    pub(crate) series_per_query: u64,
    pub(crate) samples_per_query: u64,
    pub(crate) nodes_per_list: u64,
}

/// Who sees the server's own metrics without a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Watchers {
    /// Callers from a loopback address.
    ThisMachine,
    /// Everyone.
    Anyone,
}

/// The services.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) iam: Iam,
    pub(crate) verifier: Verifier,
    pub(crate) store: Arc<dyn SampleStore>,
    pub(crate) metrics: Metrics,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) public_url: String,
    pub(crate) limits: Limits,
    pub(crate) watchers: Watchers,
    /// Wrong one-time codes by source.
    pub(crate) code_tries: Tries,
    /// Places for requests that are worked on.
    pub(crate) requests: Arc<Semaphore>,
}
