//! A deletion of metrics in the audit: that it is begun, once something is found and before any of it is gone, and how it ended.
//! What cannot be entered is not begun.

use crate::app::App;
use crate::http::problem::Refusal;
use crate::request::caller::Caller;
use base::context::Context;
use base::id::KeyId;
use base::scope::Scope;
use base::store::{DeleteQuery, Deleted};
use base::time::{Millis, TimeRange};
use iam::audit::{Action, Actor, Credential, Entry, Origin, Outcome};
use std::ops::ControlFlow;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use wire::code;

/// Who deletes, as it is known where the request is, for the thread on which the store works.
pub(super) struct Deleter {
    app: Arc<App>,
    runtime: Handle,
    origin: Origin,
    credential: Credential,
    key: Option<KeyId>,
}

impl Deleter {
    /// Of the request that runs here.
    pub(super) fn new(app: &Arc<App>, caller: &Caller) -> Self {
        Self {
            app: Arc::clone(app),
            runtime: Handle::current(),
            origin: Origin::current(),
            credential: caller.credential,
            key: caller.key,
        }
    }

    /// Deletes, and enters that it is begun and how it ended, on a thread that may wait. What finds nothing is not entered: so
    /// nobody fills the audit with it.
    pub(super) fn delete(
        &self,
        scope: &Scope,
        pattern: &str,
        delete: &DeleteQuery<'_>,
        context: &Context,
    ) -> Result<Deleted, Refusal> {
        let enter = |outcome, series| self.enter(scope, pattern, delete.range, (outcome, series));
        let mut begun = None;
        let mut begin = |_: &Deleted| match begun.insert(enter(Outcome::Begun, None)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        };
        let store = &self.app.store;
        let deleted = store.delete_begun(scope, delete, context, &mut begin);
        let Some(()) = begun.transpose()? else {
            return Ok(deleted?.unwrap_or_default());
        };
        let ended = match &deleted {
            Ok(deleted) => {
                let series = deleted.as_ref().map(|deleted| deleted.series);
                enter(Outcome::Done, series)
            }
            Err(_) => enter(Outcome::Failed, None),
        };
        if let Err(Refusal(problem)) = ended {
            // Done is done: the entry that it was begun stands.
            tracing::error!(%problem, domain = %scope.domain(), "how a deletion ended is not in the audit");
        }
        Ok(deleted?.unwrap_or_default())
    }

    fn enter(
        &self,
        scope: &Scope,
        pattern: &str,
        range: Option<TimeRange>,
        (outcome, series): (Outcome, Option<u64>),
    ) -> Result<(), Refusal> {
        let who = scope.principal().user().map_or(Actor::Unknown, Actor::User);
        let (app, credential, key) = (Arc::clone(&self.app), self.credential, self.key);
        // An open end is not one of the bounds.
        let bound = |at: Option<Millis>, open: Millis| at.filter(|at| *at != open).map(|at| at.0);
        let from = bound(range.map(|range| range.from), TimeRange::ALL.from);
        let until = bound(range.map(|range| range.until), TimeRange::ALL.until);
        let (domain, pattern) = (scope.domain(), pattern.to_owned());
        let work = async move {
            let entry = Entry::by_actor(who, credential, Action::MetricsDeleted)
                .maybe_in(app.iam.directory().account_of(domain))
                .on(domain)
                .outcome(outcome)
                .with_some("by_key", key)
                .with("pattern", pattern)
                .with_some("from", from)
                .with_some("until", until)
                .with_some("series", series);
            app.iam.enter(entry).await
        };
        let (sender, entered) = oneshot::channel();
        let work = self.origin.clone().scope(work);
        self.runtime.spawn(async move {
            // Who asked may be gone by then; it is entered all the same.
            let _ = sender.send(work.await);
        });
        match entered.blocking_recv() {
            Ok(entered) => Ok(entered?),
            Err(_) => Err(Refusal(code::UNAVAILABLE.problem("the server is stopping"))),
        }
    }
}
