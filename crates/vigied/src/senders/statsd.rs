//! statsd: what senders count and time, summed up for each domain between two flushes, and stored under the names of etsy's statsd.
//!
//! Values are taken by the threads that read them ([`reader`], [`datagram`]); a thread of its own stores the sums
//! ([`mod@flush`]), under a scope that is verified at that moment. What is kept meanwhile is bounded for each domain, for each
//! account and in all ([`memory`]).

mod flush;
mod memory;
mod reader;
mod shared_sum;
mod sum;
mod sums;

pub(super) use flush::run as flush;
pub(super) use reader::StatsdReader;
pub(super) use sums::Sums;

use super::by_identity::by_identity;
use super::credential::SenderCredential;
use super::pending_lines::count;
use super::shared::SenderContext;
use super::storing::{Outcome, Sender, count_refused, note_added};
use crate::config::Listener;
use base::scope::Domain;
use sum::{DelayedReading, LinesOutcome};
use wire::ingest::statsd::DecodeSummary;

/// Reads a datagram.
pub(super) fn datagram(
    shared: &SenderContext,
    sums: &Sums,
    sender: Sender,
    listener: Listener,
    packet: &[u8],
) {
    by_identity(shared, sender, listener, packet, &|credential, lines| {
        // This thread reads for all senders, so it waits neither for a turn nor for the sums of one.
        take((shared, sums), sender, credential, (lines, false))
    });
}

/// Adds the values of whole lines to the sums of the domain that they are for, in one of the turns of its account where that is
/// to be waited for; those that are none, or find no room, are counted.
fn take(
    (shared, sums): (&SenderContext, &Sums),
    sender: Sender,
    credential: &SenderCredential,
    (lines, waits): (&[u8], bool),
) -> Outcome {
    let scope = match credential.scope(shared) {
        Ok(scope) => scope,
        Err(denied) => return Outcome::Denied(denied),
    };
    let domain = scope.domain();
    let turn = waits.then(|| shared.turns.take(shared.owner(domain)));
    let outcome = sums.take(shared, (credential, sender), &scope, (lines, waits));
    drop(turn);
    let reading = match outcome {
        LinesOutcome::Read(reading, waited) => {
            count_delayed(shared, domain, &waited);
            reading
        }
        LinesOutcome::Busy(waited) => {
            count_delayed(shared, domain, &waited);
            let who = (sender.listener, sender.source, credential.key(shared));
            shared.refuse_for(who, domain, ("busy", count(lines)));
            return Outcome::Done;
        }
        // The domain was deleted after the credential was verified.
        LinesOutcome::NoDomain => return Outcome::Done,
    };
    count_reading(shared, (credential, sender), domain, &reading)
}

/// Counts what reading has cost, what was added, and what was refused.
fn count_reading(
    shared: &SenderContext,
    (credential, sender): (&SenderCredential, Sender),
    domain: Domain,
    reading: &DecodeSummary,
) -> Outcome {
    let now = shared.app.clock.now();
    shared
        .read_rate
        .charge_work(domain, reading.saved_bytes, now);
    // What waits for the sums counts when it is read.
    if reading.received == 0 {
        return Outcome::Done;
    }
    if reading.rejects.is_empty() {
        credential.note_used(shared);
        note_added(shared, sender, (credential, domain), reading.received);
        return Outcome::Done;
    }
    count_refused(shared, sender, credential, reading)
}

/// Counts datagrams that had waited for the sums: the thread that has read them counts them.
fn count_delayed(shared: &SenderContext, domain: Domain, waited: &[DelayedReading]) {
    for (origin, reading) in waited {
        let sender = origin.sender;
        let outcome = count_reading(shared, (&origin.credential, sender), domain, reading);
        if let Outcome::Denied(_) = outcome {
            let count = reading.rejected();
            shared.refuse(sender.listener, sender.source, "credential", count);
        }
    }
}
