//! Changes of what an account has: a few of one account at once, and its others after them in the order of arrival. They take turns in
//! the database anyway, as each locks the row of the account, or of the domain; but there each would keep a connection while it waits,
//! of which a node has few, and those of one account would leave none to the others.

use super::problem::Refusal;
use super::worker;
use base::id::AccountId;
use base::limit;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::Semaphore;

/// The changes of each account that has some now.
#[derive(Debug, Default)]
pub(crate) struct AccountChanges(Mutex<HashMap<AccountId, Weak<Semaphore>>>);

impl AccountChanges {
    /// Waits until so few of the account are under way that one more may begin, and runs it. Once begun it goes on to its end, also
    /// after its caller has gone: the connection that it waits with is not free before.
    ///
    /// # Errors
    /// When the work panics.
    pub(crate) async fn run<F>(&self, account: AccountId, work: F) -> Result<F::Output, Refusal>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let places = self.places_of(account);
        // They are never closed.
        let place = Arc::clone(&places).acquire_owned().await.ok();
        worker::run_to_end(async move {
            let _kept = (places, place);
            work.await
        })
        .await
    }

    fn places_of(&self, account: AccountId) -> Arc<Semaphore> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = all.get(&account).and_then(Weak::upgrade) {
            return places;
        }
        // Accounts with no change under way are dropped: requests are bounded, and so are those that are left.
        all.retain(|_, places| places.strong_count() > 0);
        let most = usize::try_from(limit::CHANGES_AT_ONCE_PER_ACCOUNT.default).unwrap_or(1);
        let places = Arc::new(Semaphore::new(most));
        all.insert(account, Arc::downgrade(&places));
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::Guid;
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};
    use tokio::sync::oneshot;

    fn account(number: u8) -> AccountId {
        AccountId(Guid::from_random([number; 16]))
    }

    fn is_pending<F: Future>(future: Pin<&mut F>) -> bool {
        let polled = future.poll(&mut Context::from_waker(Waker::noop()));
        matches!(polled, Poll::Pending)
    }

    #[tokio::test]
    async fn a_change_waits_for_those_of_its_account_and_goes_on_without_its_caller() {
        let changes = AccountChanges::default();
        let mut ends = Vec::new();
        let mut running = Vec::new();
        for _ in 0..limit::CHANGES_AT_ONCE_PER_ACCOUNT.default {
            let (end, ended) = oneshot::channel::<()>();
            ends.push(end);
            let mut change = Box::pin(changes.run(account(1), ended));
            assert!(is_pending(change.as_mut()));
            running.push(change);
        }
        let mut further = pin!(changes.run(account(1), async { 7 }));
        assert!(is_pending(further.as_mut()));
        assert_eq!(changes.run(account(2), async { 2 }).await.unwrap(), 2);
        // Its caller goes, and it keeps its place until it is done.
        running.clear();
        tokio::task::yield_now().await;
        assert!(is_pending(further.as_mut()));
        ends.pop().unwrap().send(()).unwrap();
        assert_eq!(further.await.unwrap(), 7);
    }

    #[tokio::test]
    async fn accounts_without_a_change_are_forgotten() {
        let changes = AccountChanges::default();
        for number in 0..100 {
            changes.run(account(number), async {}).await.unwrap();
        }
        assert!(changes.0.lock().unwrap().len() <= 2);
    }
}
