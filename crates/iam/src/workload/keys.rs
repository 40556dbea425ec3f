//! The keys of one issuer, kept between requests. They are read when the first token comes, again when they are an hour old, and when
//! a token names one that is not among them: an issuer that changes its keys shows the new one before it signs with it, but not to us.
//!
//! Those who send tokens cannot make the server read as often as they like: it tries once a minute at most, whatever the tokens say, and
//! one reading serves everybody who waits for it. Few wait: each keeps the slot of its request for as long as a slow issuer takes, and
//! nobody has proven anything yet. While keys are known, only who reads them again waits.

use super::cr_token_error::CrTokenError;
use super::issuer::KeyFetch;
use super::key_set::KeySet;
use arc_swap::ArcSwapOption;
use base::failure_streak::FailureStreak;
use base::time::Millis;
use std::sync::Arc;
use tokio::sync::{MutexGuard, Semaphore};

/// The least time between two readings.
const PAUSE: i64 = 60_000;

/// From this age on keys are read again before they are used: one that its issuer has withdrawn is not taken for good for long.
const FRESH: i64 = 3_600_000;

/// For how long keys are used that cannot be read again: an issuer that is away for a while locks nobody out.
const KEPT: i64 = 24 * 3_600_000;

/// How many wait for the first keys of an issuer, beside the one who reads them.
const WAITING: usize = 16;

struct Known {
    keys: KeySet,
    read_at: Millis,
}

/// The keys of an issuer.
pub(super) struct IssuerKeys {
    fetch: Arc<dyn KeyFetch>,
    known: ArcSwapOption<Known>,
    /// When they were read last, or should have been. Locked while they are read.
    tried_at: tokio::sync::Mutex<Option<Millis>>,
    /// For who waits while they are read.
    waiting: Semaphore,
    failures: FailureStreak,
}

impl std::fmt::Debug for IssuerKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("IssuerKeys").field(&self.fetch).finish()
    }
}

/// Whether something of this time is not older than that. What lies in the future, by a clock that was put back, is old.
fn is_within(at: Millis, now: Millis, milliseconds: i64) -> bool {
    (0..milliseconds).contains(&now.0.saturating_sub(at.0))
}

/// Keys that may be used at this time.
pub(super) struct UsableKeys(Arc<Known>);

impl UsableKeys {
    pub(super) fn set(&self) -> &KeySet {
        &self.0.keys
    }
}

impl IssuerKeys {
    pub(super) fn new(fetch: Arc<dyn KeyFetch>) -> Self {
        Self {
            fetch,
            known: ArcSwapOption::empty(),
            tried_at: tokio::sync::Mutex::new(None),
            waiting: Semaphore::new(WAITING),
            failures: FailureStreak::new(),
        }
    }

    fn usable(&self, now: Millis) -> Option<Arc<Known>> {
        let known = self.known.load_full();
        known.filter(|known| is_within(known.read_at, now, KEPT))
    }

    /// The right to read the keys, at once or after others.
    ///
    /// # Errors
    /// When others have it, and keys are known already or as many wait as may.
    async fn turn(&self, now: Millis) -> Result<MutexGuard<'_, Option<Millis>>, CrTokenError> {
        if let Ok(turn) = self.tried_at.try_lock() {
            return Ok(turn);
        }
        if self.usable(now).is_some() {
            return Err(CrTokenError::KeysBeingRead);
        }
        let place = self.waiting.try_acquire();
        let _place = place.map_err(|_| CrTokenError::KeysBeingRead)?;
        Ok(self.tried_at.lock().await)
    }

    /// The issuer's keys, read again if they are old, or if none of them has this name.
    ///
    /// # Errors
    /// When they cannot be read, or others read them and this one is not to wait.
    pub(super) async fn with(
        &self,
        issuer: &str,
        kid: Option<&str>,
        now: Millis,
    ) -> Result<UsableKeys, CrTokenError> {
        let is_enough = |known: &Arc<Known>| {
            is_within(known.read_at, now, FRESH) && kid.is_none_or(|kid| known.keys.contains(kid))
        };
        if let Some(known) = self.usable(now).filter(is_enough) {
            return Ok(UsableKeys(known));
        }
        let mut tried_at = match self.turn(now).await {
            Ok(turn) => turn,
            Err(error) => {
                // Old ones serve meanwhile.
                let has_key = |known: &Arc<Known>| kid.is_none_or(|kid| known.keys.contains(kid));
                let known = self.usable(now).filter(has_key);
                return known.map(UsableKeys).ok_or(error);
            }
        };
        // Somebody else may have read them meanwhile.
        let has_enough = self.usable(now).is_some_and(|known| is_enough(&known));
        if !has_enough && !tried_at.is_some_and(|at| is_within(at, now, PAUSE)) {
            *tried_at = Some(now);
            self.read(issuer, now).await;
        }
        drop(tried_at);
        self.usable(now)
            .map(UsableKeys)
            .ok_or(CrTokenError::KeysAway)
    }

    async fn read(&self, issuer: &str, now: Millis) {
        let fetch = Arc::clone(&self.fetch);
        let work = move || {
            let text = fetch.fetch()?;
            KeySet::read(&text).map_err(|error| error.to_string())
        };
        let read = tokio::task::spawn_blocking(work).await;
        let read = read.unwrap_or_else(|_| Err("the reading broke off".to_owned()));
        match read {
            Ok(keys) => {
                if let Some(tries) = self.failures.record_success() {
                    tracing::info!(issuer, tries, "keys of an issuer of workloads read again");
                }
                let read_at = now;
                self.known.store(Some(Arc::new(Known { keys, read_at })));
            }
            Err(error) => {
                if self.failures.record_failure() {
                    tracing::warn!(issuer, error, "keys of an issuer of workloads not read");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::key_set::tests::{jwk, pair};
    use super::*;
    use crate::token::keyring::SigningAlgorithm;
    use serde_json::json;
    use std::pin::{Pin, pin};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Mutex, mpsc};
    use std::task::{Context, Poll, Waker};

    /// An issuer that publishes the key of this name, or nothing.
    #[derive(Debug, Default)]
    struct Publisher {
        published: Mutex<Option<&'static str>>,
        asked: AtomicUsize,
        /// What the next answer waits for, where the issuer is slow.
        slow: Mutex<Option<mpsc::Receiver<()>>>,
    }

    impl Publisher {
        fn show(&self, kid: Option<&'static str>) {
            *self.published.lock().unwrap() = kid;
        }

        /// Its next answer comes when what is returned is dropped.
        fn slow_down(&self) -> mpsc::Sender<()> {
            let (end, ended) = mpsc::channel();
            *self.slow.lock().unwrap() = Some(ended);
            end
        }

        fn asked(&self) -> usize {
            self.asked.load(Ordering::Relaxed)
        }
    }

    impl KeyFetch for Publisher {
        fn fetch(&self) -> Result<Vec<u8>, String> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let slow = self.slow.lock().unwrap().take();
            if let Some(slow) = slow {
                // Its sender is dropped.
                let _ended = slow.recv();
            }
            let published = *self.published.lock().unwrap();
            let kid = published.ok_or("it does not answer")?;
            let key = jwk(&pair(kid, SigningAlgorithm::EdDsa));
            Ok(json!({"keys": [key]}).to_string().into_bytes())
        }
    }

    fn keys() -> (Arc<Publisher>, IssuerKeys) {
        let publisher = Arc::<Publisher>::default();
        publisher.show(Some("1"));
        let fetch: Arc<dyn KeyFetch> = publisher.clone();
        (publisher, IssuerKeys::new(fetch))
    }

    async fn has_key(keys: &IssuerKeys, kid: &str, now: Millis) -> Result<bool, CrTokenError> {
        let usable = keys.with("issuer", Some(kid), now).await?;
        Ok(usable.set().contains(kid))
    }

    const START: Millis = Millis(10_000_000);

    #[tokio::test]
    async fn an_unknown_key_makes_them_read_again_once_a_minute_at_most() {
        let (publisher, keys) = keys();
        assert_eq!(publisher.asked(), 0);
        assert_eq!(has_key(&keys, "1", START).await, Ok(true));
        assert_eq!(publisher.asked(), 1);
        publisher.show(Some("2"));
        for second in 0..60 {
            let now = START.plus(second * 1000);
            assert_eq!(has_key(&keys, "2", now).await, Ok(false));
            assert_eq!(has_key(&keys, "3", now).await, Ok(false));
        }
        assert_eq!(publisher.asked(), 1);
        let later = START.plus(PAUSE);
        assert_eq!(has_key(&keys, "2", later).await, Ok(true));
        assert_eq!(has_key(&keys, "1", later).await, Ok(false));
        assert_eq!(publisher.asked(), 2);
    }

    #[tokio::test]
    async fn many_who_wait_are_served_by_one_reading() {
        let (publisher, keys) = keys();
        let keys = Arc::new(keys);
        let all = (0..=WAITING).map(|_| {
            let keys = Arc::clone(&keys);
            tokio::spawn(async move { has_key(&keys, "1", START).await })
        });
        for one in all.collect::<Vec<_>>() {
            assert_eq!(one.await.unwrap(), Ok(true));
        }
        assert_eq!(publisher.asked(), 1);
    }

    /// Whether somebody reads, or waits for it.
    fn is_pending<F: Future>(work: Pin<&mut F>) -> bool {
        let polled = work.poll(&mut Context::from_waker(Waker::noop()));
        matches!(polled, Poll::Pending)
    }

    #[tokio::test]
    async fn few_wait_for_the_first_keys_of_a_slow_issuer() {
        let (publisher, keys) = keys();
        let held = publisher.slow_down();
        let mut all = Vec::new();
        for _ in 0..=WAITING {
            let mut work = Box::pin(has_key(&keys, "1", START));
            assert!(is_pending(work.as_mut()));
            all.push(work);
        }
        let mut refused = pin!(has_key(&keys, "1", START));
        let polled = refused
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(polled, Poll::Ready(Err(CrTokenError::KeysBeingRead)));
        // Who goes leaves a place.
        all.pop();
        let mut next = Box::pin(has_key(&keys, "1", START));
        assert!(is_pending(next.as_mut()));
        all.push(next);
        drop(held);
        for one in all {
            assert_eq!(one.await, Ok(true));
        }
        assert_eq!(publisher.asked(), 1);
    }

    #[tokio::test]
    async fn while_known_keys_are_read_again_nobody_else_waits() {
        let (publisher, keys) = keys();
        assert_eq!(has_key(&keys, "1", START).await, Ok(true));
        for later in [START.plus(PAUSE), START.plus(PAUSE + FRESH)] {
            let held = publisher.slow_down();
            let mut reader = Box::pin(has_key(&keys, "2", later));
            assert!(is_pending(reader.as_mut()));
            for (kid, wanted) in [("1", Ok(true)), ("2", Err(CrTokenError::KeysBeingRead))] {
                let mut other = pin!(has_key(&keys, kid, later));
                let polled = other.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                assert_eq!(polled, Poll::Ready(wanted));
            }
            drop(held);
            assert_eq!(reader.await, Ok(false));
        }
        assert_eq!(publisher.asked(), 3);
    }

    #[tokio::test]
    async fn old_keys_are_read_again_and_used_for_a_day_while_that_fails() {
        let (publisher, keys) = keys();
        assert_eq!(has_key(&keys, "1", START).await, Ok(true));
        assert_eq!(has_key(&keys, "1", START.plus(FRESH - 1)).await, Ok(true));
        assert_eq!(publisher.asked(), 1);
        publisher.show(None);
        assert_eq!(has_key(&keys, "1", START.plus(FRESH)).await, Ok(true));
        assert_eq!(publisher.asked(), 2);
        assert_eq!(has_key(&keys, "1", START.plus(KEPT - 1)).await, Ok(true));
        assert_eq!(publisher.asked(), 3);
        let over = START.plus(KEPT + PAUSE);
        assert_eq!(has_key(&keys, "1", over).await, Err(CrTokenError::KeysAway));
        // A key that its issuer has withdrawn is gone with the next reading.
        publisher.show(Some("2"));
        let again = over.plus(PAUSE);
        assert_eq!(has_key(&keys, "1", again).await, Ok(false));
        assert_eq!(has_key(&keys, "2", again).await, Ok(true));
    }

    #[tokio::test]
    async fn an_issuer_that_never_answered_is_away_and_not_asked_for_each_token() {
        let (publisher, keys) = keys();
        publisher.show(None);
        for _ in 0..10 {
            assert_eq!(
                has_key(&keys, "1", START).await,
                Err(CrTokenError::KeysAway)
            );
        }
        assert_eq!(publisher.asked(), 1);
        // A clock that was put back does not keep it from being asked.
        publisher.show(Some("1"));
        assert_eq!(has_key(&keys, "1", START.plus(-1)).await, Ok(true));
    }
}
