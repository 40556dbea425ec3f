//! Listeners for senders that speak no HTTP: Graphite's lines and statsd's by TCP and UDP, pickles, lumberjack, and collectd's
//! packets. No listener is open by default, and none takes anything without a key or token that `iam` has verified: sent in an
//! `AUTH` line, in a login or before a name, proven by a signature or a certificate, or named by the operator for the address
//! that it comes from.
//!
//! A thread for each connection and each UDP listener, and plain buffers. Every batch is stored under a scope that was verified
//! for it, so what is withdrawn ends at once. What is not stored is counted by listener and reason, and logged at most once a
//! minute per sender.

mod budget;
mod by_identity;
mod certificates;
mod collectd;
mod connection;
mod credential;
mod datagrams;
mod decoding;
mod formats;
mod key_before_names;
mod line_identity;
mod lines;
mod listener;
mod lumberjack;
mod multi_space_key;
mod pending;
mod pending_lines;
mod pickles;
mod proxy_header;
mod read_rate;
mod reader;
mod renewal;
mod reports;
mod sender_slots;
mod shared;
mod statsd;
mod storing;
mod stream;
mod turns;

pub(crate) use certificates::ClientCertificates;
pub(crate) use listener::BoundListener;

use crate::app::App;
use crate::config::Settings;
use crate::http::fair_share::{AccountShare, Shares};
use crate::net::proxies::Proxies;
use crate::net::tls::Tls;
use base::limit;
use budget::Budget;
use formats::Formats;
use read_rate::ReadRate;
use reports::Reports;
use sender_slots::SenderSlots;
use shared::{Limits, SenderContext};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;
use turns::Turns;

/// How often the end of the last connection is looked for.
const POLL: Duration = Duration::from_millis(20);

/// The open listeners.
#[derive(Debug)]
pub(crate) struct Senders(Arc<SenderContext>);

impl Senders {
    /// Opens the listeners, for so many connections at most.
    ///
    /// # Errors
    /// A file that a setting names cannot be read.
    pub(crate) fn start(
        bound: Vec<BoundListener>,
        settings: &Settings,
        app: &Arc<App>,
        (tls, certificates): (Option<Arc<Tls>>, Option<Arc<ClientCertificates>>),
        connections: u64,
    ) -> anyhow::Result<Self> {
        let size = |limit| usize::try_from(settings.limit(limit)).unwrap_or(usize::MAX);
        let seconds = |limit| Duration::from_secs(settings.limit(limit).min(365 * 86_400));
        let iam = app.iam.clone();
        let shares = Shares {
            account: AccountShare::new(move |account| {
                iam.account_limit(account, &limit::ACCOUNT_SHARE_PERCENT)
            }),
            source: settings.limit(limit::SOURCE_SHARE_PERCENT),
            unauthenticated: settings.limit(limit::STRANGER_SHARE_PERCENT),
        };
        let formats = Arc::new(Formats::new(settings, app, &shares)?);
        let shared = Arc::new(SenderContext {
            app: Arc::clone(app),
            runtime: Handle::current(),
            sources: settings.senders.sources.clone(),
            proxies: Proxies::new(settings),
            tls,
            certificates,
            limits: Limits {
                identify: seconds(limit::HEAD_SECONDS),
                idle: seconds(limit::SENDER_IDLE_SECONDS),
                lumberjack_idle: seconds(limit::LUMBERJACK_IDLE_SECONDS),
                held: seconds(limit::SENDER_HELD_SECONDS),
                held_bytes: size(limit::SENDER_HELD_BYTES),
                least_rate: (
                    settings.limit(limit::BODY_BYTES_PER_SECOND_MIN),
                    seconds(limit::BODY_STALL_SECONDS),
                ),
            },
            slots: SenderSlots::new(
                usize::try_from(connections).unwrap_or(usize::MAX),
                size(limit::SENDER_CONNECTIONS_PER_SOURCE),
                size(limit::SENDER_CONNECTIONS_PER_DOMAIN),
                shares.clone(),
            ),
            read_rate: ReadRate::new(settings.limit(limit::SENDER_BYTES_PER_SECOND)),
            in_flight: Budget::new(
                settings.limit(limit::SENDERS_IN_FLIGHT_BYTES),
                shares.clone(),
            ),
            turns: Turns::new(turns::most(), shares),
            reports: Reports::default(),
            stopping: AtomicBool::new(false),
            threads: AtomicUsize::new(0),
        });
        if !bound.is_empty() {
            shared.warn_of_unusable_keys(&settings.senders);
        }
        for listener in bound {
            listener.open(&shared, &formats, &settings.senders);
        }
        if formats.statsd.is_some() {
            shared.spawn("statsd", move |shared| {
                if let Some(sums) = &formats.statsd {
                    statsd::flush(shared, sums);
                }
            });
        }
        Ok(Self(shared))
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
