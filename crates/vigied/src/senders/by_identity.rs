//! Stores the lines of a datagram, each under the identity of its sender and within the rate that the identity may have.

use super::credential::{Denied, SenderCredential};
use super::key_before_names;
use super::pending_lines::count;
use super::reports::NO_IDENTITY;
use super::shared::SenderContext;
use super::storing::{Outcome, Sender};
use crate::config::Listener;
use base::limit;

/// Has the lines of a datagram stored, each for who sends it; what has no identity, or comes too fast, is counted.
pub(super) fn by_identity(
    shared: &SenderContext,
    sender: Sender,
    listener: Listener,
    lines: &[u8],
    put: &dyn Fn(&SenderCredential, &[u8]) -> Outcome,
) {
    let put_paced = |credential: &SenderCredential, lines: &[u8]| match paced(
        shared,
        sender,
        credential,
        lines.len(),
        count(lines),
    ) {
        Ok(true) => put(credential, lines),
        Ok(false) => Outcome::Done,
        Err(denied) => Outcome::Denied(denied),
    };
    let keys = listener.takes_keys.then_some(lines);
    let parted = keys.and_then(|lines| key_before_names::part(shared, lines));
    let plain = parted.as_ref().map_or(lines, |parted| &parted.plain);
    if let Some(parted) = &parted {
        parted.store(shared, sender, put_paced);
    }
    if plain.iter().all(u8::is_ascii_whitespace) {
        return;
    }
    let refuse = |reason| shared.refuse(sender.listener, sender.source, reason, count(plain));
    let Some(key) = shared.sources.key(sender.source.address()) else {
        refuse(NO_IDENTITY);
        return;
    };
    if let Outcome::Denied(_) = put_paced(&SenderCredential::Source(key), plain) {
        refuse("credential");
    }
}

/// Whether a datagram is within the rate of its source and of the domain that it is for; one that is not is counted.
pub(super) fn paced(
    shared: &SenderContext,
    sender: Sender,
    credential: &SenderCredential,
    bytes: usize,
    samples: u64,
) -> Result<bool, Denied> {
    let domain = credential.scope(shared)?.domain();
    let now = shared.app.clock.now();
    let source = sender.source.key();
    let is_within = shared.read_rate.takes(source, domain, bytes, now);
    if !is_within {
        shared.app.metrics.limited(&limit::SENDER_BYTES_PER_SECOND);
        shared.refuse(sender.listener, sender.source, "too_fast", samples);
    }
    Ok(is_within)
}
