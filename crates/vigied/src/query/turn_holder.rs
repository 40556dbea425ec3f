//! Holds the turn of one query. A long query yields its turn when another account waits, or another person of its account, and
//! continues when it gets a turn again. Without this, accounts that act together could block another account's query for as long as
//! theirs run, and one person's wide queries their colleagues'.
//!
//! A query that has yielded keeps its thread and its memory. The number of such queries is bounded by the queue: the query
//! gives its turn to a waiting one and takes that one's place. One account has few of them, because they are ahead of the
//! account's queries that have not started, and because of its own people only so many may begin.

use super::cancel::Cancel;
use super::turns::{QueueTicket, Turn, Turns};
use base::context::{Stop, TurnYield};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// How long a query keeps its turn before it yields: far longer than most queries take, and hardly noticed by those that wait.
const SLICE: Duration = Duration::from_millis(250);

/// The turn of one query.
#[derive(Debug)]
pub(super) struct TurnHolder {
    turns: Arc<Turns>,
    cancel: Arc<Cancel>,
    runtime: Handle,
    /// How much time the query has.
    allowed: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// `None` while the query waits, and after it has ended.
    turn: Option<Turn>,
    since: Instant,
    /// [`Turns::changes`] when no waiting query could take the turn; until it changes, no need to ask again.
    seen: Option<u64>,
    /// Time the query may still spend waiting for its turn to come back.
    patience: Duration,
}

impl TurnHolder {
    /// Call it on the reactor: its timer bounds the waits. `patience` bounds the sum of all waits.
    pub(super) fn new(
        turns: &Arc<Turns>,
        turn: Turn,
        cancel: Arc<Cancel>,
        patience: Duration,
    ) -> Self {
        Self {
            turns: Arc::clone(turns),
            cancel,
            runtime: Handle::current(),
            allowed: patience,
            state: Mutex::new(State {
                turn: Some(turn),
                since: Instant::now(),
                seen: None,
                patience,
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the turn out, so that work that waits for others does not keep it.
    pub(super) fn take(&self) -> Option<Turn> {
        self.state().turn.take()
    }

    /// Resolves when the query is cancelled.
    pub(super) async fn cancelled(&self) {
        self.cancel.cancelled().await;
    }

    /// Stores the turn that the query got back.
    pub(super) fn put(&self, turn: Turn) {
        let mut state = self.state();
        state.turn = Some(turn);
        state.since = Instant::now();
        state.seen = None;
    }

    /// Gives the turn to a waiting query of another account or person. Returns a place in the queue for the next turn, and how
    /// long to wait; `None` if no other can take the turn.
    fn yield_to_another(&self, now: Instant) -> Result<Option<(QueueTicket, Duration)>, Stop> {
        let mut state = self.state();
        let changes = self.turns.changes();
        let is_early = now.saturating_duration_since(state.since) < SLICE;
        if is_early || state.seen == Some(changes) {
            return Ok(None);
        }
        // The turn did not come back earlier, and the work got that error.
        let turn = state.turn.take().ok_or(Stop::Cancelled)?;
        match turn.yield_to_another() {
            Ok(waiting) => Ok(Some((waiting, state.patience))),
            Err(turn) => {
                state.turn = Some(turn);
                state.seen = Some(changes);
                Ok(None)
            }
        }
    }

    /// Waits for the turn to come back.
    async fn back(&self, waiting: QueueTicket, patience: Duration) -> Result<Turn, Stop> {
        let turn = pin!(waiting.turn());
        tokio::select! {
            // A cancelled query needs no turn.
            biased;
            () = self.cancel.cancelled() => Err(Stop::Cancelled),
            turn = turn => turn.map_err(|_| Stop::Cancelled),
            () = tokio::time::sleep(patience) => Err(Stop::Deadline { allowed: self.allowed }),
        }
    }
}

impl TurnYield for TurnHolder {
    fn yield_turn(&self, now: Instant) -> Result<Duration, Stop> {
        if !self.turns.has_waiting_query() {
            return Ok(Duration::ZERO);
        }
        let Some((waiting, patience)) = self.yield_to_another(now)? else {
            return Ok(Duration::ZERO);
        };
        let begun = Instant::now();
        let turn = self.runtime.block_on(self.back(waiting, patience))?;
        self.put(turn);
        let waited = begun.elapsed();
        self.state().patience = patience.saturating_sub(waited);
        Ok(waited)
    }
}

#[cfg(test)]
mod tests {
    use super::super::turns::tests::{account, poll, take, turns};
    use super::*;
    use std::thread;

    struct Query {
        turns: Arc<Turns>,
        cancel: Arc<Cancel>,
        turn_holder: Arc<TurnHolder>,
        begun: Instant,
    }

    async fn query(patience: Duration) -> Query {
        let turns = turns(1, 8, 100);
        let turn = take(&turns, account(1)).await.unwrap();
        let cancel = Arc::<Cancel>::default();
        let turn_holder = TurnHolder::new(&turns, turn, Arc::clone(&cancel), patience);
        let begun = turn_holder.state().since;
        Query {
            turns,
            cancel,
            turn_holder: Arc::new(turn_holder),
            begun,
        }
    }

    impl Query {
        /// Calls `yield_turn` on another thread, `after` this long.
        fn checked(&self, after: Duration) -> thread::JoinHandle<Result<Duration, Stop>> {
            let (turn_holder, now) = (Arc::clone(&self.turn_holder), self.begun + after);
            thread::spawn(move || turn_holder.yield_turn(now))
        }
    }

    const LONG: Duration = Duration::from_secs(600);

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_query_gives_way_when_it_has_had_its_time_and_not_before() {
        let query = query(LONG).await;
        let checked = |after| query.checked(after).join().unwrap();
        assert_eq!(checked(LONG), Ok(Duration::ZERO), "nobody waits");
        let turns = Arc::clone(&query.turns);
        let other = tokio::spawn(async move { take(&turns, account(2)).await });
        while !query.turns.has_waiting_query() {
            tokio::task::yield_now().await;
        }
        let early = SLICE.saturating_sub(Duration::from_millis(1));
        assert_eq!(checked(early), Ok(Duration::ZERO));
        assert!(!other.is_finished());
        let waits = query.checked(SLICE);
        let turn = other.await.unwrap().unwrap();
        assert!(query.turn_holder.state().turn.is_none() && !waits.is_finished());
        drop(turn);
        assert!(waits.join().unwrap().unwrap() > Duration::ZERO);
        let state = query.turn_holder.state();
        assert!(state.turn.is_some() && state.since > query.begun && state.patience < LONG);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_query_that_waits_for_its_turn_ends_when_it_is_told_or_its_time_is_over() {
        let overdue = Stop::Deadline {
            allowed: Duration::ZERO,
        };
        for (patience, end) in [(LONG, Stop::Cancelled), (Duration::ZERO, overdue)] {
            let query = query(patience).await;
            let turns = Arc::clone(&query.turns);
            let other = tokio::spawn(async move { take(&turns, account(2)).await });
            while !query.turns.has_waiting_query() {
                tokio::task::yield_now().await;
            }
            let waits = query.checked(SLICE);
            let turn = other.await.unwrap().unwrap();
            if end == Stop::Cancelled {
                query.cancel.cancel();
            }
            assert_eq!(waits.join().unwrap(), Err(end));
            assert!(!query.turns.has_waiting_query());
            // It never goes on without a turn.
            let mut third = pin!(take(&query.turns, account(3)));
            assert!(poll(third.as_mut()).is_pending());
            let more = query.checked(LONG).join().unwrap();
            assert_eq!(more, Err(Stop::Cancelled));
            drop(turn);
        }
    }
}
