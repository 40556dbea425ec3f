//! statsd: what senders count and time, summed up for each domain between two flushes, and stored under the names of etsy's statsd.
//!
//! Values are taken by the threads that read them ([`reader`], [`datagram`]); a thread of its own stores the sums ([`mod@flush`]), under
//! a scope that is verified at that moment. What is kept meanwhile is bounded for each domain, for each account and in all
//! ([`memory`]).

mod flush;
mod memory;
mod reader;
mod sum;
mod sums;

pub(super) use flush::run as flush;
pub(super) use reader::StatsdReader;
pub(super) use sums::Sums;

use super::by_identity::by_identity;
use super::credential::SenderCredential;
use super::shared::SenderContext;
use super::storing::{Outcome, Sender, store_refused};
use crate::config::Listener;
use sum::LinesOutcome;
use wire::ingest::statsd::DecodeSummary;

/// Reads a datagram.
pub(super) fn datagram(
    shared: &SenderContext,
    sums: &Sums,
    sender: Sender,
    door: Listener,
    packet: &[u8],
) {
    by_identity(shared, sender, door, packet, &|shown, lines| {
        // Whoever reads for all waits for nobody's turn.
        take((shared, sums), sender, shown, (lines, false))
    });
}

/// Adds the values of whole lines to the sums of the domain that they are for, in one of the turns of its account where that is to be
/// waited for; those that are none, or find no room, are counted.
fn take(
    (shared, sums): (&SenderContext, &Sums),
    sender: Sender,
    shown: &SenderCredential,
    (lines, waits): (&[u8], bool),
) -> Outcome {
    let scope = match shown.scope(shared) {
        Ok(scope) => scope,
        Err(denied) => return Outcome::Denied(denied),
    };
    let turn = waits.then(|| shared.turns.take(shared.owner(scope.domain())));
    let reading = match sums.take(shared, sender, shown, &scope, lines) {
        LinesOutcome::Read(reading) => reading,
        // The domain was deleted after the credential was verified.
        LinesOutcome::NoDomain => DecodeSummary {
            received: 0,
            rejects: Vec::new(),
        },
    };
    drop(turn);
    if reading.rejects.is_empty() {
        return Outcome::Done;
    }
    store_refused(shared, sender, shown, &reading)
}
