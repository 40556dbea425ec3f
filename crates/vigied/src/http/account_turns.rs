//! Turns of accounts: a few pieces of work of one account at once, and its others after them in the order of arrival. So the work of one
//! account is never in the way of another's. Who waits keeps the slot of the request, and there are only so many slots: so few wait,
//! and what else the account does, such as sending, has room beside them. One identity has a share of the waiting places, so that it does
//! not take its colleagues'.

use super::problem::Refusal;
use super::worker;
use base::id::AccountId;
use base::limit::{self, Limit};
use base::principal::Principal;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wire::code;

/// How much work of a kind one account has at once, and how much of it waits.
#[derive(Debug)]
pub(crate) struct TurnBounds {
    at_once: &'static Limit,
    waiting: &'static Limit,
    waiting_per_identity: &'static Limit,
    /// What waits, as a refusal says it.
    what: &'static str,
}

/// Work whose cost grows with what an account has, such as a list of its spaces.
pub(crate) static LISTS: TurnBounds = TurnBounds {
    at_once: &limit::LISTS_AT_ONCE_PER_ACCOUNT,
    waiting: &limit::LISTS_WAITING_PER_ACCOUNT,
    waiting_per_identity: &limit::LISTS_WAITING_PER_IDENTITY,
    what: "lists, reports and decisions",
};

/// Changes of what an account has. They take turns in the database anyway, as each locks the row of the account, or of the domain; but
/// there each would keep a connection while it waits, of which a node has few, and those of one account would leave none to the others.
pub(crate) static CHANGES: TurnBounds = TurnBounds {
    at_once: &limit::CHANGES_AT_ONCE_PER_ACCOUNT,
    waiting: &limit::CHANGES_WAITING_PER_ACCOUNT,
    waiting_per_identity: &limit::CHANGES_WAITING_PER_IDENTITY,
    what: "changes",
};

/// The turns of each account that has work of a kind now.
#[derive(Debug)]
pub(crate) struct AccountTurns {
    bounds: &'static TurnBounds,
    accounts: Mutex<HashMap<AccountId, Weak<Turns>>>,
}

/// The turns of one account.
#[derive(Debug)]
struct Turns {
    /// For what runs.
    running: Arc<Semaphore>,
    /// How many wait, by identity: none with zero.
    waiting: Mutex<HashMap<Principal, u64>>,
}

/// A turn of an account, which is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct AccountTurn {
    /// While one is there the account is not forgotten.
    _turns: Arc<Turns>,
    _permit: Option<OwnedSemaphorePermit>,
}

/// A place in the queue; it is free again when its holder gets a turn or gives up.
#[derive(Debug)]
struct WaitingPlace<'a> {
    turns: &'a Turns,
    identity: Principal,
}

impl Drop for WaitingPlace<'_> {
    fn drop(&mut self) {
        let waiting = self.turns.waiting.lock();
        let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = waiting.get_mut(&self.identity) {
            *places = places.saturating_sub(1);
            if *places == 0 {
                waiting.remove(&self.identity);
            }
        }
    }
}

impl TurnBounds {
    /// The refusal where no more of `whose` may wait.
    fn too_many_wait(&self, limit: &'static Limit, whose: &str) -> Refusal {
        let message = format!(
            "as many {} of {whose} wait for their turn as may: `{}` = {}",
            self.what, limit.name, limit.default
        );
        let problem = code::TOO_BUSY.problem(message);
        let hint = "send again after `Retry-After` seconds, and fewer at once";
        Refusal(problem.hint(hint).limit(limit))
    }
}

impl Turns {
    fn new(bounds: &TurnBounds) -> Self {
        let most = usize::try_from(bounds.at_once.default).unwrap_or(1);
        Self {
            running: Arc::new(Semaphore::new(most)),
            waiting: Mutex::default(),
        }
    }

    /// A place for one more that waits.
    ///
    /// # Errors
    /// When as many of the account, or of the identity, wait as may.
    fn wait(&self, bounds: &TurnBounds, identity: Principal) -> Result<WaitingPlace<'_>, Refusal> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let of_identity = waiting.get(&identity).copied().unwrap_or(0);
        if of_identity >= bounds.waiting_per_identity.default {
            let whose = format!("`{identity}` in the account");
            return Err(bounds.too_many_wait(bounds.waiting_per_identity, &whose));
        }
        // As many entries at most as there are places.
        if waiting.values().sum::<u64>() >= bounds.waiting.default {
            return Err(bounds.too_many_wait(bounds.waiting, "the account"));
        }
        waiting.insert(identity, of_identity + 1);
        drop(waiting);
        Ok(WaitingPlace {
            turns: self,
            identity,
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
    pub(crate) fn new(bounds: &'static TurnBounds) -> Self {
        Self {
            bounds,
            accounts: Mutex::default(),
        }
    }

    /// Waits for a turn of the account, for work of that identity.
    ///
    /// # Errors
    /// When as many of the account, or of the identity, wait as may.
    pub(crate) async fn take(
        &self,
        account: AccountId,
        identity: Principal,
    ) -> Result<AccountTurn, Refusal> {
        let turns = self.turns_of(account);
        // Whoever waits is first: a turn that comes back is theirs.
        if let Some(turn) = turns.free() {
            return Ok(turn);
        }
        let _place = turns.wait(self.bounds, identity)?;
        Ok(Arc::clone(&turns).next().await)
    }

    /// Waits for a turn of the account, however many wait: for what completes work that has had its turn, and for what ends credentials.
    pub(crate) async fn take_to_complete(&self, account: AccountId) -> AccountTurn {
        self.turns_of(account).next().await
    }

    fn turns_of(&self, account: AccountId) -> Arc<Turns> {
        let mut all = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = all.get(&account).and_then(Weak::upgrade) {
            return turns;
        }
        // Accounts for which nobody has or awaits a turn are dropped.
        all.retain(|_, turns| turns.strong_count() > 0);
        let turns = Arc::new(Turns::new(self.bounds));
        all.insert(account, Arc::downgrade(&turns));
        turns
    }
}

impl AccountTurn {
    /// Runs a request's `work` in this turn, on the blocking threads. If the request is given up, the step that runs is the last.
    ///
    /// # Errors
    /// When the work panics.
    pub(crate) async fn run_in_steps<F>(self, work: F) -> Result<F::Output, Refusal>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        worker::run_in_steps(self.kept_by(work)).await
    }

    /// Runs a request's `work` in this turn to its end, also if the request is given up: a connection to the database that it waits with
    /// is not free before.
    ///
    /// # Errors
    /// When the work panics.
    pub(crate) async fn run_to_end<F>(self, work: F) -> Result<F::Output, Refusal>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        worker::run_to_end(self.kept_by(work)).await
    }

    /// The work keeps the turn, also where the caller has gone.
    async fn kept_by<F: Future>(self, work: F) -> F::Output {
        let _kept = self;
        work.await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{Guid, UserId};
    use std::pin::{Pin, pin};
    use std::sync::mpsc;
    use std::task::{Context, Poll, Waker};
    use tokio::sync::oneshot;

    fn account(number: u8) -> AccountId {
        AccountId(Guid::from_random([number; 16]))
    }

    fn user(number: u8) -> Principal {
        Principal::User(UserId(Guid::from_random([number; 16])))
    }

    /// Runs work of an identity as a list, once it has its turn.
    async fn run<F>(
        turns: &AccountTurns,
        account: AccountId,
        identity: Principal,
        work: F,
    ) -> Result<F::Output, Refusal>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        turns
            .take(account, identity)
            .await?
            .run_in_steps(work)
            .await
    }

    fn is_pending<F: Future + ?Sized>(work: Pin<&mut F>) -> bool {
        let polled = work.poll(&mut Context::from_waker(Waker::noop()));
        matches!(polled, Poll::Pending)
    }

    #[tokio::test]
    async fn an_account_has_so_many_turns_and_others_do_not_wait_for_them() {
        let turns = AccountTurns::new(&LISTS);
        let most = limit::LISTS_AT_ONCE_PER_ACCOUNT.default;
        let mut ends = Vec::new();
        let mut running = Vec::new();
        for _ in 0..most {
            let (end, ended) = mpsc::channel::<()>();
            ends.push(end);
            let mut work = Box::pin(run(
                &turns,
                account(1),
                user(1),
                async move { ended.recv() },
            ));
            assert!(is_pending(work.as_mut()));
            running.push(work);
        }
        let mut further = pin!(run(&turns, account(1), user(1), async {}));
        assert!(is_pending(further.as_mut()));
        run(&turns, account(2), user(1), async {}).await.unwrap();
        // Work that has started keeps its turn, even if its caller has gone.
        running.clear();
        assert!(is_pending(further.as_mut()));
        ends.pop().unwrap().send(()).unwrap();
        further.await.unwrap();
        ends.clear();
    }

    type Endless<'a> = Pin<Box<dyn Future<Output = Result<(), Refusal>> + 'a>>;

    /// Work that never ends by itself: one piece for each of these identities of the account.
    fn fill<'a>(
        turns: &'a AccountTurns,
        identities: impl Iterator<Item = Principal>,
    ) -> (Vec<Endless<'a>>, Vec<mpsc::Sender<()>>) {
        let started = identities.map(|identity| {
            let (end, ended) = mpsc::channel::<()>();
            let work = run(turns, account(1), identity, async move {
                let _ended = ended.recv();
            });
            let mut work: Endless<'a> = Box::pin(work);
            assert!(is_pending(work.as_mut()));
            (work, end)
        });
        started.unzip()
    }

    #[tokio::test]
    async fn when_as_many_wait_as_may_a_further_one_is_refused_at_once() {
        let turns = AccountTurns::new(&LISTS);
        let waiting = &limit::LISTS_WAITING_PER_ACCOUNT;
        let places = limit::LISTS_AT_ONCE_PER_ACCOUNT.default + waiting.default;
        let share = limit::LISTS_WAITING_PER_IDENTITY.default;
        let identities = (0..places).map(|at| user(u8::try_from(at / share).unwrap()));
        let (mut all, ends) = fill(&turns, identities);
        let newcomer = user(100);
        let Refusal(refused) = run(&turns, account(1), newcomer, async {})
            .await
            .unwrap_err();
        assert_eq!(refused.code, code::TOO_BUSY.code);
        assert_eq!(refused.limit, Some(waiting));
        run(&turns, account(2), newcomer, async {}).await.unwrap();
        // Who goes while they wait leaves a place.
        all.pop();
        let mut next = pin!(run(&turns, account(1), newcomer, async {}));
        assert!(is_pending(next.as_mut()));
        all.clear();
        drop(ends);
        next.await.unwrap();
    }

    #[tokio::test]
    async fn an_identity_takes_a_quarter_of_the_waiting_places_and_leaves_the_others() {
        let turns = AccountTurns::new(&LISTS);
        let share = &limit::LISTS_WAITING_PER_IDENTITY;
        assert_eq!(share.default * 4, limit::LISTS_WAITING_PER_ACCOUNT.default);
        let most = limit::LISTS_AT_ONCE_PER_ACCOUNT.default + share.default;
        let (mut all, ends) = fill(&turns, (0..most).map(|_| user(1)));
        let Refusal(refused) = run(&turns, account(1), user(1), async {})
            .await
            .unwrap_err();
        assert_eq!(refused.code, code::TOO_BUSY.code);
        assert_eq!(refused.limit, Some(share));
        // Elsewhere the identity has a share of its own, and its colleagues have theirs here.
        run(&turns, account(2), user(1), async {}).await.unwrap();
        let mut colleague = pin!(run(&turns, account(1), user(2), async {}));
        assert!(is_pending(colleague.as_mut()));
        // Who goes leaves a place of the share.
        all.pop();
        let mut next = pin!(run(&turns, account(1), user(1), async {}));
        assert!(is_pending(next.as_mut()));
        all.clear();
        drop(ends);
        colleague.await.unwrap();
        next.await.unwrap();
    }

    /// Work of this user that ends when it is told.
    fn change<'a>(turns: &'a AccountTurns, user: Principal) -> (Endless<'a>, oneshot::Sender<()>) {
        let (end, ended) = oneshot::channel::<()>();
        let work = async move {
            let turn = turns.take(account(1), user).await?;
            turn.run_to_end(async move { drop(ended.await) }).await
        };
        (Box::pin(work), end)
    }

    #[tokio::test]
    async fn a_change_that_has_begun_goes_on_without_its_caller_and_keeps_its_turn() {
        let turns = AccountTurns::new(&CHANGES);
        let at_once = limit::CHANGES_AT_ONCE_PER_ACCOUNT.default;
        let (mut running, mut ends): (Vec<_>, Vec<_>) =
            (0..at_once).map(|_| change(&turns, user(1))).unzip();
        assert!(running.iter_mut().all(|work| is_pending(work.as_mut())));
        let (mut further, end) = change(&turns, user(2));
        assert!(is_pending(further.as_mut()));
        turns.take(account(2), user(1)).await.unwrap();
        running.clear();
        tokio::task::yield_now().await;
        assert!(is_pending(further.as_mut()));
        ends.pop().unwrap().send(()).unwrap();
        end.send(()).unwrap();
        further.await.unwrap();
    }

    #[tokio::test]
    async fn what_completes_work_waits_where_no_further_work_may() {
        let turns = AccountTurns::new(&CHANGES);
        let at_once = limit::CHANGES_AT_ONCE_PER_ACCOUNT.default;
        let mut held = Vec::new();
        for _ in 0..at_once {
            held.push(turns.take(account(1), user(1)).await.unwrap());
        }
        let share = &limit::CHANGES_WAITING_PER_IDENTITY;
        let waiting = (0..share.default).map(|_| Box::pin(turns.take(account(1), user(1))));
        let mut waiting: Vec<_> = waiting.collect();
        assert!(waiting.iter_mut().all(|take| is_pending(take.as_mut())));
        let Refusal(refused) = turns.take(account(1), user(1)).await.unwrap_err();
        assert_eq!(refused.limit, Some(share));
        let mut last = pin!(turns.take_to_complete(account(1)));
        assert!(is_pending(last.as_mut()));
        waiting.clear();
        held.clear();
        last.await;
    }

    #[test]
    fn an_identity_has_a_quarter_of_the_places_for_changes_that_wait() {
        let (all, share) = (
            limit::CHANGES_WAITING_PER_ACCOUNT,
            limit::CHANGES_WAITING_PER_IDENTITY,
        );
        assert_eq!(share.default * 4, all.default);
        // The account has slots beside them, for its senders.
        let slots = limit::CONCURRENT_REQUESTS.default * limit::ACCOUNT_SHARE_PERCENT.default / 100;
        assert!((..=slots / 2).contains(&all.default));
    }

    #[tokio::test]
    async fn what_nobody_uses_is_forgotten() {
        let turns = AccountTurns::new(&LISTS);
        for number in 0..5 {
            run(&turns, account(number), user(1), async {})
                .await
                .unwrap();
        }
        let all = turns.accounts.lock().unwrap();
        assert!(all.len() <= 2, "{all:?}");
    }
}
