//! The context that all listeners for senders share.

use super::budget::Budget;
use super::certificates::ClientCertificates;
use super::read_rate::ReadRate;
use super::reports::{Reports, is_of_known};
use super::sender_slots::SenderSlots;
use super::turns::Turns;
use crate::app::App;
use crate::app::arrivals::{Arrival, ArrivalSource};
use crate::config::{SenderSettings, Sources};
use crate::http::fair_share::ShareOwner;
use crate::net::proxies::Proxies;
use crate::net::tls::Tls;
use base::id::KeyId;
use base::scope::{Action, Domain, Scope};
use base::source::Source;
use iam::audit::Origin;
use iam::{AuthError, Credential, FromOtherNode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;

/// How often a connection that waits looks at the clock, its credential and the end of the server: less than the second within
/// which a withdrawn credential ends.
pub(super) const TICK: Duration = Duration::from_millis(400);

/// The limits of senders.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) identify: Duration,
    pub(super) idle: Duration,
    pub(super) lumberjack_idle: Duration,
    pub(super) held: Duration,
    pub(super) held_bytes: usize,
    /// The minimum rate (bytes per second) of a sender whose room others wait for, and how far it may lag behind.
    pub(super) least_rate: (u64, Duration),
}

/// The context that all listeners for senders share.
#[derive(Debug)]
pub(super) struct SenderContext {
    pub(super) app: Arc<App>,
    /// The runtime, for async work that the senders' threads block on.
    pub(super) runtime: Handle,
    pub(super) sources: Sources,
    pub(super) proxies: Proxies,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) certificates: Option<Arc<ClientCertificates>>,
    pub(super) limits: Limits,
    pub(super) slots: SenderSlots,
    pub(super) read_rate: ReadRate,
    pub(super) in_flight: Budget,
    pub(super) turns: Turns,
    pub(super) reports: Reports,
    pub(super) stopping: AtomicBool,
    pub(super) threads: AtomicUsize,
}

impl SenderContext {
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// For whom it counts what senders to a domain take.
    pub(super) fn owner(&self, domain: Domain) -> ShareOwner {
        let account = self.app.iam.directory().account_of(domain);
        // Of a domain that is being deleted nothing is stored any more.
        account.map_or(ShareOwner::Proxy, ShareOwner::Account)
    }

    /// Whether a credential may be refused only because another node has just created it or its rights. The question counts against
    /// the source of the connection, so that a sender of arbitrary credentials does not use up the questions of all.
    pub(super) fn may_be_from_other_node(
        &self,
        source: Source,
        credential: Credential<'_>,
        error: &AuthError,
    ) -> FromOtherNode {
        let iam = &self.app.iam;
        Origin::new(source, "").sync_scope(|| iam.may_be_from_other_node(credential, error))
    }

    /// Whether another node may have given the role that a verified sender lacks.
    pub(super) fn role_may_be_from_other_node(
        &self,
        source: Source,
        scope: &Scope,
    ) -> FromOtherNode {
        let Err(forbidden) = scope.require(Action::Write) else {
            return FromOtherNode::No;
        };
        Origin::new(source, "").sync_scope(|| self.app.iam.role_may_be_from_other_node(&forbidden))
    }

    /// Learns what the other nodes have made, if it may be asked for; returns whether there is more to know than before. The thread of the
    /// connection waits for it: it must have no turn meanwhile.
    ///
    /// # Errors
    /// When the database does not answer: then nothing is refused for the lack of it.
    pub(super) fn ask_other_nodes(&self, from: FromOtherNode) -> Result<bool, AuthError> {
        match from {
            FromOtherNode::No => Ok(false),
            FromOtherNode::Ask(moment)
                if self.runtime.block_on(self.app.iam.ask_other_nodes(moment)) =>
            {
                Ok(true)
            }
            FromOtherNode::Ask(_) | FromOtherNode::CannotTell => Err(AuthError::Unheard),
        }
    }

    /// Counts what was not stored, and has it logged.
    pub(super) fn refuse(
        &self,
        listener: &'static str,
        source: Source,
        reason: &'static str,
        count: u64,
    ) {
        if count > 0 {
            self.app.metrics.not_stored(listener, reason, count);
            let is_known = is_of_known(reason);
            self.reports
                .refused((listener, source), reason, is_known, count);
        }
    }

    /// Counts what was not stored where it is known whose it was, and has it logged.
    pub(super) fn refuse_for(
        &self,
        (listener, source, key): (&'static str, Source, Option<KeyId>),
        domain: Domain,
        (reason, count): (&'static str, u64),
    ) {
        self.refuse(listener, source, reason, count);
        let by = ArrivalSource::new(listener, source, key);
        let mut arrival = Arrival::new(domain, by, self.app.clock.now(), 0);
        arrival.count(reason, count);
        self.app.note_arrival(arrival);
    }

    /// A new thread, counted until it ends.
    pub(super) fn spawn(
        self: &Arc<Self>,
        name: &str,
        work: impl FnOnce(&Arc<Self>) + Send + 'static,
    ) -> bool {
        let shared = Arc::clone(self);
        shared.threads.fetch_add(1, Ordering::Relaxed);
        let counted = ThreadCountGuard(shared);
        let thread = std::thread::Builder::new().name(name.to_owned());
        let spawned = thread.spawn(move || work(&counted.0));
        if let Err(error) = &spawned {
            tracing::error!(%error, "cannot start a thread");
        }
        spawned.is_ok()
    }
}

/// Counts a thread while it runs, also one that panics.
struct ThreadCountGuard(Arc<SenderContext>);

impl Drop for ThreadCountGuard {
    fn drop(&mut self) {
        self.0.threads.fetch_sub(1, Ordering::Relaxed);
    }
}

impl SenderContext {
    /// Says which entries of `senders.sources`, `senders.certificates` and `collectd.users` open nothing. The server starts all the
    /// same: a key may be withdrawn by its owner at any time, who must not be able to keep the server from starting.
    pub(super) fn warn_of_unusable_keys(&self, settings: &SenderSettings) {
        for (network, key) in self.sources.entries() {
            if let Err(error) = self.app.verifier.source_scope(key) {
                tracing::warn!(network, %key, why = %error, "an entry of `senders.sources` lets nobody in");
            }
        }
        let certificates = self.certificates.iter();
        for (key, certificate) in certificates.flat_map(|certificate| certificate.entries()) {
            if let Err(error) = self.app.verifier.source_scope(key) {
                tracing::warn!(certificate, %key, why = %error, "an entry of `senders.certificates` lets nobody in");
            }
        }
        for (user, key) in settings.collectd.users.entries() {
            if let Err(error) = self.app.verifier.source_scope(key) {
                tracing::warn!(user, %key, why = %error, "an entry of `collectd.users` lets nobody in");
            }
        }
    }
}
