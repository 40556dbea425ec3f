//! The interface of the readers of a connection: lines, pickles, and frames of lumberjack.

use super::sender_slots::SenderSlot;
use super::shared::SenderContext;
use super::stream::Stream;
use crate::http::fair_share::ShareOwner;
use base::limit::{self, Limit};
use base::scope::Domain;
use std::time::Duration;

/// Why a connection ends.
#[derive(Debug)]
pub(super) enum End {
    /// The sender is told why.
    Refused(String),
    /// There is nothing to tell.
    Quiet,
}

/// A reader of the bytes of a connection.
pub(super) trait Reader {
    /// The buffer for the next bytes; empty while nothing may be read.
    fn read_buffer(&mut self) -> &mut [u8];
    /// Whether lines come: a connection that begins as HTTP or TLS brings none then.
    fn is_line_protocol(&self) -> bool {
        false
    }
    /// Bytes have been read into that buffer.
    fn on_bytes(&mut self, bytes: usize, stream: &mut Stream) -> Result<(), End>;
    /// A tick has passed, or bytes were read.
    fn tick(&mut self, stream: &mut Stream) -> Result<(), End>;
    /// The sender has closed, or is being closed.
    fn end(&mut self);
    /// How many lines were refused without telling the sender, since the last call.
    fn take_unreported(&mut self) -> u64 {
        0
    }
    /// Whether the sender is authenticated.
    fn is_known(&self) -> bool;
    /// The domain that it sends to, once that is known.
    fn domain(&self) -> Option<Domain>;
    /// The wasted work since the last call, in bytes: it counts towards the rate of the domain as if so many bytes had come.
    fn take_wasted_bytes(&mut self) -> usize {
        0
    }
    /// How long nothing may come, and the limit that says so.
    fn idle(&self, shared: &SenderContext) -> (Duration, &'static Limit) {
        (shared.limits.idle, &limit::SENDER_IDLE_SECONDS)
    }
}

/// Keeps the slot for a sender that is let in; for whom all it takes counts.
pub(super) fn keep(
    shared: &SenderContext,
    slot: &SenderSlot<'_>,
    domain: Domain,
) -> Result<ShareOwner, String> {
    let owner = shared.owner(domain);
    match slot.keep(domain, owner) {
        Ok(()) => Ok(owner),
        Err(limit) => {
            shared.app.metrics.limited(limit);
            Err(format!("too many senders are connected: `{}`", limit.name))
        }
    }
}
