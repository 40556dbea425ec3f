//! Stores one batch of a sender, under a scope verified for it. While the store is full, it is retried and the sender waits;
//! what cannot be stored is counted.

use super::credential::{Denied, SenderCredential};
use super::shared::{SenderContext, TICK};
use crate::app::arrivals::{Arrival, ArrivalSource};
use base::error::{Kind, Problem};
use base::sample::{Appended, Batch, RejectReason};
use base::scope::Domain;
use base::source::Source;
use base::store::Durability;
use std::time::{Duration, Instant};
use wire::code;
use wire::ingest::Lines;
use wire::ingest::statsd::DecodeSummary;

/// The sender of a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sender {
    /// The setting of the listener.
    pub(super) listener: &'static str,
    pub(super) source: Source,
}

/// The outcome of a batch.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is stored, or counted.
    Done,
    /// Nothing may be stored now.
    Denied(Denied),
}

/// Why a batch is not stored, and nobody may rely on it.
#[derive(Debug)]
pub(super) enum NotStored {
    /// Nothing may be stored now.
    Denied(Box<Denied>),
    /// The store took nothing in the time there was. It is counted.
    Failed,
}

/// Stores what `decode` makes, which is called again for each try. `count` is how many samples there are, about.
pub(super) fn store(
    shared: &SenderContext,
    sender: Sender,
    credential: &SenderCredential,
    tries: (Duration, u64),
    decode: &dyn Fn() -> Lines,
) -> Outcome {
    match store_as(
        shared,
        sender,
        credential,
        tries,
        Durability::Buffered,
        decode,
    ) {
        Ok(()) | Err(NotStored::Failed) => Outcome::Done,
        Err(NotStored::Denied(denied)) => Outcome::Denied(*denied),
    }
}

/// Stores as [`store`] does, for a sender that waits until what it sent is stored so durably.
pub(super) fn store_as(
    shared: &SenderContext,
    sender: Sender,
    credential: &SenderCredential,
    (patience, count): (Duration, u64),
    durability: Durability,
    decode: &dyn Fn() -> Lines,
) -> Result<(), NotStored> {
    let begun = Instant::now();
    loop {
        let denied = |denied| NotStored::Denied(Box::new(denied));
        let owner = shared.owner(credential.scope(shared).map_err(denied)?.domain());
        // A caller that does not wait reads for other senders too, which the turns of one must not delay.
        let turn = if patience.is_zero() {
            shared.turns.take_with_retries(owner)
        } else {
            Some(shared.turns.take(owner))
        };
        let Some(turn) = turn else {
            shared.refuse(sender.listener, sender.source, "store_unavailable", count);
            return Err(NotStored::Failed);
        };
        // The wait may have been long.
        let scope = credential.scope(shared).map_err(denied)?;
        let lines = decode();
        let early = || lines.rejects.iter().map(|reject| &reject.reason);
        let stored = shared
            .app
            .store_batch(&scope, &lines.batch, early(), durability);
        let problem = match stored {
            Ok(appended) => {
                let late = appended.rejected.iter().map(|rejected| &rejected.1);
                report_refused(shared, sender, early().chain(late));
                credential.note_used(shared);
                note(
                    shared,
                    sender,
                    (credential, scope.domain()),
                    &lines,
                    &appended,
                );
                return Ok(());
            }
            Err(refusal) => refusal.0,
        };
        drop((lines, turn));
        if !is_transient(&problem) || begun.elapsed() >= patience || shared.is_stopping() {
            if let Some(limit) = problem.limit {
                shared.app.metrics.limited(limit);
            }
            shared.refuse(sender.listener, sender.source, reason(&problem), count);
            return Err(NotStored::Failed);
        }
        std::thread::sleep(TICK.min(patience));
    }
}

/// Counts values that were refused before there was a batch of them, for the domain that they were for. The store is not called,
/// because it may block: the thread that reads the datagrams of all senders calls this.
pub(super) fn count_refused(
    shared: &SenderContext,
    sender: Sender,
    credential: &SenderCredential,
    reading: &DecodeSummary,
) -> Outcome {
    let domain = match credential.scope(shared) {
        Ok(scope) => scope.domain(),
        Err(denied) => return Outcome::Denied(denied),
    };
    credential.note_used(shared);
    shared.app.count_rejects(domain, reasons(reading));
    report_refused(shared, sender, reasons(reading));
    let taken = reading.received.saturating_sub(reading.rejected());
    let mut arrival = arrival(shared, sender, (credential, domain), taken);
    for reject in &reading.rejects {
        arrival.refused_alike(reject.name.as_deref(), &reject.reason, reject.count);
    }
    shared.app.note_arrival(arrival);
    Outcome::Done
}

/// Why each value was refused. One line has room for thousands of values that are refused for one reason: it is there once, and
/// given as often as it counts.
fn reasons(reading: &DecodeSummary) -> impl Iterator<Item = &RejectReason> {
    reading.rejects.iter().flat_map(|reject| {
        let count = usize::try_from(reject.count).unwrap_or(usize::MAX);
        std::iter::repeat_n(&reject.reason, count)
    })
}

/// Whether another try may succeed soon.
pub(super) fn is_transient(problem: &Problem) -> bool {
    matches!(problem.kind, Kind::Busy | Kind::Unavailable)
        && problem.code != code::ACCOUNT_LIMIT.code
}

/// A word for the counter.
pub(super) fn reason(problem: &Problem) -> &'static str {
    match problem.kind {
        _ if problem.code == code::ACCOUNT_LIMIT.code => "account_limit",
        _ if problem.code == code::NOT_IN_PLAN.code => "plan",
        Kind::Busy | Kind::Unavailable => "store_unavailable",
        Kind::Forbidden | Kind::Unauthenticated | Kind::NotFound => "credential",
        _ => "failed",
    }
}

/// Notes the batch for those who look after the domain.
fn note(
    shared: &SenderContext,
    sender: Sender,
    (credential, domain): (&SenderCredential, Domain),
    lines: &Lines,
    appended: &Appended,
) {
    let taken = appended.stored + appended.overwritten;
    let mut arrival = arrival(shared, sender, (credential, domain), taken);
    arrival.lines(lines, appended);
    shared.app.note_arrival(arrival);
}

/// Notes values that were added to sums.
pub(super) fn note_added(
    shared: &SenderContext,
    sender: Sender,
    of: (&SenderCredential, Domain),
    values: u64,
) {
    shared.app.note_arrival(arrival(shared, sender, of, values));
}

/// Notes what the store rejected of a batch of sums. The values in them were counted when they came.
pub(super) fn note_rejected_sums(
    shared: &SenderContext,
    sender: Sender,
    (credential, domain): (&SenderCredential, Domain),
    batch: &Batch,
    appended: &Appended,
) {
    if appended.rejected.is_empty() {
        return;
    }
    let mut arrival = arrival(shared, sender, (credential, domain), 0);
    arrival.late(batch, appended);
    shared.app.note_arrival(arrival);
}

fn arrival(
    shared: &SenderContext,
    sender: Sender,
    (credential, domain): (&SenderCredential, Domain),
    taken: u64,
) -> Arrival {
    let by = ArrivalSource::new(sender.listener, sender.source, credential.key(shared));
    Arrival::new(domain, by, shared.app.clock.now(), taken)
}

/// Logs rejected samples, which the domain's counters include already.
pub(super) fn report_refused<'r>(
    shared: &SenderContext,
    sender: Sender,
    reasons: impl Iterator<Item = &'r RejectReason>,
) {
    let mut count = 0;
    let mut first = None;
    for reason in reasons {
        first = first.or_else(|| Some(reason.code()));
        count += 1;
    }
    if let Some(first) = first {
        shared
            .reports
            .refused((sender.listener, sender.source), first, true, count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// Each of the values had a text of its own: a datagram of 64 KiB took many times its size.
    #[test]
    fn thousands_of_refused_values_share_one_reason() {
        let line = format!("a.b:{}1|c\n", "x:".repeat(3000));
        let packet = line.repeat(8);
        let reading = wire::ingest::statsd::packet(packet.as_bytes(), true, |_| Ok(()));
        assert_eq!(reading.rejects.len(), 8);
        assert_eq!(reasons(&reading).count(), 8 * 3000);
        let kept: HashSet<_> = reasons(&reading).map(std::ptr::from_ref).collect();
        assert_eq!(kept.len(), 8);
    }
}
