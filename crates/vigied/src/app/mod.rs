//! Every service of the process, built once in [`crate::boot`] and shared by all handlers.

pub(crate) mod arrivals;
mod counted_usage;
pub(crate) mod event_rates;
pub(crate) mod quota;
pub(crate) mod readiness;
pub(crate) mod scopes;
mod storing;
pub(crate) mod supervised;

use crate::app::arrivals::{Arrival, Arrivals};
use crate::app::event_rates::EventRates;
use crate::app::quota::Quotas;
use crate::app::readiness::{Probes, Readiness};
use crate::backup::state::Backups;
use crate::config::Origins;
use crate::http::advertised_address::AdvertisedAddress;
use crate::http::bodies::Bodies;
use crate::http::error_form_by_path::ErrorFormByPath;
use crate::http::guesses::Guesses;
use crate::http::request_slots::RequestSlots;
use crate::http::request_turns::RequestTurns;
use crate::query::Queries;
use crate::query::rules::CompiledRules;
use crate::self_metrics::Metrics;
use base::store::SampleStore;
use base::time::Clock;
use iam::{Iam, Verifier};
use scopes::Scopes;
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
    pub(crate) events_per_answer: u64,
    pub(crate) targets_per_render: usize,
    pub(crate) operations_connections: u64,
    pub(crate) operations_time: Duration,
}

/// The services.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) iam: Iam,
    pub(crate) verifier: Verifier,
    /// The source of callers' scopes: the verifier, but in a test.
    pub(crate) scopes: Arc<dyn Scopes>,
    pub(crate) store: Arc<dyn SampleStore>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) clock: Arc<dyn Clock>,
    /// The server's own URL, independent of the caller: in tokens, mails, and everything stored.
    pub(crate) public_url: String,
    /// The form of errors by route.
    pub(crate) error_form_by_path: ErrorFormByPath,
    /// Origins whose pages may read answers about metrics.
    pub(crate) origins: Origins,
    /// The server's URL for one caller.
    pub(crate) advertised_address: AdvertisedAddress,
    pub(crate) limits: Limits,
    pub(crate) quotas: Quotas,
    /// The senders of each domain, and the latest refusals.
    pub(crate) arrivals: Arrivals,
    /// Events per account.
    pub(crate) event_rates: EventRates,
    /// The state of backups.
    pub(crate) backups: Arc<Backups>,
    /// The checks of store and database.
    pub(crate) probes: Probes,
    /// Failed introspections per caller.
    pub(crate) guesses: Guesses,
    /// Wrong one-time codes per caller.
    pub(crate) code_tries: Guesses,
    /// The slots of running requests.
    pub(crate) request_slots: Arc<RequestSlots>,
    /// The turns of work whose cost grows with what an account has.
    pub(crate) list_turns: RequestTurns,
    /// The turns of changes of what an account has.
    pub(crate) change_turns: RequestTurns,
    /// Arriving bodies, and the bytes of all of them.
    pub(crate) bodies: Arc<Bodies>,
    /// Queries to the store.
    pub(crate) queries: Queries,
    /// The rules of domains, compiled.
    pub(crate) rules: CompiledRules,
}

impl App {
    /// Notes what became of a batch, for those who may look after the domain. Waits for nobody.
    pub(crate) fn note_arrival(&self, arrival: Arrival) {
        self.arrivals
            .note(arrival, |limit| self.metrics.limited(limit));
    }

    /// Whether requests are served.
    pub(crate) async fn readiness(&self) -> Readiness {
        self.probes.readiness(&self.iam, &self.store).await
    }
}
