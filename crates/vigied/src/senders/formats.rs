//! State of the formats that outlives a connection: statsd's sums, and collectd's cryptography.

use super::collectd::Packets;
use super::statsd::Sums;
use crate::app::App;
use crate::config::{Format, Settings};
use crate::http::fair_share::Shares;
use std::sync::Arc;

/// The state of each format that has an open listener.
#[derive(Debug)]
pub(super) struct Formats {
    /// The sums of statsd.
    pub(super) statsd: Option<Sums>,
    /// The decoder of collectd's packets.
    pub(super) collectd: Option<Packets>,
}

impl Formats {
    pub(super) fn new(
        settings: &Settings,
        app: &Arc<App>,
        shares: &Shares,
    ) -> anyhow::Result<Self> {
        let senders = &settings.senders;
        let opens = |format| {
            senders
                .listeners
                .iter()
                .any(|listener| listener.format == format)
        };
        Ok(Self {
            statsd: opens(Format::Statsd)
                .then(|| Sums::new(settings, shares.clone()))
                .transpose()?,
            collectd: opens(Format::Collectd)
                .then(|| Packets::new(&senders.collectd, app))
                .transpose()?,
        })
    }
}
