//! Turns of one key each, such as a session: so much work of a key at once, and its further work after it, in the order of arrival. None is
//! refused. What waits here is in the way of nobody else: only what has its turn goes on to where others wait.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The turns of each key for which somebody has or awaits one.
#[derive(Debug)]
pub(crate) struct KeyedTurns<K> {
    at_once: usize,
    keys: Mutex<HashMap<K, Weak<Semaphore>>>,
}

/// A turn of a key, which is free again when this is dropped.
#[derive(Debug)]
#[must_use]
pub(crate) struct KeyedTurn {
    /// It keeps its key from being forgotten.
    _permit: Option<OwnedSemaphorePermit>,
}

impl<K: Eq + Hash> KeyedTurns<K> {
    /// So many for each key.
    pub(crate) fn new(at_once: usize) -> Self {
        Self {
            at_once,
            keys: Mutex::new(HashMap::new()),
        }
    }

    /// Waits for a turn of the key.
    pub(crate) async fn take(&self, key: K) -> KeyedTurn {
        // They are never closed.
        let permit = self.of(key).acquire_owned().await.ok();
        KeyedTurn { _permit: permit }
    }

    fn of(&self, key: K) -> Arc<Semaphore> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = keys.get(&key).and_then(Weak::upgrade) {
            return turns;
        }
        // Requests are bounded, and so are the keys that are left.
        keys.retain(|_, turns| turns.strong_count() > 0);
        let turns = Arc::new(Semaphore::new(self.at_once));
        keys.insert(key, Arc::downgrade(&turns));
        turns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn polled<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> Poll<T> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[tokio::test]
    async fn a_key_has_so_many_and_waits_for_no_other_key() {
        let turns = KeyedTurns::new(2);
        let first = turns.take("a").await;
        let _second = turns.take("a").await;
        let mut third = pin!(turns.take("a"));
        assert!(polled(third.as_mut()).is_pending());
        let _other = turns.take("b").await;
        drop(first);
        assert!(polled(third.as_mut()).is_ready());
    }

    #[tokio::test]
    async fn a_turn_that_comes_back_goes_to_the_first_that_still_waits() {
        let turns = KeyedTurns::new(1);
        let held = turns.take(1).await;
        let mut gone = Box::pin(turns.take(1));
        assert!(polled(gone.as_mut()).is_pending());
        let mut next = pin!(turns.take(1));
        assert!(polled(next.as_mut()).is_pending());
        drop(gone);
        drop(held);
        let mut newcomer = pin!(turns.take(1));
        assert!(polled(newcomer.as_mut()).is_pending());
        assert!(polled(next.as_mut()).is_ready());
    }

    #[tokio::test]
    async fn keys_that_nobody_uses_are_forgotten() {
        let turns = KeyedTurns::new(1);
        for key in 0..100 {
            drop(turns.take(key).await);
        }
        let keys = turns.keys.lock().unwrap();
        assert!(keys.len() <= 2, "{keys:?}");
    }
}
