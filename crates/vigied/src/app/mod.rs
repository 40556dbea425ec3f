//! Every service of the process, built once in [`crate::boot`] and shared by all handlers.

pub(crate) mod quota;
pub(crate) mod readiness;

use crate::app::quota::Quotas;
use crate::app::readiness::{Probes, Readiness};
use crate::backup::state::Backups;
use crate::http::bodies::Bodies;
use crate::http::forms::Forms;
use crate::http::guesses::Guesses;
use crate::http::own_address::OwnAddress;
use crate::http::places::Places;
use crate::query::Queries;
use crate::self_metrics::Metrics;
use base::store::SampleStore;
use base::time::Clock;
use iam::{Iam, Verifier};
use std::sync::Arc;
use std::time::Duration;

/// The limits that handlers and layers ask for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) body_bytes: usize,
    pub(crate) management_body_bytes: usize,
    pub(crate) header_bytes: usize,
    pub(crate) request_time: Duration,
    pub(crate) targets_per_query: usize,
    pub(crate) operations_connections: u64,
    pub(crate) operations_time: Duration,
}

/// The services.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) iam: Iam,
    pub(crate) verifier: Verifier,
    pub(crate) store: Arc<dyn SampleStore>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) clock: Arc<dyn Clock>,
    /// The server's own URL, independent of the caller: in tokens, mails, and everything stored.
    pub(crate) public_url: String,
    /// What errors look like, by route.
    pub(crate) forms: Forms,
    /// What it calls itself to one caller.
    pub(crate) own_address: OwnAddress,
    pub(crate) limits: Limits,
    pub(crate) quotas: Quotas,
    /// Whether one is made, and how the last one went.
    pub(crate) backups: Arc<Backups>,
    /// The questions whether store and database answer.
    pub(crate) probes: Probes,
    /// Failed introspections per caller.
    pub(crate) guesses: Guesses,
    /// Wrong one-time codes per caller.
    pub(crate) code_tries: Guesses,
    /// Places for requests that are worked on.
    pub(crate) places: Arc<Places>,
    /// The bodies that arrive, and the bytes of all.
    pub(crate) bodies: Arc<Bodies>,
    /// Questions to the store that run and wait.
    pub(crate) queries: Queries,
}

impl App {
    /// Whether requests are served.
    pub(crate) async fn readiness(&self) -> Readiness {
        self.probes.readiness(&self.iam, &self.store).await
    }
}
