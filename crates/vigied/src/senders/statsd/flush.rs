//! The thread that stores the sums: those of all domains at each interval, and once more when the server ends. It takes values
//! out of the sums under their lock, and makes samples of them without it, a portion at a time.

use super::super::budget::BudgetReservation as Bytes;
use super::super::credential::Denied;
use super::super::shared::{SenderContext, TICK};
use super::super::storing::{Sender, note_made, passes, reason, tell};
use super::memory::SAMPLE_BYTES;
use super::shared_sum::WAITING_BYTES_MAX;
use super::sum::{Owner, SampleOrigin};
use super::sums::Sums;
use super::tell_waited;
use crate::http::share::ShareOwner;
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

/// A batch that the store did not take yet.
#[derive(Debug)]
struct Later<'s> {
    owner: Owner,
    batch: Batch,
    since: Instant,
    taken: Bytes<'s>,
}

/// What became of a batch.
enum Put {
    Done,
    Later(Batch),
}

/// Flushes until the server ends.
pub(in super::super) fn run(shared: &SenderContext, sums: &Sums) {
    let interval = Duration::from_millis(sums.settings.sums.flush_interval_ms);
    let mut due = Instant::now() + interval;
    let mut later = VecDeque::new();
    while !shared.is_stopping() {
        let left = due.saturating_duration_since(Instant::now());
        std::thread::sleep(left.min(TICK));
        again(shared, sums, &mut later);
        if Instant::now() >= due {
            flush(shared, sums, &mut later);
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
    flush(shared, sums, &mut later);
    let begun = Instant::now();
    while !later.is_empty() && begun.elapsed() < LAST {
        std::thread::sleep(TICK);
        again(shared, sums, &mut later);
    }
    for own in later {
        lost(shared, None, "store_unavailable", &own.batch);
    }
}

/// How many milliseconds the second of a flush may be ahead of the clock.
const AHEAD_MILLIS: i64 = 5000;

/// The second of a flush: that of the clock, but the next one where it had a flush already, because two would replace each other. A clock
/// that was set back is followed: until it had caught up, all sums would be told in the future, and refused there.
fn second(now: Millis, last: Millis) -> Millis {
    let (at, next) = (flush_time(now), last.plus(1000));
    match next.0.saturating_sub(at.0) {
        1..=AHEAD_MILLIS => next,
        _ => at,
    }
}

/// Stores the sums of all domains, and forgets those that have none left.
fn flush<'s>(shared: &'s SenderContext, sums: &'s Sums, later: &mut VecDeque<Later<'s>>) {
    let now = shared.app.clock.now();
    for (owner, shared_sum) in sums.all() {
        let mut waited = Vec::new();
        let mut sum = shared_sum.lock();
        sums.read_waiting(&shared_sum, &mut sum, WAITING_BYTES_MAX, &mut waited);
        let account = sum.account;
        let at = second(now, sum.flushed_at);
        sum.flushed_at = at;
        let taken = sum.aggregator.take_out();
        let has_right = |own| !matches!(right(shared, owner, own), Right::Gone);
        let is_anybody_left = sum.senders.iter().any(has_right);
        let senders: VecDeque<SampleOrigin> =
            sum.senders.iter().filter_map(SampleOrigin::copy).collect();
        let held = sums.memory.hold(account, taken.bytes());
        let is_over = sum.aggregator.series() == 0 || !is_anybody_left;
        if !is_over || !sums.close(owner, &shared_sum, &mut sum) {
            sums.rebook(&mut sum);
        }
        // Connections wait for it.
        drop(sum);
        tell_waited(shared, owner.domain, &waited);
        if taken.forgotten() > 0 {
            shared.app.metrics.limited(&limit::STATSD_IDLE_SECONDS);
        }
        let whose = (owner, ShareOwner::Account(account));
        let left_out = taken.tell(at, sums.memory.portion(), |batch| {
            put_or_keep(shared, whose, &senders, batch, later);
        });
        drop(held);
        if left_out > 0 {
            let last = senders.front().map(|own| own.sender);
            count_lost(shared, last, "not_finite", left_out);
        }
    }
}

/// Stores a batch, or keeps it for the next try.
fn put_or_keep<'s>(
    shared: &'s SenderContext,
    whose: (Owner, ShareOwner),
    senders: &VecDeque<SampleOrigin>,
    batch: Batch,
    later: &mut VecDeque<Later<'s>>,
) {
    match put(shared, whose.0, senders, batch) {
        Put::Done => {}
        Put::Later(batch) => keep(shared, whose, senders, batch, later),
    }
}

/// Keeps a batch for the next try, where there is room.
fn keep<'s>(
    shared: &'s SenderContext,
    (owner, whose): (Owner, ShareOwner),
    senders: &VecDeque<SampleOrigin>,
    batch: Batch,
    later: &mut VecDeque<Later<'s>>,
) {
    let mut taken = shared.in_flight.none(whose);
    if !taken.grow(batch.len() * SAMPLE_BYTES) {
        shared.app.metrics.limited(&limit::SENDERS_IN_FLIGHT_BYTES);
        let last = senders.front().map(|own| own.sender);
        lost(shared, last, "store_unavailable", &batch);
        return;
    }
    later.push_back(Later {
        owner,
        batch,
        since: Instant::now(),
        taken,
    });
}

/// Tries again what the store did not take.
fn again<'s>(shared: &'s SenderContext, sums: &Sums, later: &mut VecDeque<Later<'s>>) {
    for _ in 0..later.len() {
        let Some(Later {
            owner,
            batch,
            since,
            taken,
        }) = later.pop_front()
        else {
            return;
        };
        let senders: VecDeque<SampleOrigin> = match sums.get(owner) {
            Some(sum) => {
                let sum = sum.lock();
                sum.senders.iter().filter_map(SampleOrigin::copy).collect()
            }
            None => VecDeque::new(),
        };
        match put(shared, owner, &senders, batch) {
            Put::Done => {}
            Put::Later(batch) if since.elapsed() > shared.limits.held => {
                let last = senders.front().map(|own| own.sender);
                lost(shared, last, "store_unavailable", &batch);
            }
            Put::Later(batch) => later.push_back(Later {
                owner,
                batch,
                since,
                taken,
            }),
        }
    }
}

/// Stores a batch under the right of one of those whose values are in it.
fn put(
    shared: &SenderContext,
    owner: Owner,
    senders: &VecDeque<SampleOrigin>,
    batch: Batch,
) -> Put {
    let last = senders.front().map(|own| own.sender);
    let mut is_held = false;
    for own in senders {
        let scope = match right(shared, owner, own) {
            Right::Held(scope) => scope,
            Right::Unknown => {
                is_held = true;
                continue;
            }
            Right::Gone => continue,
        };
        let early = std::iter::empty();
        let stored = shared
            .app
            .store_batch(&scope, &batch, early, Durability::Buffered);
        return match stored {
            Ok(appended) => {
                let late = appended.rejected.iter().map(|own| &own.1);
                tell(shared, own.sender, late);
                let of = (&own.shown, scope.domain());
                note_made(shared, own.sender, of, &batch, &appended);
                Put::Done
            }
            Err(refusal) if passes(&refusal.0) => Put::Later(batch),
            Err(refusal) => {
                if let Some(limit) = refusal.0.limit {
                    shared.app.metrics.limited(limit);
                }
                lost(shared, Some(own.sender), reason(&refusal.0), &batch);
                Put::Done
            }
        };
    }
    if is_held {
        return Put::Later(batch);
    }
    lost(shared, last, "credential", &batch);
    Put::Done
}

/// A sender's right to store these sums.
enum Right {
    Held(Scope),
    /// It cannot be verified for the moment.
    Unknown,
    /// It is withdrawn, or would be one for others.
    Gone,
}

fn right(shared: &SenderContext, owner: Owner, own: &SampleOrigin) -> Right {
    match own.shown.scope(shared) {
        Err(Denied::ForNow(_)) => Right::Unknown,
        Err(Denied::Gone(_)) => Right::Gone,
        Ok(scope) => {
            let is_own = scope.domain() == owner.domain
                && (owner.key.is_some() || scope.reaches_all(Action::Write));
            if is_own {
                Right::Held(scope)
            } else {
                Right::Gone
            }
        }
    }
}

/// Counts sums that are not stored.
fn lost(shared: &SenderContext, sender: Option<Sender>, reason: &'static str, batch: &Batch) {
    count_lost(shared, sender, reason, batch.len() as u64);
}

fn count_lost(shared: &SenderContext, sender: Option<Sender>, reason: &'static str, count: u64) {
    match sender {
        Some(own) => shared.refuse(own.door, own.source, reason, count),
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
        let told = seconds(&[1400, 1450, 1600, 9000]);
        assert_eq!(told, [1000, 2000, 3000, 9000]);
    }

    /// Until the server was started again, or its clock had caught up, all sums were told in the future.
    #[test]
    fn a_clock_that_is_set_back_is_followed() {
        let year = 365 * 86_400_000;
        let told = seconds(&[10_000, year, 20_000, 30_000, 25_000, 29_000]);
        assert_eq!(told, [10_000, year, 20_000, 30_000, 25_000, 29_000]);
    }
}
