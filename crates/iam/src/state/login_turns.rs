//! The turns in which logins of one account write: a few at once, some that wait for these, and no more. Each of them keeps a connection
//! to the database, also while it waits for a lock there, and a node has few connections: those of one account must not take all. One
//! identity has a share of the waiting places, so that whoever has a key or token of one person does not keep out their colleagues.

use base::id::AccountId;
use base::limit::{self, Limit};
use base::principal::Principal;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Whose login it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LoginOwner {
    /// The account in whose turn it writes.
    pub(crate) account: AccountId,
    pub(crate) principal: Principal,
}

/// The turns of each account that has a login under way.
#[derive(Debug, Default)]
pub(crate) struct LoginTurns(Mutex<HashMap<AccountId, Weak<AccountTurns>>>);

#[derive(Debug)]
struct AccountTurns {
    /// One for each login that writes.
    writing: Arc<Semaphore>,
    /// How many wait, by whose they are, but for those that end: none with zero.
    waiting: Mutex<HashMap<Principal, u64>>,
}

/// A place among those that wait; it is free again when its holder gets a turn or gives up.
#[derive(Debug)]
struct WaitingPlace<'t> {
    turns: &'t AccountTurns,
    principal: Principal,
}

impl Drop for WaitingPlace<'_> {
    fn drop(&mut self) {
        let waiting = self.turns.waiting.lock();
        let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = waiting.get_mut(&self.principal) {
            *places = places.saturating_sub(1);
            if *places == 0 {
                waiting.remove(&self.principal);
            }
        }
    }
}

/// A turn, until it is dropped.
#[derive(Debug)]
pub(crate) struct LoginTurn {
    _account: Arc<AccountTurns>,
    _writing: OwnedSemaphorePermit,
}

impl AccountTurns {
    fn new() -> Self {
        let most = usize::try_from(limit::LOGINS_AT_ONCE_PER_ACCOUNT.default).unwrap_or(1);
        Self {
            writing: Arc::new(Semaphore::new(most)),
            waiting: Mutex::default(),
        }
    }

    /// A place for one more that waits.
    ///
    /// # Errors
    /// The limit, when as many of the account, or of the principal, wait as may.
    fn place(&self, principal: Principal) -> Result<WaitingPlace<'_>, &'static Limit> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let of_principal = waiting.get(&principal).copied().unwrap_or(0);
        if of_principal >= limit::LOGINS_WAITING_PER_IDENTITY.default {
            return Err(&limit::LOGINS_WAITING_PER_IDENTITY);
        }
        // As many entries at most as there are places.
        if waiting.values().sum::<u64>() >= limit::LOGINS_WAITING_PER_ACCOUNT.default {
            return Err(&limit::LOGINS_WAITING_PER_ACCOUNT);
        }
        waiting.insert(principal, of_principal + 1);
        drop(waiting);
        Ok(WaitingPlace {
            turns: self,
            principal,
        })
    }

    /// The next turn; none if there are no turns any more, which never happens.
    async fn next(self: Arc<Self>) -> Option<LoginTurn> {
        let writing = Arc::clone(&self.writing).acquire_owned().await.ok()?;
        Some(LoginTurn {
            _account: self,
            _writing: writing,
        })
    }

    /// A turn that is free, while nobody waits for it.
    fn free(self: &Arc<Self>) -> Option<LoginTurn> {
        let writing = Arc::clone(&self.writing).try_acquire_owned().ok()?;
        Some(LoginTurn {
            _account: Arc::clone(self),
            _writing: writing,
        })
    }
}

impl LoginTurns {
    /// Waits for a turn, in the order of arrival; none if it cannot be had.
    ///
    /// # Errors
    /// The limit, when as many of the account, or of the principal, wait as may.
    pub(crate) async fn wait(
        &self,
        owner: LoginOwner,
    ) -> Result<Option<LoginTurn>, &'static Limit> {
        let turns = self.of(owner.account);
        if let Some(turn) = turns.free() {
            return Ok(Some(turn));
        }
        let _place = turns.place(owner.principal)?;
        Ok(Arc::clone(&turns).next().await)
    }

    /// Waits for a turn to end a login, however many are waiting: whoever has a stolen key must not keep others from ending what it
    /// gave.
    pub(crate) async fn wait_to_end(&self, account: AccountId) -> Option<LoginTurn> {
        self.of(account).next().await
    }

    fn of(&self, account: AccountId) -> Arc<AccountTurns> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = all.get(&account).and_then(Weak::upgrade) {
            return turns;
        }
        // Accounts with no login under way are dropped: requests are bounded, and so are those that are left.
        all.retain(|_, turns| turns.strong_count() > 0);
        let turns = Arc::new(AccountTurns::new());
        all.insert(account, Arc::downgrade(&turns));
        turns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{Guid, UserId};
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    fn account(number: u8) -> AccountId {
        AccountId(Guid::from_random([number; 16]))
    }

    fn polled<T>(future: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> Poll<T> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    fn owner(in_account: u8, user: u8) -> LoginOwner {
        LoginOwner {
            account: account(in_account),
            principal: Principal::User(UserId(Guid::from_random([user; 16]))),
        }
    }

    type Waiting<'t> =
        Pin<Box<dyn Future<Output = Result<Option<LoginTurn>, &'static Limit>> + 't>>;

    /// So many logins of the user, which wait.
    fn fill(turns: &LoginTurns, user: u8, number: u64) -> Vec<Waiting<'_>> {
        let logins = (0..number).map(|_| {
            let mut login: Waiting<'_> = Box::pin(turns.wait(owner(1, user)));
            assert!(polled(login.as_mut()).is_pending());
            login
        });
        logins.collect()
    }

    async fn all_writing(turns: &LoginTurns) -> Vec<LoginTurn> {
        let mut writing = Vec::new();
        for _ in 0..limit::LOGINS_AT_ONCE_PER_ACCOUNT.default {
            writing.extend(turns.wait(owner(1, 1)).await.unwrap());
        }
        writing
    }

    #[tokio::test]
    async fn a_login_waits_for_those_of_its_account_alone_and_only_so_many_wait() {
        let turns = LoginTurns::default();
        let mut writing = all_writing(&turns).await;
        let share = limit::LOGINS_WAITING_PER_IDENTITY.default;
        let mut waiting = Vec::new();
        for user in 1..=4 {
            waiting.extend(fill(&turns, user, share));
        }
        let refused = turns.wait(owner(1, 5)).await.unwrap_err();
        assert_eq!(refused.name, limit::LOGINS_WAITING_PER_ACCOUNT.name);
        assert!(turns.wait(owner(2, 5)).await.unwrap().is_some());
        let mut ends = Box::pin(turns.wait_to_end(account(1)));
        assert!(polled(ends.as_mut()).is_pending());
        // One that gives up makes room for another, and the first that waits comes next.
        waiting.pop();
        let _last = fill(&turns, 5, 1);
        writing.pop();
        assert!(polled(waiting.swap_remove(0).as_mut()).is_ready());
    }

    #[tokio::test]
    async fn an_identity_takes_a_quarter_of_the_waiting_places_and_leaves_the_others() {
        let turns = LoginTurns::default();
        let writing = all_writing(&turns).await;
        let share = limit::LOGINS_WAITING_PER_IDENTITY;
        assert_eq!(share.default * 4, limit::LOGINS_WAITING_PER_ACCOUNT.default);
        let mut waiting = fill(&turns, 1, share.default);
        let refused = turns.wait(owner(1, 1)).await.unwrap_err();
        assert_eq!(refused.name, share.name);
        // Its colleagues have places of their own, and so has it when one of its logins has gone.
        let _colleague = fill(&turns, 2, 1);
        waiting.pop();
        let _next = fill(&turns, 1, 1);
        drop(writing);
    }

    #[tokio::test]
    async fn accounts_without_a_login_are_forgotten() {
        let turns = LoginTurns::default();
        for number in 0..100 {
            assert!(turns.wait(owner(number, 1)).await.unwrap().is_some());
        }
        assert!(turns.0.lock().unwrap().len() <= 2);
    }
}
