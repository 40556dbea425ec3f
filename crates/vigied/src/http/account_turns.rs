//! Turns for work whose cost grows with what an account has, such as a list of its spaces. It runs on the blocking threads: a few pieces
//! of one account at once, and its others after them in the order of arrival. So the lists of one account are never in the way of
//! another's. Who waits keeps the slot of the request, and there are only so many slots: so few wait, and what else the account does,
//! such as sending, has room beside them. One identity has a share of the waiting places, so that it does not take its colleagues'.

use super::problem::Refusal;
use super::worker;
use base::id::AccountId;
use base::limit::{self, Limit};
use base::principal::Principal;
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
    /// How many wait, by identity: none with zero.
    waiting: Mutex<HashMap<Principal, u64>>,
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

impl Turns {
    fn new() -> Self {
        let most = usize::try_from(limit::LISTS_AT_ONCE_PER_ACCOUNT.default).unwrap_or(1);
        Self {
            running: Arc::new(Semaphore::new(most)),
            waiting: Mutex::default(),
        }
    }

    /// A place for one more that waits.
    ///
    /// # Errors
    /// When as many of the account, or of the identity, wait as may.
    fn wait(&self, identity: Principal) -> Result<WaitingPlace<'_>, Refusal> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let of_identity = waiting.get(&identity).copied().unwrap_or(0);
        if of_identity >= limit::LISTS_WAITING_PER_IDENTITY.default {
            return Err(too_many_wait(
                &limit::LISTS_WAITING_PER_IDENTITY,
                &format!("`{identity}` in the account"),
            ));
        }
        // As many entries at most as there are places.
        if waiting.values().sum::<u64>() >= limit::LISTS_WAITING_PER_ACCOUNT.default {
            return Err(too_many_wait(
                &limit::LISTS_WAITING_PER_ACCOUNT,
                "the account",
            ));
        }
        waiting.insert(identity, of_identity + 1);
        drop(waiting);
        Ok(WaitingPlace {
            turns: self,
            identity,
        })
    }
}

/// The refusal where no more of `whose` may wait.
fn too_many_wait(limit: &'static Limit, whose: &str) -> Refusal {
    let message = format!(
        "as many lists, reports and decisions of {whose} wait for their turn as may: `{}` = {}",
        limit.name, limit.default
    );
    let problem = code::TOO_BUSY.problem(message);
    let hint = "send again after `Retry-After` seconds, and fewer at once";
    Refusal(problem.hint(hint).limit(limit))
}

impl AccountTurns {
    /// Waits for a turn of the account, and runs the `work` of that identity on the blocking threads.
    ///
    /// # Errors
    /// When as many of the account, or of the identity, wait as may.
    pub(crate) async fn run<F>(
        &self,
        account: AccountId,
        identity: Principal,
        work: F,
    ) -> Result<F::Output, Refusal>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let turns = self.turns_of(account);
        // Whoever waits is first: a turn that comes back is theirs.
        let free = Arc::clone(&turns.running).try_acquire_owned().ok();
        let turn = match free {
            Some(turn) => Some(turn),
            None => {
                let _place = turns.wait(identity)?;
                // They are never closed.
                Arc::clone(&turns.running).acquire_owned().await.ok()
            }
        };
        worker::run_in_steps(async move {
            // Until the step that runs has ended, also if the caller has gone meanwhile.
            let _kept = (turns, turn);
            work.await
        })
        .await
    }

    fn turns_of(&self, account: AccountId) -> Arc<Turns> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = all.get(&account).and_then(Weak::upgrade) {
            return turns;
        }
        // Accounts for which nobody has or awaits a turn are dropped.
        all.retain(|_, turns| turns.strong_count() > 0);
        let turns = Arc::new(Turns::new());
        all.insert(account, Arc::downgrade(&turns));
        turns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{Guid, UserId};
    use std::pin::{Pin, pin};
    use std::sync::mpsc;
    use std::task::{Context, Poll, Waker};

    fn account(number: u8) -> AccountId {
        AccountId(Guid::from_random([number; 16]))
    }

    fn user(number: u8) -> Principal {
        Principal::User(UserId(Guid::from_random([number; 16])))
    }

    fn is_pending<F: Future + ?Sized>(work: Pin<&mut F>) -> bool {
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
            let mut work = Box::pin(turns.run(account(1), user(1), async move { ended.recv() }));
            assert!(is_pending(work.as_mut()));
            running.push(work);
        }
        let mut further = pin!(turns.run(account(1), user(1), async {}));
        assert!(is_pending(further.as_mut()));
        turns.run(account(2), user(1), async {}).await.unwrap();
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
            let work = turns.run(account(1), identity, async move {
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
        let turns = AccountTurns::default();
        let waiting = &limit::LISTS_WAITING_PER_ACCOUNT;
        let places = limit::LISTS_AT_ONCE_PER_ACCOUNT.default + waiting.default;
        let share = limit::LISTS_WAITING_PER_IDENTITY.default;
        let identities = (0..places).map(|at| user(u8::try_from(at / share).unwrap()));
        let (mut all, ends) = fill(&turns, identities);
        let newcomer = user(100);
        let Refusal(refused) = turns.run(account(1), newcomer, async {}).await.unwrap_err();
        assert_eq!(refused.code, code::TOO_BUSY.code);
        assert_eq!(refused.limit, Some(waiting));
        turns.run(account(2), newcomer, async {}).await.unwrap();
        // Who goes while they wait leaves a place.
        all.pop();
        let mut next = pin!(turns.run(account(1), newcomer, async {}));
        assert!(is_pending(next.as_mut()));
        all.clear();
        drop(ends);
        next.await.unwrap();
    }

    #[tokio::test]
    async fn an_identity_takes_a_quarter_of_the_waiting_places_and_leaves_the_others() {
        let turns = AccountTurns::default();
        let share = &limit::LISTS_WAITING_PER_IDENTITY;
        assert_eq!(share.default * 4, limit::LISTS_WAITING_PER_ACCOUNT.default);
        let most = limit::LISTS_AT_ONCE_PER_ACCOUNT.default + share.default;
        let (mut all, ends) = fill(&turns, (0..most).map(|_| user(1)));
        let Refusal(refused) = turns.run(account(1), user(1), async {}).await.unwrap_err();
        assert_eq!(refused.code, code::TOO_BUSY.code);
        assert_eq!(refused.limit, Some(share));
        // Elsewhere the identity has a share of its own, and its colleagues have theirs here.
        turns.run(account(2), user(1), async {}).await.unwrap();
        let mut colleague = pin!(turns.run(account(1), user(2), async {}));
        assert!(is_pending(colleague.as_mut()));
        // Who goes leaves a place of the share.
        all.pop();
        let mut next = pin!(turns.run(account(1), user(1), async {}));
        assert!(is_pending(next.as_mut()));
        all.clear();
        drop(ends);
        colleague.await.unwrap();
        next.await.unwrap();
    }

    #[tokio::test]
    async fn what_nobody_uses_is_forgotten() {
        let turns = AccountTurns::default();
        for number in 0..5 {
            turns.run(account(number), user(1), async {}).await.unwrap();
        }
        let all = turns.0.lock().unwrap();
        assert!(all.len() <= 2, "{all:?}");
    }
}
