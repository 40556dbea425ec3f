//! One batch of a sender into the store, under a scope that is verified for it. Where the store is full for the moment, it is tried
//! again while the sender waits; what cannot be stored is counted.

use super::shared::{Shared, TICK};
use super::shown::{Denied, Shown};
use base::error::{Kind, Problem};
use base::sample::RejectReason;
use base::source::Source;
use base::store::Durability;
use std::time::{Duration, Instant};
use wire::code;
use wire::ingest::Lines;

/// Whose batch it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sender {
    /// The setting of the door.
    pub(super) door: &'static str,
    pub(super) source: Source,
}

/// What became of a batch.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is stored, or counted.
    Done,
    /// Nothing may be stored now.
    Denied(Denied),
}

/// Stores what `decode` makes, which is called again for each try. `count` is how many samples there are, about.
pub(super) fn store(
    shared: &Shared,
    sender: Sender,
    shown: &Shown,
    (patience, count): (Duration, u64),
    decode: &dyn Fn() -> Lines,
) -> Outcome {
    let begun = Instant::now();
    loop {
        let owner = match shown.scope(shared) {
            Ok(scope) => shared.owner(scope.domain()),
            Err(denied) => return Outcome::Denied(denied),
        };
        let turn = shared.turns.take(owner);
        // The wait may have been long.
        let scope = match shown.scope(shared) {
            Ok(scope) => scope,
            Err(denied) => return Outcome::Denied(denied),
        };
        let lines = decode();
        let early = || lines.rejects.iter().map(|own| &own.reason);
        let stored = shared
            .app
            .store_batch(&scope, &lines.batch, early(), Durability::Buffered);
        let problem = match stored {
            Ok(appended) => {
                let late = appended.rejected.iter().map(|own| &own.1);
                tell(shared, sender, early().chain(late));
                return Outcome::Done;
            }
            Err(refusal) => refusal.0,
        };
        drop((lines, turn));
        if !passes(&problem) || begun.elapsed() >= patience || shared.is_stopping() {
            if let Some(limit) = problem.limit {
                shared.app.metrics.limited(limit);
            }
            shared.refuse(sender.door, sender.source, reason(&problem), count);
            return Outcome::Done;
        }
        std::thread::sleep(TICK.min(patience));
    }
}

/// Whether it may go well soon.
pub(super) fn passes(problem: &Problem) -> bool {
    matches!(problem.kind, Kind::Busy | Kind::Unavailable)
        && problem.code != code::ACCOUNT_LIMIT.code
}

/// A word for the counter.
pub(super) fn reason(problem: &Problem) -> &'static str {
    match problem.kind {
        _ if problem.code == code::ACCOUNT_LIMIT.code => "account_limit",
        Kind::Busy | Kind::Unavailable => "store_unavailable",
        Kind::Forbidden | Kind::Unauthenticated | Kind::NotFound => "credential",
        _ => "failed",
    }
}

/// Has the rejects logged, which the domain's counters have already.
pub(super) fn tell<'r>(
    shared: &Shared,
    sender: Sender,
    reasons: impl Iterator<Item = &'r RejectReason>,
) {
    let mut count = 0;
    let mut first = None;
    for own in reasons {
        first = first.or_else(|| Some(own.code()));
        count += 1;
    }
    if let Some(first) = first {
        shared
            .reports
            .refused(sender.door, sender.source, first, count);
    }
}
