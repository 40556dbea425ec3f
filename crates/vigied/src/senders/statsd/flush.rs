//! The thread that stores the sums: those of all domains at each interval, and once more when the server ends. It takes values
//! out of the sums under their lock, and makes samples of them without it, a portion at a time.

use super::super::budget::BudgetReservation as Bytes;
use super::super::credential::Denied;
use super::super::shared::{SenderContext, TICK};
use super::super::storing::{Sender, is_transient, note_rejected_sums, reason, report_refused};
use super::count_delayed;
use super::memory::SAMPLE_BYTES;
use super::shared_sum::WAITING_BYTES_MAX;
use super::sum::{Owner, SampleOrigin};
use super::sums::Sums;
use crate::http::fair_share::ShareOwner;
use base::limit;
use base::sample::Batch;
use base::scope::{Action, Scope};
use base::store::Durability;
use base::time::Millis;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use wire::ingest::statsd::flush_time;

/// How long the last flush waits for those who still read, and then for the store.
const LAST: Duration = Duration::from_secs(5);

/// A batch that waits to be stored again.
#[derive(Debug)]
struct DeferredBatch<'s> {
    owner: Owner,
    /// Those whose values are in it. The sums that they were in may be closed by now.
    senders: VecDeque<SampleOrigin>,
    batch: Batch,
    since: Instant,
    taken: Bytes<'s>,
}

/// The outcome of storing a batch.
enum StoreOutcome {
    Done,
    Retry(Batch),
}

/// Flushes until the server ends.
pub(in super::super) fn run(shared: &SenderContext, sums: &Sums) {
    let interval = Duration::from_millis(sums.settings.sums.flush_interval_ms);
    let mut due = Instant::now() + interval;
    let mut deferred = VecDeque::new();
    while !shared.is_stopping() {
        let left = due.saturating_duration_since(Instant::now());
        std::thread::sleep(left.min(TICK));
        retry_deferred(shared, &mut deferred);
        if Instant::now() >= due {
            flush(shared, sums, &mut deferred);
            // Where it took longer than an interval, those between are left out.
            while due <= Instant::now() {
                due += interval;
            }
        }
    }
    let begun = Instant::now();
    while sums.has_readers() && begun.elapsed() < LAST {
        std::thread::sleep(Duration::from_millis(20));
    }
    flush(shared, sums, &mut deferred);
    let begun = Instant::now();
    while !deferred.is_empty() && begun.elapsed() < LAST {
        std::thread::sleep(TICK);
        retry_deferred(shared, &mut deferred);
    }
    for lost in deferred {
        count_lost_batch(shared, None, "store_unavailable", &lost.batch);
    }
}

/// How many milliseconds the second of a flush may be ahead of the clock.
const AHEAD_MILLIS: i64 = 5000;

/// The second of a flush: that of the clock, or the next one if there was a flush in it already, because two would replace each
/// other. If the clock is set back, so are the flushes: else all sums would be in the future, and refused, until it had caught up.
fn second(now: Millis, last: Millis) -> Millis {
    let (at, next) = (flush_time(now), last.plus(1000));
    match next.0.saturating_sub(at.0) {
        1..=AHEAD_MILLIS => next,
        _ => at,
    }
}

/// Stores the sums of all domains, and forgets those that have none left.
fn flush<'s>(
    shared: &'s SenderContext,
    sums: &'s Sums,
    deferred: &mut VecDeque<DeferredBatch<'s>>,
) {
    let now = shared.app.clock.now();
    for (owner, shared_sum) in sums.all() {
        let mut waited = Vec::new();
        let mut sum = shared_sum.lock();
        sums.read_waiting(&shared_sum, &mut sum, WAITING_BYTES_MAX, &mut waited);
        let account = sum.account;
        let at = second(now, sum.flushed_at);
        sum.flushed_at = at;
        let taken = sum.aggregator.take_out();
        let has_right =
            |origin| !matches!(store_right(shared, owner, origin), StoreRight::Withdrawn);
        let is_anybody_left = sum.senders.iter().any(has_right);
        let senders: VecDeque<SampleOrigin> =
            sum.senders.iter().filter_map(SampleOrigin::copy).collect();
        let reservation = sums.memory.reserve_taken(account, taken.bytes());
        let is_over = sum.aggregator.series() == 0 || !is_anybody_left;
        if !is_over || !sums.close(owner, &shared_sum, &mut sum) {
            sums.resize(&mut sum);
        }
        // Connections wait for it.
        drop(sum);
        count_delayed(shared, owner.domain, &waited);
        if taken.forgotten() > 0 {
            shared.app.metrics.limited(&limit::STATSD_IDLE_SECONDS);
        }
        let owners = (owner, ShareOwner::Account(account));
        let left_out = taken.emit(at, sums.memory.portion(), |batch| {
            store_or_defer(shared, owners, &senders, batch, deferred);
        });
        drop(reservation);
        if left_out > 0 {
            let last = senders.front().map(|sender| sender.sender);
            count_lost(shared, last, "not_finite", left_out);
        }
    }
}

/// Stores a batch, or keeps it for the next try.
fn store_or_defer<'s>(
    shared: &'s SenderContext,
    owners: (Owner, ShareOwner),
    senders: &VecDeque<SampleOrigin>,
    batch: Batch,
    deferred: &mut VecDeque<DeferredBatch<'s>>,
) {
    match store(shared, owners.0, senders, batch) {
        StoreOutcome::Done => {}
        StoreOutcome::Retry(batch) => {
            let senders = senders.iter().filter_map(SampleOrigin::copy).collect();
            defer(shared, owners, senders, batch, deferred);
        }
    }
}

/// Keeps a batch for the next try, where there is room.
fn defer<'s>(
    shared: &'s SenderContext,
    (owner, share_owner): (Owner, ShareOwner),
    senders: VecDeque<SampleOrigin>,
    batch: Batch,
    deferred: &mut VecDeque<DeferredBatch<'s>>,
) {
    let mut taken = shared.in_flight.none(share_owner);
    if !taken.grow(batch.len() * SAMPLE_BYTES) {
        shared.app.metrics.limited(&limit::SENDERS_IN_FLIGHT_BYTES);
        let last = senders.front().map(|sender| sender.sender);
        count_lost_batch(shared, last, "store_unavailable", &batch);
        return;
    }
    deferred.push_back(DeferredBatch {
        owner,
        senders,
        batch,
        since: Instant::now(),
        taken,
    });
}

/// Tries again what the store did not take.
fn retry_deferred<'s>(shared: &'s SenderContext, deferred: &mut VecDeque<DeferredBatch<'s>>) {
    for _ in 0..deferred.len() {
        let Some(DeferredBatch {
            owner,
            senders,
            batch,
            since,
            taken,
        }) = deferred.pop_front()
        else {
            return;
        };
        match store(shared, owner, &senders, batch) {
            StoreOutcome::Done => {}
            StoreOutcome::Retry(batch) if since.elapsed() > shared.limits.held => {
                let last = senders.front().map(|sender| sender.sender);
                count_lost_batch(shared, last, "store_unavailable", &batch);
            }
            StoreOutcome::Retry(batch) => deferred.push_back(DeferredBatch {
                owner,
                senders,
                batch,
                since,
                taken,
            }),
        }
    }
}

/// Stores a batch under the right of one of those whose values are in it.
fn store(
    shared: &SenderContext,
    owner: Owner,
    senders: &VecDeque<SampleOrigin>,
    batch: Batch,
) -> StoreOutcome {
    let last = senders.front().map(|sender| sender.sender);
    let mut is_any_unknown = false;
    for origin in senders {
        let scope = match store_right(shared, owner, origin) {
            StoreRight::Granted(scope) => scope,
            StoreRight::Unknown => {
                is_any_unknown = true;
                continue;
            }
            StoreRight::Withdrawn => continue,
        };
        let early = std::iter::empty();
        let stored = shared
            .app
            .store_batch(&scope, &batch, early, Durability::Buffered);
        return match stored {
            Ok(appended) => {
                let late = appended.rejected.iter().map(|rejected| &rejected.1);
                report_refused(shared, origin.sender, late);
                let of = (&origin.credential, scope.domain());
                note_rejected_sums(shared, origin.sender, of, &batch, &appended);
                StoreOutcome::Done
            }
            Err(refusal) if is_transient(&refusal.0) => StoreOutcome::Retry(batch),
            Err(refusal) => {
                if let Some(limit) = refusal.0.limit {
                    shared.app.metrics.limited(limit);
                }
                count_lost_batch(shared, Some(origin.sender), reason(&refusal.0), &batch);
                StoreOutcome::Done
            }
        };
    }
    if is_any_unknown {
        return StoreOutcome::Retry(batch);
    }
    count_lost_batch(shared, last, "credential", &batch);
    StoreOutcome::Done
}

/// Whether a sender may store these sums.
enum StoreRight {
    Granted(Scope),
    /// The right cannot be verified for the moment.
    Unknown,
    /// The right was withdrawn, or is now for another domain or for a part of the names.
    Withdrawn,
}

fn store_right(shared: &SenderContext, owner: Owner, origin: &SampleOrigin) -> StoreRight {
    match origin.credential.scope(shared) {
        Err(Denied::ForNow(_)) => StoreRight::Unknown,
        Err(Denied::Gone(_)) => StoreRight::Withdrawn,
        Ok(scope) => {
            let is_own = scope.domain() == owner.domain
                && (owner.key.is_some() || scope.reaches_all(Action::Write));
            if is_own {
                StoreRight::Granted(scope)
            } else {
                StoreRight::Withdrawn
            }
        }
    }
}

/// Counts sums that are not stored.
fn count_lost_batch(
    shared: &SenderContext,
    sender: Option<Sender>,
    reason: &'static str,
    batch: &Batch,
) {
    count_lost(shared, sender, reason, batch.len() as u64);
}

fn count_lost(shared: &SenderContext, sender: Option<Sender>, reason: &'static str, count: u64) {
    match sender {
        Some(sender) => shared.refuse(sender.listener, sender.source, reason, count),
        None => shared.app.metrics.not_stored("statsd", reason, count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(times: &[i64]) -> Vec<i64> {
        let mut last = Millis(i64::MIN / 2);
        let times = times.iter().map(|now| {
            last = second(Millis(*now), last);
            last.0
        });
        times.collect()
    }

    #[test]
    fn flushes_of_one_second_have_seconds_of_their_own() {
        let times = seconds(&[1400, 1450, 1600, 9000]);
        assert_eq!(times, [1000, 2000, 3000, 9000]);
    }

    /// Once, all sums were in the future until the server was restarted, or its clock had caught up.
    #[test]
    fn a_clock_that_is_set_back_is_followed() {
        let year = 365 * 86_400_000;
        let times = seconds(&[10_000, year, 20_000, 30_000, 25_000, 29_000]);
        assert_eq!(times, [10_000, year, 20_000, 30_000, 25_000, 29_000]);
    }
}
