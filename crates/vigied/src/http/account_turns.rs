//! Turns for work whose cost grows with what an account has, such as a list of its spaces. It runs on the blocking threads: a few pieces
//! of one account at once, and its others after them in the order of arrival. So the lists of one account are never in the way of
//! another's. Who waits keeps the slot of the request, and there are only so many slots.

use super::problem::Refusal;
use super::worker;
use base::id::AccountId;
use base::limit;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::Semaphore;

/// The turns of each account that has such work now.
#[derive(Debug, Default)]
pub(crate) struct AccountTurns(Mutex<HashMap<AccountId, Weak<Semaphore>>>);

impl AccountTurns {
    /// Waits for a turn of the account, and runs `work` on a blocking thread.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        account: AccountId,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        // They are never closed.
        let turn = self.turns_of(account).acquire_owned().await.ok();
        worker::run(move || {
            // Also if the caller has gone meanwhile.
            let _turn = turn;
            work()
        })
        .await
    }

    fn turns_of(&self, account: AccountId) -> Arc<Semaphore> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = all.get(&account).and_then(Weak::upgrade) {
            return turns;
        }
        // Those of which nobody has or awaits a turn.
        all.retain(|_, turns| turns.strong_count() > 0);
        let most = usize::try_from(limit::LISTS_AT_ONCE_PER_ACCOUNT.default).unwrap_or(1);
        let turns = Arc::new(Semaphore::new(most));
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
    async fn what_nobody_uses_is_forgotten() {
        let turns = AccountTurns::default();
        for number in 0..5 {
            turns.run(account(number), || ()).await.unwrap();
        }
        let all = turns.0.lock().unwrap();
        assert!(all.len() <= 2, "{all:?}");
    }
}
