//! SIGHUP rereads files without a restart. Each part is independent: a part that cannot be read stays as it is, and the log
//! says so.

use crate::boot::workloads;
use crate::config::Settings;
use crate::lifecycle::key_schedule;
use crate::lifecycle::notify::{self, State};
use crate::net::tls::Tls;
use crate::operations::answer::Tokens;
use crate::operations::token;
use crate::senders::ClientCertificates;
use base::error_chain::{Chain, on_one_line};
use iam::Iam;
use std::sync::Arc;
use tokio::signal::unix::Signal;

/// The parts that SIGHUP reloads.
#[derive(Debug, Clone)]
pub(crate) struct Reload {
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) certificates: Option<Arc<ClientCertificates>>,
    pub(crate) iam: Iam,
    pub(crate) tokens: Tokens,
    pub(crate) settings: Arc<Settings>,
}

impl Reload {
    /// Reloads everything at each signal.
    pub(crate) async fn on_each(self, mut hangup: Signal) {
        while hangup.recv().await.is_some() {
            notify::send_state(State::Reloading);
            let this = self.clone();
            // Files may lie on a disk that hangs.
            let read = tokio::task::spawn_blocking(move || this.read()).await;
            if let Err(error) = read {
                tracing::error!(%error, "the reload after SIGHUP failed");
            }
            self.read_keys().await;
            // Report ready even if a part was not reloaded: the server answers requests either way.
            notify::send_state(State::Ready);
        }
    }

    /// The server reloads signing keys by itself when one changes; this makes sure.
    async fn read_keys(&self) {
        key_schedule::check_encryption_key_file(&self.iam).await;
        match self.iam.reread_keys().await {
            Ok(change) => tracing::info!(signing = change.signing, "signing keys read again"),
            Err(error) => {
                tracing::error!(error = %Chain(&error), "signing keys not read again, those in force stay");
            }
        }
    }

    fn read(&self) {
        match token::read(self.settings.data()) {
            Ok(Some(token)) => self.tokens.store(Some(Arc::new(token))),
            // A missing file must not open a listener that required a token.
            Ok(None) => {}
            Err(error) => tracing::error!("the operators' token was not read again: {error:#}"),
        }
        match self.tls.as_ref().map(|tls| tls.reload()) {
            None => tracing::info!("SIGHUP: there is no certificate to read again"),
            Some(Ok(())) => tracing::info!("certificate read again"),
            Some(Err(error)) => {
                tracing::error!(
                    error = on_one_line(&error),
                    "certificate not read again: the old one stays in use"
                );
            }
        }
        match self
            .certificates
            .as_ref()
            .map(|certificate| certificate.reload())
        {
            None => {}
            Some(Ok(())) => tracing::info!("authority of senders' certificates read again"),
            Some(Err(error)) => {
                tracing::error!(
                    error = on_one_line(error.as_ref()),
                    "authority of senders' certificates not read again: the old one stays in use"
                );
            }
        }
        self.read_issuers();
    }

    /// The issuers of workloads' tokens, where a file names any.
    fn read_issuers(&self) {
        if self.settings.workload_issuers_file().is_none() {
            return;
        }
        match workloads::issuers(&self.settings) {
            Ok(issuers) => {
                self.iam.replace_workload_issuers(&issuers);
                tracing::info!(count = issuers.len(), "issuers of workloads read again");
                if issuers.is_empty() {
                    tracing::warn!("no issuer of workloads is named: none of them gets tokens");
                }
            }
            Err(error) => {
                tracing::error!(
                    error = on_one_line(error.as_ref()),
                    "issuers of workloads not read again: those in force stay"
                );
            }
        }
    }
}
