//! The open queries and the access of their callers. The access is checked periodically: when a caller loses it, the answer
//! stops, however much of it is sent. Work that cannot be undone commits first: from then on its caller gets the outcome.

use super::cancel::Cancel;
use super::registry::{Registered, Registry};
use crate::http::problem::Refusal;
use crate::net::client_watch::ClientWatch;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::Notify;

/// How often access is checked: a revocation, here or on another node, takes effect within a second.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);

/// Queries checked before the task yields. Each check costs a few memory lookups.
const AT_ONCE: usize = 64;

/// The access of a caller.
pub(crate) trait AccessCheck: std::fmt::Debug + Send + Sync {
    /// Checks that the caller still has access; logs and counts nothing.
    ///
    /// # Errors
    /// Why they do not.
    fn recheck(&self) -> Result<(), Refusal>;

    /// Logs and counts that access was lost, once it has taken effect.
    fn report(&self, refusal: &Refusal);
}

/// All open queries.
pub(super) type OpenQueries = Registry<Arc<OpenQuery>>;

/// Registers an open query until dropped.
pub(super) type OpenQueryGuard = Registered<Arc<OpenQuery>>;

/// Whether the caller's access still decides about the query.
#[derive(Debug)]
enum Access {
    Holds,
    /// The work has begun to change what is stored, and goes on to its end.
    Committed,
    Withdrawn(Refusal),
}

/// A query, from before its turn until its answer is sent.
#[derive(Debug)]
pub(super) struct OpenQuery {
    access_check: Box<dyn AccessCheck>,
    cancel: Arc<Cancel>,
    client_watch: ClientWatch,
    /// The answer has begun: the status can no longer change.
    is_answered: AtomicBool,
    /// Under one lock, so that a query is either committed or withdrawn. Held only for a check or a change: who sends an answer
    /// takes it for each piece, on a reactor thread.
    access: Mutex<Access>,
    notify: Notify,
}

impl OpenQuery {
    pub(super) fn new(
        access_check: Box<dyn AccessCheck>,
        cancel: Arc<Cancel>,
        client_watch: ClientWatch,
    ) -> Arc<Self> {
        Arc::new(Self {
            access_check,
            cancel,
            client_watch,
            is_answered: AtomicBool::new(false),
            access: Mutex::new(Access::Holds),
            notify: Notify::new(),
        })
    }

    fn access(&self) -> MutexGuard<'_, Access> {
        self.access.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks the answer as begun.
    pub(super) fn mark_answer_started(&self) {
        self.is_answered.store(true, Ordering::Release);
    }

    pub(super) fn is_withdrawn(&self) -> bool {
        matches!(*self.access(), Access::Withdrawn(_))
    }

    /// The point of no return: checks the access for the last time.
    ///
    /// # Errors
    /// Why the caller has lost access; the work must not begin.
    pub(super) fn commit(&self) -> Result<(), Refusal> {
        self.recheck_access();
        let mut access = self.access();
        if let Access::Withdrawn(refusal) = &*access {
            return Err(refusal.clone());
        }
        *access = Access::Committed;
        Ok(())
    }

    /// Resolves when the caller loses access, with the refusal to send.
    pub(super) async fn withdrawn(&self) -> Refusal {
        loop {
            if let Access::Withdrawn(refusal) = &*self.access() {
                return refusal.clone();
            }
            self.notify.notified().await;
        }
    }

    /// Checks the access once.
    fn recheck_access(&self) {
        if !matches!(*self.access(), Access::Holds) {
            return;
        }
        let Err(refusal) = self.access_check.recheck() else {
            return;
        };
        {
            let mut access = self.access();
            // It was committed since, or withdrawn by another check.
            if !matches!(*access, Access::Holds) {
                return;
            }
            *access = Access::Withdrawn(refusal.clone());
        }
        self.access_check.report(&refusal);
        self.notify.notify_one();
        self.cancel.cancel();
        if self.is_answered.load(Ordering::Acquire) {
            self.client_watch.end();
        }
    }
}

/// Checks until the server stops.
pub(super) async fn watch(open_queries: Weak<OpenQueries>) {
    loop {
        tokio::time::sleep(CHECK_INTERVAL).await;
        let Some(open_queries) = open_queries.upgrade() else {
            return;
        };
        for some in open_queries.all().chunks(AT_ONCE) {
            for open_query in some {
                open_query.recheck_access();
            }
            tokio::task::yield_now().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;
    use std::sync::mpsc;
    use wire::code;

    /// Holds until it is set.
    #[derive(Debug, Clone, Default)]
    struct Withdrawal(Arc<AtomicBool>, Arc<AtomicU32>);

    impl AccessCheck for Withdrawal {
        fn recheck(&self) -> Result<(), Refusal> {
            match self.0.load(Ordering::Relaxed) {
                true => Err(Refusal(code::TOKEN_REVOKED.problem("withdrawn"))),
                false => Ok(()),
            }
        }

        fn report(&self, _: &Refusal) {
            self.1.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Is checked, and reported, for as long as the other side waits.
    #[derive(Debug)]
    struct Slow(mpsc::SyncSender<()>, Mutex<mpsc::Receiver<()>>);

    impl Slow {
        fn wait(&self) {
            self.0.send(()).unwrap();
            self.1.lock().unwrap().recv().unwrap();
        }
    }

    impl AccessCheck for Slow {
        fn recheck(&self) -> Result<(), Refusal> {
            self.wait();
            Err(Refusal(code::TOKEN_REVOKED.problem("withdrawn")))
        }

        fn report(&self, _: &Refusal) {
            self.wait();
        }
    }

    #[test]
    fn an_answer_is_sent_on_while_its_access_is_checked_and_its_loss_is_reported() {
        let (begun, begins) = mpsc::sync_channel(0);
        let (goes_on, go_on) = mpsc::sync_channel(0);
        let access_check = Box::new(Slow(begun, Mutex::new(go_on)));
        let open_query = OpenQuery::new(access_check, Arc::default(), ClientWatch::here());
        let checked = Arc::clone(&open_query);
        let checking = std::thread::spawn(move || checked.recheck_access());
        for is_withdrawn in [false, true] {
            begins.recv().unwrap();
            let (sender, asked) = mpsc::channel();
            let asking = Arc::clone(&open_query);
            std::thread::spawn(move || sender.send(asking.is_withdrawn()));
            let answer = asked.recv_timeout(Duration::from_secs(90));
            assert_eq!(answer, Ok(is_withdrawn));
            goes_on.send(()).unwrap();
        }
        checking.join().unwrap();
    }

    #[tokio::test]
    async fn a_query_is_committed_or_withdrawn_and_never_both() {
        for is_committed in [true, false] {
            let (withdrawal, cancel) = (Withdrawal::default(), Arc::<Cancel>::default());
            let (access_check, watch) = (Box::new(withdrawal.clone()), ClientWatch::here());
            let open_query = OpenQuery::new(access_check, Arc::clone(&cancel), watch);
            if is_committed {
                open_query.commit().unwrap();
            }
            withdrawal.0.store(true, Ordering::Relaxed);
            if !is_committed {
                // Access was not checked since.
                assert_eq!(
                    open_query.commit().unwrap_err(),
                    open_query.withdrawn().await
                );
            }
            open_query.recheck_access();
            assert_eq!(open_query.is_withdrawn(), !is_committed);
            let reports = withdrawal.1.load(Ordering::Relaxed);
            assert_eq!(reports, u32::from(!is_committed), "once, or never");
            assert_eq!(cancel.flag().load(Ordering::Relaxed), !is_committed);
            assert_eq!(open_query.commit().is_ok(), is_committed);
        }
    }
}
