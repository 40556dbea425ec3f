//! Turns for work whose cost grows with what an account has, such as a list of its spaces. It runs on the blocking threads: a few pieces
//! of one account at once, and its others after them in the order of arrival. So the lists of one account are never in the way of
//! another's. Who waits keeps the slot of the request, and there are only so many slots: so few wait, and what else the account does,
//! such as sending, has room beside them.

use super::problem::Refusal;
use super::worker;
use base::id::AccountId;
use base::limit::{self, Limit};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::Semaphore;
use wire::code;

/// The turns of each account that has such work now.
#[derive(Debug, Default)]
pub(crate) struct AccountTurns(Mutex<HashMap<AccountId, Weak<Turns>>>);

/// The turns of one account.
#[derive(Debug)]
struct Turns {
    /// For what runs.
    running: Arc<Semaphore>,
    /// For what runs or waits.
    places: Arc<Semaphore>,
}

impl Turns {
    fn new() -> Self {
        let number = |limit: &Limit| usize::try_from(limit.default).unwrap_or(1);
        let most = number(&limit::LISTS_AT_ONCE_PER_ACCOUNT);
        let waiting = number(&limit::LISTS_WAITING_PER_ACCOUNT);
        Self {
            running: Arc::new(Semaphore::new(most)),
            places: Arc::new(Semaphore::new(most.saturating_add(waiting))),
        }
    }
}

/// The refusal where no more may wait.
fn too_many_wait() -> Refusal {
    let limit = &limit::LISTS_WAITING_PER_ACCOUNT;
    let message = format!(
        "as many lists and decisions of the account wait for their turn as may: `{}` = {}",
        limit.name, limit.default
    );
    let problem = code::TOO_BUSY.problem(message);
    let hint = "send again after `Retry-After` seconds, and fewer at once";
    Refusal(problem.hint(hint).limit(limit))
}

impl AccountTurns {
    /// Waits for a turn of the account, and runs `work` on a blocking thread.
    ///
    /// # Errors
    /// When as many of the account wait as may.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        account: AccountId,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let turns = self.turns_of(account);
        let place = Arc::clone(&turns.places).try_acquire_owned();
        let place = place.map_err(|_| too_many_wait())?;
        // They are never closed.
        let turn = Arc::clone(&turns.running).acquire_owned().await.ok();
        worker::run(move || {
            // Also if the caller has gone meanwhile.
            let _kept = (turns, place, turn);
            work()
        })
        .await
    }

    fn turns_of(&self, account: AccountId) -> Arc<Turns> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = all.get(&account).and_then(Weak::upgrade) {
            return turns;
        }
        // Those of which nobody has or awaits a turn.
        all.retain(|_, turns| turns.strong_count() > 0);
        let turns = Arc::new(Turns::new());
        all.insert(account, Arc::downgrade(&turns));
        turns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::Guid;
    use std::pin::{Pin, pin};
    use std::sync::mpsc;
    use std::task::{Context, Poll, Waker};

    fn account(number: u8) -> AccountId {
        AccountId(Guid::from_random([number; 16]))
    }

    fn is_pending<F: Future>(work: Pin<&mut F>) -> bool {
        let polled = work.poll(&mut Context::from_waker(Waker::noop()));
        matches!(polled, Poll::Pending)
    }

    #[tokio::test]
    async fn an_account_has_so_many_turns_and_others_do_not_wait_for_them() {
        let turns = AccountTurns::default();
        let most = limit::LISTS_AT_ONCE_PER_ACCOUNT.default;
        let mut ends = Vec::new();
        let mut running = Vec::new();
        for _ in 0..most {
            let (end, ended) = mpsc::channel::<()>();
            ends.push(end);
            let mut work = Box::pin(turns.run(account(1), move || ended.recv()));
            assert!(is_pending(work.as_mut()));
            running.push(work);
        }
        let mut further = pin!(turns.run(account(1), || ()));
        assert!(is_pending(further.as_mut()));
        turns.run(account(2), || ()).await.unwrap();
        // Whoever has started keeps the turn without being asked for.
        running.clear();
        assert!(is_pending(further.as_mut()));
        ends.pop().unwrap().send(()).unwrap();
        further.await.unwrap();
        ends.clear();
    }

    #[tokio::test]
    async fn when_as_many_wait_as_may_a_further_one_is_refused_at_once() {
        let turns = AccountTurns::default();
        let waiting = &limit::LISTS_WAITING_PER_ACCOUNT;
        let mut ends = Vec::new();
        let mut all = Vec::new();
        for _ in 0..limit::LISTS_AT_ONCE_PER_ACCOUNT.default + waiting.default {
            let (end, ended) = mpsc::channel::<()>();
            ends.push(end);
            let mut work = Box::pin(turns.run(account(1), move || ended.recv()));
            assert!(is_pending(work.as_mut()));
            all.push(work);
        }
        let Refusal(refused) = turns.run(account(1), || ()).await.unwrap_err();
        assert_eq!(refused.code, code::TOO_BUSY.code);
        assert_eq!(refused.limit, Some(waiting));
        turns.run(account(2), || ()).await.unwrap();
        // Who goes while they wait leaves a place.
        all.pop();
        let mut next = pin!(turns.run(account(1), || ()));
        assert!(is_pending(next.as_mut()));
        all.clear();
        ends.clear();
        next.await.unwrap();
    }

    #[tokio::test]
    async fn what_nobody_uses_is_forgotten() {
        let turns = AccountTurns::default();
        for number in 0..5 {
            turns.run(account(number), || ()).await.unwrap();
        }
        let all = turns.0.lock().unwrap();
        assert!(all.len() <= 2, "{all:?}");
    }
}
