//! The turns in which logins of one account write: a few at once, some that wait for these, and no more. Each of them keeps a connection
//! to the database, also while it waits for a lock there, and a node has few connections: those of one account must not take all.

use base::id::AccountId;
use base::limit::{self, Limit};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The turns of each account that has a login under way.
#[derive(Debug, Default)]
pub(crate) struct LoginTurns(Mutex<HashMap<AccountId, Weak<AccountTurns>>>);

#[derive(Debug)]
struct AccountTurns {
    /// One for each login that writes or waits, but for those that end.
    present: Arc<Semaphore>,
    /// One for each login that writes.
    writing: Arc<Semaphore>,
}

/// A turn, until it is dropped.
#[derive(Debug)]
pub(crate) struct LoginTurn {
    _account: Arc<AccountTurns>,
    _present: Option<OwnedSemaphorePermit>,
    _writing: OwnedSemaphorePermit,
}

fn places(limits: &[Limit]) -> Arc<Semaphore> {
    let most: u64 = limits.iter().map(|limit| limit.default).sum();
    let most = usize::try_from(most).unwrap_or(Semaphore::MAX_PERMITS);
    Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)))
}

async fn turn(
    turns: Arc<AccountTurns>,
    present: Option<OwnedSemaphorePermit>,
) -> Option<LoginTurn> {
    // It is never closed.
    let writing = Arc::clone(&turns.writing).acquire_owned().await.ok()?;
    Some(LoginTurn {
        _account: turns,
        _present: present,
        _writing: writing,
    })
}

impl LoginTurns {
    /// Waits for a turn, in the order of arrival; none if as many as may are waiting already.
    pub(crate) async fn wait(&self, account: AccountId) -> Option<LoginTurn> {
        let turns = self.of(account);
        let present = Arc::clone(&turns.present).try_acquire_owned().ok()?;
        turn(turns, Some(present)).await
    }

    /// Waits for a turn to end a login, however many are waiting: whoever has a stolen key must not keep others from ending what it
    /// gave.
    pub(crate) async fn wait_to_end(&self, account: AccountId) -> Option<LoginTurn> {
        turn(self.of(account), None).await
    }

    fn of(&self, account: AccountId) -> Arc<AccountTurns> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = all.get(&account).and_then(Weak::upgrade) {
            return turns;
        }
        // Accounts with no login under way are dropped: requests are bounded, and so are those that are left.
        all.retain(|_, turns| turns.strong_count() > 0);
        let writing = limit::LOGINS_AT_ONCE_PER_ACCOUNT;
        let turns = Arc::new(AccountTurns {
            present: places(&[writing, limit::LOGINS_WAITING_PER_ACCOUNT]),
            writing: places(&[writing]),
        });
        all.insert(account, Arc::downgrade(&turns));
        turns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::Guid;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    fn account(number: u8) -> AccountId {
        AccountId(Guid::from_random([number; 16]))
    }

    fn polled<T>(future: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[tokio::test]
    async fn a_login_waits_for_those_of_its_account_alone_and_only_so_many_wait() {
        let turns = LoginTurns::default();
        let mut writing = Vec::new();
        for _ in 0..limit::LOGINS_AT_ONCE_PER_ACCOUNT.default {
            writing.push(turns.wait(account(1)).await.unwrap());
        }
        let mut waiting = Vec::new();
        for _ in 0..limit::LOGINS_WAITING_PER_ACCOUNT.default {
            let mut waits = Box::pin(turns.wait(account(1)));
            assert!(polled(waits.as_mut()).is_pending());
            waiting.push(waits);
        }
        assert!(turns.wait(account(1)).await.is_none());
        assert!(turns.wait(account(2)).await.is_some());
        let mut ends = Box::pin(turns.wait_to_end(account(1)));
        assert!(polled(ends.as_mut()).is_pending());
        // One that gives up makes room for another, and the first that waits comes next.
        waiting.pop();
        let mut last = Box::pin(turns.wait(account(1)));
        assert!(polled(last.as_mut()).is_pending());
        writing.pop();
        assert!(polled(waiting.swap_remove(0).as_mut()).is_ready());
    }

    #[tokio::test]
    async fn accounts_without_a_login_are_forgotten() {
        let turns = LoginTurns::default();
        for number in 0..100 {
            assert!(turns.wait(account(number)).await.is_some());
        }
        assert!(turns.0.lock().unwrap().len() <= 2);
    }
}
