//! Readiness: whether the server can work, checked so that a stuck component does not delay the answer.
//!
//! Store and identity database are checked in the background, one check at a time, and callers wait for a bounded time:
//! a stuck store costs one waiting thread, however often health is requested.

use crate::store::operator_proof::as_operator;
use base::error_chain::Chain;
use base::store::{Figure, Outage, SampleStore};
use iam::Iam;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How long store and database may take to answer before they count as stuck.
pub(crate) const ANSWER_LIMIT: Duration = Duration::from_secs(5);

type Answer<T> = Result<T, String>;

/// A check in progress.
#[derive(Debug)]
struct RunningCheck<T> {
    since: Instant,
    answer: watch::Receiver<Option<Answer<T>>>,
}

/// A check that runs once at a time.
#[derive(Debug)]
struct Probe<T> {
    component: &'static str,
    asked: Mutex<Option<RunningCheck<T>>>,
}

impl<T: Clone + Send + Sync + 'static> Probe<T> {
    const fn new(component: &'static str) -> Self {
        Self {
            component,
            asked: Mutex::new(None),
        }
    }

    /// Starts a check, or waits for the one in progress.
    async fn ask(&self, start: impl FnOnce(watch::Sender<Option<Answer<T>>>)) -> Answer<T> {
        let (since, mut answer) = {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            let is_open = |check: &RunningCheck<T>| {
                check.answer.borrow().is_none() && check.answer.has_changed().is_ok()
            };
            match asked.as_ref().filter(|check| is_open(check)) {
                Some(check) => (check.since, check.answer.clone()),
                None => {
                    let (sender, receiver) = watch::channel(None);
                    start(sender);
                    let since = Instant::now();
                    let answer = receiver.clone();
                    *asked = Some(RunningCheck { since, answer });
                    (since, receiver)
                }
            }
        };
        let component = self.component;
        let answered = answer.wait_for(Option::is_some);
        match tokio::time::timeout_at(since + ANSWER_LIMIT, answered).await {
            Ok(Ok(answer)) => answer.clone().unwrap_or_else(|| Err(String::new())),
            Ok(Err(_)) => Err(format!("{component} could not be asked")),
            Err(_) => Err(format!(
                "{component} has not answered for {} s",
                since.elapsed().as_secs()
            )),
        }
    }
}

/// Why nobody can log in.
const NO_SIGNING_KEY: &str = "there is no signing key in service that the encryption key opens";

/// The answer of the store.
#[derive(Debug, Clone)]
struct Store {
    /// Whether it takes writes.
    health: Answer<()>,
    figures: Vec<Figure>,
}

impl Store {
    /// Checks the store. A store that takes no writes still has figures, but a stuck one may hold their lock.
    fn ask(store: &dyn SampleStore) -> Answer<Self> {
        let health = match store.health() {
            Ok(()) => Ok(()),
            Err(error) => match error.outage() {
                Some(
                    Outage::DiskFull
                    | Outage::DiskReserveReached
                    | Outage::ResourcesExhausted
                    | Outage::ReadOnly,
                ) => Err(error.to_string()),
                Some(Outage::Stuck) | None => return Err(error.to_string()),
            },
        };
        Ok(Self {
            health,
            figures: store.figures(&as_operator()),
        })
    }
}

/// The checks of this process.
#[derive(Debug)]
pub(crate) struct Probes {
    store: Probe<Store>,
    identity: Probe<()>,
}

impl Default for Probes {
    fn default() -> Self {
        Self {
            store: Probe::new("the store"),
            identity: Probe::new("the identity database"),
        }
    }
}

impl Probes {
    /// Whether the store takes writes, and its figures; reading them takes the lock that every request takes.
    async fn store(&self, store: &Arc<dyn SampleStore>) -> Answer<Store> {
        let store = Arc::clone(store);
        let start = |sender: watch::Sender<_>| {
            // It needs its own thread: all blocking threads may be stuck.
            let asking = std::thread::Builder::new().name("store-health".to_owned());
            let asking = asking.spawn(move || {
                sender.send_replace(Some(Store::ask(store.as_ref())));
            });
            if let Err(error) = asking {
                tracing::error!(%error, "cannot start a thread");
            }
        };
        self.store.ask(start).await
    }

    async fn identity(&self, iam: &Iam) -> Answer<()> {
        let iam = iam.clone();
        let start = |sender: watch::Sender<_>| {
            tokio::spawn(async move {
                let answer = iam.ping().await;
                let answer = answer.map_err(|error| Chain(&error).to_string());
                let answer = answer.and_then(|()| iam.hears_of_changes());
                let answer = answer.and_then(|()| match iam.has_signing_key() {
                    true => Ok(()),
                    false => Err(NO_SIGNING_KEY.to_owned()),
                });
                sender.send_replace(Some(answer));
            });
        };
        self.identity.ask(start).await
    }

    /// Runs both checks at once; answers within [`ANSWER_LIMIT`].
    pub(crate) async fn readiness(&self, iam: &Iam, store: &Arc<dyn SampleStore>) -> Readiness {
        let (identity, store) = tokio::join!(self.identity(iam), self.store(store));
        let (store, figures) = match store {
            Ok(store) => (store.health, Some(store.figures)),
            Err(error) => (Err(error), None),
        };
        Readiness {
            identity,
            store,
            figures,
        }
    }
}

/// The result of both checks.
#[derive(Debug)]
pub(crate) struct Readiness {
    pub(crate) identity: Answer<()>,
    /// Whether the store takes writes.
    pub(crate) store: Answer<()>,
    /// The figures of the store; `None` if it does not answer.
    pub(crate) figures: Option<Vec<Figure>>,
}

impl Readiness {
    /// Whether requests are served.
    pub(crate) const fn is_ready(&self) -> bool {
        self.identity.is_ok() && self.store.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::stuck_store::Stuck;
    use base::time::SystemClock;
    use iam::manage::invitation::InvitationConfig;
    use iam::manage::quota::AccountLimits;

    #[tokio::test]
    async fn where_no_key_can_sign_nobody_is_told_that_it_is_ready() {
        let folder = tempfile::tempdir().unwrap();
        let address = folder.path().join("iam.db").display().to_string();
        let db = db::Db::open(&address).await.unwrap();
        let clock = Arc::new(SystemClock);
        let iam = Iam::open_without_keys(
            db,
            AccountLimits::default(),
            InvitationConfig::default(),
            0,
            clock,
        );
        let iam = iam.await.unwrap();
        let answer = Probes::default().identity(&iam).await;
        assert_eq!(answer, Err(NO_SIGNING_KEY.to_owned()));
        iam.close().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_is_stuck_is_told_and_asked_once() {
        let stuck = Arc::new(Stuck::default());
        let store: Arc<dyn SampleStore> = Arc::<Stuck>::clone(&stuck);
        let probes = Probes::default();
        let begun = Instant::now();
        let many = (0..100).map(|_| probes.store(&store));
        for answer in many {
            let text = answer.await.unwrap_err();
            assert!(text.contains("the store has not answered for"), "{text}");
        }
        // The first waits for the limit, and the others are told at once.
        assert!(begun.elapsed() < 2 * ANSWER_LIMIT, "{:?}", begun.elapsed());
        // The thread that asks may begin after the paused clock has run out.
        while stuck.calls() == 0 {
            std::thread::yield_now();
        }
        assert_eq!(stuck.calls(), 1);
        stuck.release();
    }

    #[tokio::test]
    async fn a_store_that_answers_again_is_ready_again() {
        let stuck = Arc::new(Stuck::default());
        stuck.release();
        let store: Arc<dyn SampleStore> = stuck;
        let probes = Probes::default();
        assert!(probes.store(&store).await.is_ok());
        assert!(probes.store(&store).await.is_ok());
    }
}
