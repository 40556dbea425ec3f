//! Records a deletion of metrics in the audit: its begin, once something is found and before any of it is deleted, and its
//! outcome. A deletion that cannot be recorded does not begin. While it waits for the database, its turn is lent to others; and its
//! entries wait among the changes of the account before they take a connection.

use crate::app::App;
use crate::http::problem::Refusal;
use crate::query::answer::Answer;
use crate::request::caller::Caller;
use base::error_chain::Chain;
use base::id::{AccountId, KeyId};
use base::scope::Scope;
use base::store::{DeleteQuery, Deleted, StoreError};
use base::time::{Millis, TimeRange};
use iam::audit::{Action, Actor, Credential, Entry, Origin, Outcome};
use std::ops::ControlFlow;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::oneshot::{self, error::RecvError};
use wire::code;

type Received = Result<Result<(), Refusal>, RecvError>;
type Receiver = oneshot::Receiver<Result<(), Refusal>>;

/// How the begin of a deletion waits among the changes of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// As every change does: refused where as many wait as may.
    AsAChange,
    /// However many wait, since a part of the request is deleted already: a refusal would say that nothing is.
    ToComplete,
}

/// A deletion, and how its begin waits.
#[derive(Clone, Copy)]
pub(super) struct Removal<'q> {
    pub(super) query: &'q DeleteQuery<'q>,
    pub(super) wait: Wait,
}

/// The entry of a deletion's begin, and the one that follows it where it does not begin after all.
struct BeginEntries {
    begun: Entry,
    failed: Entry,
}

/// The caller, for the thread on which the store works.
pub(super) struct Deleter {
    app: Arc<App>,
    runtime: Handle,
    origin: Origin,
    credential: Credential,
    key: Option<KeyId>,
}

impl Deleter {
    /// Of the current request.
    pub(super) fn new(app: &Arc<App>, caller: &Caller) -> Self {
        Self {
            app: Arc::clone(app),
            runtime: Handle::current(),
            origin: Origin::current(),
            credential: caller.credential,
            key: caller.key,
        }
    }

    /// Deletes, and records begin and outcome; runs on a thread that may block. A deletion that finds nothing is not recorded,
    /// so that nobody can fill the audit with them.
    pub(super) fn delete(
        &self,
        scope: &Scope,
        pattern: &str,
        query: &DeleteQuery<'_>,
        answer: &Answer,
    ) -> Result<Deleted, Refusal> {
        let wait = Wait::AsAChange;
        self.delete_then(scope, pattern, Removal { query, wait }, answer, |ended| {
            answer.give_up_turn();
            ended.blocking_recv()
        })
    }

    /// Deletes as [`Self::delete`] does where more is to be done: the turn is kept, and lent while the database writes.
    pub(super) fn delete_one(
        &self,
        scope: &Scope,
        pattern: &str,
        removal: Removal<'_>,
        answer: &Answer,
    ) -> Result<Deleted, Refusal> {
        self.delete_then(scope, pattern, removal, answer, |ended| {
            let mut received = None;
            // Where the wait fails nothing more is deleted, and the entry is on its way.
            let _ = answer.wait_for(async { received = Some(ended.await) });
            received.unwrap_or(Ok(Ok(())))
        })
    }

    fn delete_then(
        &self,
        scope: &Scope,
        pattern: &str,
        Removal { query, wait }: Removal<'_>,
        answer: &Answer,
        end: impl FnOnce(Receiver) -> Received,
    ) -> Result<Deleted, Refusal> {
        let entry = |outcome, series| self.entry(scope, pattern, query.range, (outcome, series));
        let mut begun = None;
        let mut begin = |_: &Deleted| {
            let entries = BeginEntries {
                begun: entry(Outcome::Begun, None),
                failed: entry(Outcome::Failed, None),
            };
            match begun.insert(self.begin(scope, entries, wait, answer)) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        };
        let (store, context) = (&self.app.store, answer.context());
        // Over before the caller is told.
        let _change = self.app.queries.render_cache().deleting(scope.domain());
        let deleted = store.delete_with_hook(scope, query, &context, &mut begin);
        if let Some(account) = self.app.iam.directory().account_of(scope.domain()) {
            self.app.quotas.deleted(account);
        }
        let Some(()) = begun.transpose()? else {
            return Ok(deleted?.unwrap_or_default());
        };
        let ended = match &deleted {
            Ok(deleted) => {
                let series = deleted.as_ref().map(|deleted| deleted.series);
                entry(Outcome::Done, series)
            }
            // It was applied, and may become durable.
            Err(_) => entry(Outcome::Unknown, None),
        };
        if let Err(Refusal(problem)) = entered(end(self.enter_end(scope, ended))) {
            // The deletion is made, and its begin is recorded.
            tracing::error!(%problem, domain = %scope.domain(), "how a deletion ended is not in the audit");
        }
        Ok(deleted?.unwrap_or_default())
    }

    /// Records the begin, then passes the point of no return. If the deletion does not begin after all, `failed` is recorded
    /// next.
    fn begin(
        &self,
        scope: &Scope,
        entries: BeginEntries,
        wait: Wait,
        answer: &Answer,
    ) -> Result<(), Refusal> {
        let failed = entries.failed.clone();
        let mut receiver = self.enter_begin(scope, entries, wait);
        let mut received = None;
        let waited = answer.wait_for(async { received = Some((&mut receiver).await) });
        // After this, the task records `failed` itself if nobody received its result.
        receiver.close();
        let received = received.or_else(|| receiver.try_recv().ok().map(Ok));
        if let Some(received) = received {
            if let Ok(Err(Refusal(problem))) = &received
                && problem.code == code::OUTCOME_UNKNOWN.code
            {
                // The begin may be recorded, but nothing is deleted.
                drop(self.enter_end(scope, failed));
                let unanswered =
                    "the server's identity database does not answer: nothing was deleted";
                let problem = code::UNAVAILABLE.problem(unanswered);
                return Err(problem
                    .hint("send again after `Retry-After` seconds")
                    .into());
            }
            entered(received)?;
            let may_begin = waited.map_err(StoreError::Stopped).map_err(Refusal::from);
            let committed = may_begin.and_then(|()| answer.commit());
            return committed.inspect_err(|_| drop(self.enter_end(scope, failed)));
        }
        Ok(waited.map_err(StoreError::Stopped)?)
    }

    fn entry(
        &self,
        scope: &Scope,
        pattern: &str,
        range: Option<TimeRange>,
        (outcome, series): (Outcome, Option<u64>),
    ) -> Entry {
        let who = Actor::from(scope.principal());
        // An open end is no bound.
        let bound = |at: Option<Millis>, open: Millis| at.filter(|at| *at != open).map(|at| at.0);
        let from = bound(range.map(|range| range.from), TimeRange::ALL.from);
        let until = bound(range.map(|range| range.until), TimeRange::ALL.until);
        let domain = scope.domain();
        // An entry has the origin of the request.
        let made = self.origin.clone().scope(async {
            Entry::by_actor(who, self.credential, Action::MetricsDeleted)
                .maybe_in(self.app.iam.directory().account_of(domain))
                .on(domain)
                .outcome(outcome)
                .with_some("by_key", self.key)
                .with("pattern", pattern.to_owned())
                .with_some("from", from)
                .with_some("until", until)
                .with_some("series", series)
        });
        self.runtime.block_on(made)
    }

    /// The account in whose turn for changes the entries are written; none where it has just been deleted.
    fn account(&self, scope: &Scope) -> Option<AccountId> {
        self.app.iam.directory().account_of(scope.domain())
    }

    /// Records the begin on the runtime. If nobody waits for the result any more when it is recorded, `failed` is recorded next; if nobody
    /// does while it still waits for its turn, nothing is.
    fn enter_begin(&self, scope: &Scope, entries: BeginEntries, wait: Wait) -> Receiver {
        let BeginEntries { begun, failed } = entries;
        let (app, account) = (Arc::clone(&self.app), self.account(scope));
        let identity = scope.principal();
        let (mut sender, receiver) = oneshot::channel();
        let work = async move {
            let turns = &app.change_turns;
            let taken = async {
                Ok::<_, Refusal>(match (account, wait) {
                    (None, _) => None,
                    (Some(account), Wait::AsAChange) => Some(turns.take(account, identity).await?),
                    (Some(account), Wait::ToComplete) => {
                        Some(turns.take_to_complete(account).await)
                    }
                })
            };
            let turn = tokio::select! {
                () = sender.closed() => return,
                turn = taken => turn,
            };
            let entered = match &turn {
                Ok(_) => app.iam.enter(begun).await.map_err(Refusal::from),
                Err(refusal) => Err(refusal.clone()),
            };
            if let Err(Ok(())) = sender.send(entered)
                && let Err(error) = app.iam.enter(failed).await
            {
                tracing::error!(error = %Chain(&error), "how a deletion ended is not in the audit");
            }
        };
        self.runtime.spawn(self.origin.clone().scope(work));
        receiver
    }

    /// Records the end of a deletion whose begin is recorded, on the runtime.
    fn enter_end(&self, scope: &Scope, ended: Entry) -> Receiver {
        let (app, account) = (Arc::clone(&self.app), self.account(scope));
        let (sender, receiver) = oneshot::channel();
        let work = async move {
            let _turn = match account {
                None => None,
                Some(account) => Some(app.change_turns.take_to_complete(account).await),
            };
            // It is recorded also where nobody waits for that.
            drop(sender.send(app.iam.enter(ended).await.map_err(Refusal::from)));
        };
        self.runtime.spawn(self.origin.clone().scope(work));
        receiver
    }
}

fn entered(received: Received) -> Result<(), Refusal> {
    match received {
        Ok(entered) => entered,
        Err(_) => Err(Refusal(code::UNAVAILABLE.problem("the server is stopping"))),
    }
}
