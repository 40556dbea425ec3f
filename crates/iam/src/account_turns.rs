//! Turns of accounts: a few pieces of work of one account at once, and its others after them in the order of arrival. So the work of one
//! account is never in the way of another's. Whoever waits keeps what it came with, such as the slot of its request, of which there are
//! only so many: so few wait. One identity has a share of the waiting places, so that whoever has a key or token of one person does not
//! keep out their colleagues.

use crate::keyed_turns::KeyedTurns;
use base::id::AccountId;
use base::limit::Limit;
use base::principal::Principal;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How much work of a kind one account has at once, and how much of it waits.
#[derive(Debug, Clone, Copy)]
pub struct TurnLimits {
    /// How much runs at once.
    pub at_once: &'static Limit,
    /// How much of the account waits.
    pub waiting: &'static Limit,
    /// How much of one holder in the account waits.
    pub waiting_per_identity: &'static Limit,
}

/// Who has a share of the places of an account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TurnHolder {
    /// An identity, with all of its keys and tokens.
    Principal(Principal),
    /// A program of a compute resource. One trusted profile is for many, of which each has a token of its own and knows nothing of the
    /// others, and one Kubernetes service account has many pods.
    Workload {
        /// How its compute resource is called.
        resource: String,
        /// The hash of its token.
        token: [u8; 32],
    },
}

impl From<Principal> for TurnHolder {
    fn from(principal: Principal) -> Self {
        Self::Principal(principal)
    }
}

impl fmt::Display for TurnHolder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Principal(principal) => write!(out, "{principal}"),
            Self::Workload { resource, .. } => {
                write!(out, "compute resource {resource}")
            }
        }
    }
}

/// As much of the account, or of one holder in it, waits as may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooManyWait {
    /// The limit that is reached.
    pub limit: &'static Limit,
    /// Whose share it is; none where it is that of the whole account.
    pub holder: Option<TurnHolder>,
}

/// The turns of each account that has work of a kind now.
#[derive(Debug)]
pub struct AccountTurns {
    limits: TurnLimits,
    accounts: Mutex<HashMap<AccountId, Weak<Turns>>>,
    /// For what ends credentials: as much of one holder waits for the account's turns as of its other work, and the rest waits for that.
    endings: KeyedTurns<(AccountId, TurnHolder)>,
}

/// The turns of one account.
#[derive(Debug)]
struct Turns {
    /// For what runs.
    running: Arc<Semaphore>,
    /// How much waits, by holder: none with zero.
    waiting: Mutex<HashMap<TurnHolder, u64>>,
}

/// A turn of an account, which is free again when this is dropped.
#[derive(Debug)]
#[must_use]
pub struct AccountTurn {
    /// While one is there the account is not forgotten.
    _turns: Arc<Turns>,
    _permit: Option<OwnedSemaphorePermit>,
}

/// A place among those that wait; it is free again when its holder gets a turn or gives up.
#[derive(Debug)]
struct WaitingPlace<'t> {
    turns: &'t Turns,
    holder: TurnHolder,
}

impl Drop for WaitingPlace<'_> {
    fn drop(&mut self) {
        let waiting = self.turns.waiting.lock();
        let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = waiting.get_mut(&self.holder) {
            *places = places.saturating_sub(1);
            if *places == 0 {
                waiting.remove(&self.holder);
            }
        }
    }
}

impl Turns {
    fn new(limits: &TurnLimits) -> Self {
        let most = usize::try_from(limits.at_once.default).unwrap_or(1);
        Self {
            running: Arc::new(Semaphore::new(most)),
            waiting: Mutex::default(),
        }
    }

    /// A place for one more that waits.
    fn place(
        &self,
        limits: &TurnLimits,
        holder: TurnHolder,
    ) -> Result<WaitingPlace<'_>, TooManyWait> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let of_holder = waiting.get(&holder).copied().unwrap_or(0);
        if of_holder >= limits.waiting_per_identity.default {
            return Err(TooManyWait {
                limit: limits.waiting_per_identity,
                holder: Some(holder),
            });
        }
        // As many entries at most as there are places.
        if waiting.values().sum::<u64>() >= limits.waiting.default {
            return Err(TooManyWait {
                limit: limits.waiting,
                holder: None,
            });
        }
        waiting.insert(holder.clone(), of_holder + 1);
        drop(waiting);
        Ok(WaitingPlace {
            turns: self,
            holder,
        })
    }

    /// The next turn.
    async fn next(self: Arc<Self>) -> AccountTurn {
        // They are never closed.
        let permit = Arc::clone(&self.running).acquire_owned().await.ok();
        AccountTurn {
            _turns: self,
            _permit: permit,
        }
    }

    /// A turn that is free, while nobody waits for it.
    fn free(self: &Arc<Self>) -> Option<AccountTurn> {
        let permit = Arc::clone(&self.running).try_acquire_owned().ok()?;
        Some(AccountTurn {
            _turns: Arc::clone(self),
            _permit: Some(permit),
        })
    }
}

impl AccountTurns {
    /// None is taken yet.
    #[must_use]
    pub fn new(limits: TurnLimits) -> Self {
        let share = usize::try_from(limits.waiting_per_identity.default);
        Self {
            limits,
            accounts: Mutex::default(),
            endings: KeyedTurns::new(share.unwrap_or(1)),
        }
    }

    /// Waits for a turn of the account, for work of that holder.
    ///
    /// # Errors
    /// When as much of the account, or of the holder, waits as may.
    pub async fn take(
        &self,
        account: AccountId,
        holder: impl Into<TurnHolder>,
    ) -> Result<AccountTurn, TooManyWait> {
        let turns = self.of(account);
        // Whoever waits is first: a turn that comes back is theirs.
        if let Some(turn) = turns.free() {
            return Ok(turn);
        }
        let _place = turns.place(&self.limits, holder.into())?;
        Ok(Arc::clone(&turns).next().await)
    }

    /// Waits for a turn of the account, however many wait: for what completes work that has had its turn.
    pub async fn take_to_complete(&self, account: AccountId) -> AccountTurn {
        self.of(account).next().await
    }

    /// Waits for a turn of the account for what ends credentials. It is never refused, as whoever has a stolen key must not keep others
    /// from ending what it gave; but what is more than the holder's share of the waiting places waits for that.
    pub async fn take_to_end(
        &self,
        account: AccountId,
        holder: impl Into<TurnHolder>,
    ) -> AccountTurn {
        let turns = self.of(account);
        if let Some(turn) = turns.free() {
            return turn;
        }
        let _share = self.endings.take((account, holder.into())).await;
        turns.next().await
    }

    fn of(&self, account: AccountId) -> Arc<Turns> {
        let mut all = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = all.get(&account).and_then(Weak::upgrade) {
            return turns;
        }
        // Accounts for which nobody has or awaits a turn are dropped: requests are bounded, and so are those that are left.
        all.retain(|_, turns| turns.strong_count() > 0);
        let turns = Arc::new(Turns::new(&self.limits));
        all.insert(account, Arc::downgrade(&turns));
        turns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{Guid, UserId};
    use base::limit;
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    const LIMITS: TurnLimits = TurnLimits {
        at_once: &limit::LISTS_AT_ONCE_PER_ACCOUNT,
        waiting: &limit::LISTS_WAITING_PER_ACCOUNT,
        waiting_per_identity: &limit::LISTS_WAITING_PER_IDENTITY,
    };

    fn account(number: u8) -> AccountId {
        AccountId(Guid::from_random([number; 16]))
    }

    fn user(number: u8) -> Principal {
        Principal::User(UserId(Guid::from_random([number; 16])))
    }

    type Waiting<'t> = Pin<Box<dyn Future<Output = Result<AccountTurn, TooManyWait>> + 't>>;

    fn polled<T>(future: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> Poll<T> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    /// So many of the first account that wait.
    fn fill(turns: &AccountTurns, identity: Principal, number: u64) -> Vec<Waiting<'_>> {
        let waiting = (0..number).map(|_| {
            let mut one: Waiting<'_> = Box::pin(turns.take(account(1), identity));
            assert!(polled(one.as_mut()).is_pending());
            one
        });
        waiting.collect()
    }

    async fn all_taken(turns: &AccountTurns) -> Vec<AccountTurn> {
        let mut taken = Vec::new();
        for _ in 0..LIMITS.at_once.default {
            taken.push(turns.take(account(1), user(1)).await.unwrap());
        }
        taken
    }

    fn waiting_by_holder(turns: &AccountTurns) -> HashMap<TurnHolder, u64> {
        let turns = turns.of(account(1));
        let waiting = turns.waiting.lock().unwrap();
        waiting.clone()
    }

    #[tokio::test]
    async fn an_account_has_so_many_turns_and_only_so_many_wait_for_them() {
        let turns = AccountTurns::new(LIMITS);
        let _taken = all_taken(&turns).await;
        let share = LIMITS.waiting_per_identity.default;
        let mut waiting = Vec::new();
        for number in 1..=4 {
            waiting.extend(fill(&turns, user(number), share));
        }
        let refused = turns.take(account(1), user(5)).await.unwrap_err();
        let full = TooManyWait {
            limit: LIMITS.waiting,
            holder: None,
        };
        assert_eq!(refused, full);
        // Another account waits for none of it.
        let _other = turns.take(account(2), user(5)).await.unwrap();
        // One that gives up leaves a place.
        waiting.pop();
        let _newcomer = fill(&turns, user(5), 1);
    }

    #[tokio::test]
    async fn an_identity_takes_its_share_of_the_places_and_leaves_the_others() {
        let turns = AccountTurns::new(LIMITS);
        let _taken = all_taken(&turns).await;
        let mut waiting = fill(&turns, user(1), LIMITS.waiting_per_identity.default);
        let refused = turns.take(account(1), user(1)).await.unwrap_err();
        let full = TooManyWait {
            limit: LIMITS.waiting_per_identity,
            holder: Some(user(1).into()),
        };
        assert_eq!(refused, full);
        // Elsewhere it has a share of its own, and its colleagues have theirs here.
        let _elsewhere = turns.take(account(2), user(1)).await.unwrap();
        let _colleague = fill(&turns, user(2), 1);
        // One that gives up leaves a place of the share.
        waiting.pop();
        let _next = fill(&turns, user(1), 1);
    }

    #[tokio::test]
    async fn a_turn_that_comes_back_goes_to_the_first_that_still_waits() {
        let turns = AccountTurns::new(LIMITS);
        let mut taken = all_taken(&turns).await;
        let mut gone = fill(&turns, user(1), 1);
        let mut first = fill(&turns, user(2), 1);
        let mut second = fill(&turns, user(1), 1);
        gone.clear();
        taken.pop();
        // Nor does it go to one that comes only now.
        let mut newcomer = fill(&turns, user(3), 1);
        assert!(polled(second[0].as_mut()).is_pending());
        let Poll::Ready(Ok(turn)) = polled(first[0].as_mut()) else {
            panic!("the first that waits has no turn");
        };
        drop(turn);
        assert!(polled(newcomer[0].as_mut()).is_pending());
        assert!(polled(second[0].as_mut()).is_ready());
    }

    #[tokio::test]
    async fn what_completes_work_waits_where_no_further_work_may() {
        let turns = AccountTurns::new(LIMITS);
        let mut taken = all_taken(&turns).await;
        let mut waiting = fill(&turns, user(1), LIMITS.waiting_per_identity.default);
        turns.take(account(1), user(1)).await.unwrap_err();
        let mut last = pin!(turns.take_to_complete(account(1)));
        assert!(polled(last.as_mut()).is_pending());
        waiting.clear();
        taken.clear();
        assert!(polled(last.as_mut()).is_ready());
    }

    #[tokio::test]
    async fn what_ends_credentials_is_not_refused_and_waits_for_its_own_beyond_its_share() {
        let turns = AccountTurns::new(LIMITS);
        let mut taken = all_taken(&turns).await;
        let share = LIMITS.waiting_per_identity.default;
        let mut changes = fill(&turns, user(1), share);
        turns.take(account(1), user(1)).await.unwrap_err();
        let end = |identity: Principal| {
            let mut one = Box::pin(turns.take_to_end(account(1), identity));
            assert!(polled(one.as_mut()).is_pending());
            one
        };
        let mut ends: Vec<_> = (0..share).map(|_| end(user(1))).collect();
        let mut beyond = end(user(1));
        let mut colleague = end(user(2));
        changes.clear();
        taken.clear();
        // Each gives its turn back at once.
        for one in &mut ends {
            assert!(polled(one.as_mut()).is_ready());
        }
        assert!(polled(colleague.as_mut()).is_ready());
        assert!(polled(beyond.as_mut()).is_ready());
    }

    #[tokio::test]
    async fn who_ends_more_than_its_share_keeps_no_colleague_waiting_for_it() {
        let turns = AccountTurns::new(LIMITS);
        let mut taken = all_taken(&turns).await;
        let mut ends = Vec::new();
        for _ in 0..LIMITS.waiting_per_identity.default + 1 {
            let mut one = Box::pin(turns.take_to_end(account(1), user(1)));
            assert!(polled(one.as_mut()).is_pending());
            ends.push(one);
        }
        let mut colleague = fill(&turns, user(2), 1);
        let mut beyond = ends.pop().unwrap();
        // All others before the colleague leave: then it is the colleague's turn, and not that of the one beyond the share.
        ends.clear();
        assert!(polled(beyond.as_mut()).is_pending());
        taken.pop();
        let turn = polled(colleague[0].as_mut());
        assert!(turn.is_ready());
        assert!(polled(beyond.as_mut()).is_pending());
        drop(turn);
        assert!(polled(beyond.as_mut()).is_ready());
    }

    #[tokio::test]
    async fn each_workload_of_a_profile_has_a_share() {
        let turns = AccountTurns::new(LIMITS);
        let _taken = all_taken(&turns).await;
        let pod = |number: u8| TurnHolder::Workload {
            resource: "prod/sender".to_owned(),
            token: [number; 32],
        };
        let mut waiting = Vec::new();
        for number in 1..=2 {
            for _ in 0..LIMITS.waiting_per_identity.default {
                let mut one: Waiting<'_> = Box::pin(turns.take(account(1), pod(number)));
                assert!(polled(one.as_mut()).is_pending());
                waiting.push(one);
            }
        }
        let refused = turns.take(account(1), pod(1)).await.unwrap_err();
        let whose = refused.holder.unwrap().to_string();
        assert!(whose.contains("prod/sender"), "{whose}");
    }

    #[tokio::test]
    async fn the_last_that_waits_leaves_no_place_taken() {
        let turns = AccountTurns::new(LIMITS);
        let mut taken = all_taken(&turns).await;
        let gone = fill(&turns, user(1), 2);
        let mut served = fill(&turns, user(2), 1);
        let counts = HashMap::from([(user(1).into(), 2), (user(2).into(), 1)]);
        assert_eq!(waiting_by_holder(&turns), counts);
        drop(gone);
        taken.pop();
        let turn = polled(served[0].as_mut());
        assert!(turn.is_ready());
        assert_eq!(waiting_by_holder(&turns), HashMap::new());
    }

    #[tokio::test]
    async fn accounts_without_work_are_forgotten() {
        let turns = AccountTurns::new(LIMITS);
        for number in 0..100 {
            drop(turns.take(account(number), user(1)).await.unwrap());
        }
        let all = turns.accounts.lock().unwrap();
        assert!(all.len() <= 2, "{all:?}");
    }

    #[test]
    fn an_identity_has_a_quarter_of_the_waiting_places() {
        for (share, all) in [
            (
                limit::LISTS_WAITING_PER_IDENTITY,
                limit::LISTS_WAITING_PER_ACCOUNT,
            ),
            (
                limit::CHANGES_WAITING_PER_IDENTITY,
                limit::CHANGES_WAITING_PER_ACCOUNT,
            ),
            (
                limit::LOGINS_WAITING_PER_IDENTITY,
                limit::LOGINS_WAITING_PER_ACCOUNT,
            ),
        ] {
            assert_eq!(share.default * 4, all.default, "{}", share.name);
        }
    }
}
