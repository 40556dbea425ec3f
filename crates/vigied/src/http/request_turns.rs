//! The turns of accounts in which requests are worked on: those for lists and those for changes.

use super::problem::Refusal;
use super::worker;
use base::id::AccountId;
use base::limit;
use base::principal::Principal;
use iam::account_turns::{AccountTurn, AccountTurns, TakenPlaces, TooManyWait, TurnLimits};
use wire::code;

/// A kind of work for which accounts have turns.
#[derive(Debug)]
pub(crate) struct TurnKind {
    limits: TurnLimits,
    /// The word for the waiting work in a refusal.
    what: &'static str,
}

/// Work whose cost grows with what an account has, such as a list of its spaces.
pub(crate) static LISTS: TurnKind = TurnKind {
    limits: TurnLimits {
        at_once: &limit::LISTS_AT_ONCE_PER_ACCOUNT,
        waiting: &limit::LISTS_WAITING_PER_ACCOUNT,
        waiting_per_identity: &limit::LISTS_WAITING_PER_IDENTITY,
    },
    what: "lists, reports and decisions",
};

/// Changes of what an account has. They take turns in the database anyway, as each locks the row of the account, or of the domain; but
/// there each would keep a connection while it waits, of which a node has few, and those of one account would leave none to the others.
pub(crate) static CHANGES: TurnKind = TurnKind {
    limits: TurnLimits {
        at_once: &limit::CHANGES_AT_ONCE_PER_ACCOUNT,
        waiting: &limit::CHANGES_WAITING_PER_ACCOUNT,
        waiting_per_identity: &limit::CHANGES_WAITING_PER_IDENTITY,
    },
    what: "changes",
};

/// The turns of each account for the requests of a kind.
#[derive(Debug)]
pub(crate) struct RequestTurns {
    what: &'static str,
    turns: AccountTurns,
}

/// A turn of an account for a request, which is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct RequestTurn(AccountTurn);

impl RequestTurns {
    pub(crate) fn new(kind: &TurnKind) -> Self {
        Self {
            what: kind.what,
            turns: AccountTurns::new(kind.limits),
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
    ) -> Result<RequestTurn, Refusal> {
        let turn = self.turns.take(account, identity).await;
        turn.map(RequestTurn).map_err(|full| self.refusal(&full))
    }

    /// Waits for a turn of the account, however many wait: for what completes work that has had its turn.
    pub(crate) async fn take_to_complete(&self, account: AccountId) -> RequestTurn {
        RequestTurn(self.turns.take_to_complete(account).await)
    }

    /// Waits for a turn of the account, for what ends credentials: it is never refused, and what is more than the identity's share waits
    /// for that.
    pub(crate) async fn take_to_end(&self, account: AccountId, identity: Principal) -> RequestTurn {
        RequestTurn(self.turns.take_to_end(account, identity).await)
    }

    fn refusal(&self, full: &TooManyWait) -> Refusal {
        let whose = match &full.taken {
            TakenPlaces::OfAccount => "the account".to_owned(),
            TakenPlaces::OfHolder(holder) => format!("`{holder}` in the account"),
            TakenPlaces::OfWorkloads => "compute resources in the account".to_owned(),
        };
        let message = format!(
            "as many {} of {whose} wait for their turn as may: {}",
            self.what,
            full.allowed()
        );
        let problem = code::TOO_BUSY.problem(message);
        let hint = "send again after `Retry-After` seconds, and fewer at once";
        Refusal(problem.hint(hint).limit(full.limit))
    }
}

impl RequestTurn {
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
        let Self(_kept) = self;
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
        turns: &RequestTurns,
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
        let turns = RequestTurns::new(&LISTS);
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
        turns: &'a RequestTurns,
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
    async fn a_refusal_says_whose_work_waits_and_the_limit() {
        let turns = RequestTurns::new(&LISTS);
        let share = &limit::LISTS_WAITING_PER_IDENTITY;
        let most = limit::LISTS_AT_ONCE_PER_ACCOUNT.default + share.default;
        let (all, ends) = fill(&turns, (0..most).map(|_| user(1)));
        let Refusal(refused) = run(&turns, account(1), user(1), async {})
            .await
            .unwrap_err();
        assert_eq!(refused.code, code::TOO_BUSY.code);
        assert_eq!(refused.limit, Some(share));
        let whose = format!("`{}` in the account", user(1));
        assert!(refused.message.contains(&whose), "{}", refused.message);
        drop((all, ends));
        let of_account = TooManyWait {
            limit: &limit::LISTS_WAITING_PER_ACCOUNT,
            taken: TakenPlaces::OfAccount,
        };
        let Refusal(refused) = turns.refusal(&of_account);
        assert_eq!(refused.limit, Some(&limit::LISTS_WAITING_PER_ACCOUNT));
        assert!(refused.message.contains("decisions of the account wait"));
    }

    /// Work of this user that ends when it is told.
    fn change<'a>(turns: &'a RequestTurns, user: Principal) -> (Endless<'a>, oneshot::Sender<()>) {
        let (end, ended) = oneshot::channel::<()>();
        let work = async move {
            let turn = turns.take(account(1), user).await?;
            turn.run_to_end(async move { drop(ended.await) }).await
        };
        (Box::pin(work), end)
    }

    #[tokio::test]
    async fn a_change_that_has_begun_goes_on_without_its_caller_and_keeps_its_turn() {
        let turns = RequestTurns::new(&CHANGES);
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

    #[test]
    fn an_account_has_slots_beside_its_changes_that_wait_for_its_senders() {
        let slots = limit::CONCURRENT_REQUESTS.default * limit::ACCOUNT_SHARE_PERCENT.default / 100;
        let waiting = limit::CHANGES_WAITING_PER_ACCOUNT.default;
        assert!((..=slots / 2).contains(&waiting));
    }
}
