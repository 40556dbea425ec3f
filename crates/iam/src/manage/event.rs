//! Events of a domain: what happened, and when. An event has no name that a name filter could match, so events belong to the
//! domain as a whole, and only callers who reach all of it see any.

pub use crate::model::event::{Event, EventPosition, EventSummary, NewEvent};

use crate::audit;
use crate::audit::{Actor, Credential, Entry};
use crate::error::{AuthError, IamError};
use crate::model::text::check_length;
use crate::refusal::{Reason, Refusal, Remedy};
use crate::repo::{event_counts, events};
use crate::service::Iam;
use base::limit::{self, Limit};
use base::scope::{Action, Scope};
use base::time::{Millis, TimeRange};

/// Events of one page.
pub const PAGE: usize = 250;

/// Whether the caller sees the events of the domain, as everybody does who may find or read all of its series.
#[must_use]
pub(crate) fn is_seen_by(scope: &Scope) -> bool {
    scope.reaches_all(Action::Find) || scope.reaches_all(Action::Render)
}

fn require_whole(scope: &Scope, action: Action) -> Result<(), IamError> {
    scope
        .require(action)
        .map_err(|forbidden| IamError::forbidden(forbidden.to_string()))?;
    if scope.reaches_all(action) {
        return Ok(());
    }
    let message =
        "an event is of the domain as a whole, and takes a caller who reaches every series of it";
    Err(IamError::forbidden(message))
}

/// The texts of an event are free: lines and tabulators are part of them. Not every database keeps other control characters.
fn check_text(field: &'static str, text: &str, limit: &'static Limit) -> Result<(), IamError> {
    check_length(field, text, limit)?;
    let is_unreadable = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.contains(is_unreadable) {
        let message = format!("`{field}` holds a control character");
        return Err(IamError::invalid(field, message));
    }
    Ok(())
}

impl Iam {
    /// Stores an event and returns its number; it is then durable. Events are data, like samples: the audit has no entry for
    /// each, and the caller has the right that this node knows of.
    ///
    /// # Errors
    /// Without the right to write to the whole domain, when a text is too long, or when the domain or the account has as many as
    /// it may.
    pub async fn add_event(&self, scope: &Scope, event: &NewEvent) -> Result<i64, IamError> {
        require_whole(scope, Action::Write)?;
        check_text("what", &event.what, &limit::EVENT_WHAT_BYTES)?;
        check_text("tags", &event.tags, &limit::EVENT_TAGS_BYTES)?;
        check_text("data", &event.data, &limit::EVENT_DATA_BYTES)?;
        let gone = || IamError::not_found("the domain");
        let account = self.directory().account_of(scope.domain());
        let account = account.ok_or_else(gone)?;
        let mut tx = self.0.db.begin().await?;
        let counted = event_counts::count(&mut tx, scope.tenant(), account).await?;
        let counted = counted.ok_or_else(gone)?;
        let most = self.0.config.limits.events_per_domain;
        if u64::try_from(counted.kept).is_ok_and(|kept| kept > most) {
            let limit = &limit::EVENTS_PER_DOMAIN;
            let message = format!("the domain keeps `{}` = {most} events", limit.name);
            return Err(full(message, Remedy::DeleteEvents, limit));
        }
        let limit = &limit::EVENTS_PER_ACCOUNT;
        let most = self.account_limit(account, limit);
        let kept = event_counts::kept_by(&mut tx, account).await?;
        if u64::try_from(kept).is_ok_and(|kept| kept > most) {
            let message = format!("the account keeps `{}` = {most} events", limit.name);
            return Err(full(message, Remedy::RaiseLimit(account, limit), limit));
        }
        events::insert(&mut tx, scope.tenant(), counted.number, event).await?;
        self.commit_unaudited(tx).await?;
        Ok(counted.number)
    }

    /// The event with this number, if the caller sees it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn event(&self, scope: &Scope, number: i64) -> Result<Option<Event>, IamError> {
        if !is_seen_by(scope) {
            return Ok(None);
        }
        events::by_number(&self.0.db, scope.tenant(), number).await
    }

    /// The next events after a place, up to an instant, in order, if the caller sees them: [`PAGE`] of them, or fewer at the end.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn events(
        &self,
        scope: &Scope,
        after: EventPosition,
        until: Millis,
    ) -> Result<Vec<Event>, IamError> {
        if !is_seen_by(scope) {
            return Ok(Vec::new());
        }
        events::page(&self.0.db, scope.tenant(), (after, until), MOST).await
    }

    /// The events of a page without their texts.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn event_marks(
        &self,
        scope: &Scope,
        after: EventPosition,
        until: Millis,
    ) -> Result<Vec<EventSummary>, IamError> {
        if !is_seen_by(scope) {
            return Ok(Vec::new());
        }
        events::marks(&self.0.db, scope.tenant(), (after, until), MOST).await
    }

    /// Deletes the events of a range; returns how many. If there were any, the audit gets an entry, which names the kind of the
    /// caller's credential. `verify_again` gives what the caller reaches by what this node knows when nothing changes any more.
    ///
    /// # Errors
    /// Without the right to delete in the whole domain, also then.
    pub async fn delete_events(
        &self,
        (scope, credential): (&Scope, Credential),
        range: TimeRange,
        verify_again: impl FnOnce() -> Result<Scope, AuthError>,
    ) -> Result<u64, IamError> {
        require_whole(scope, Action::Delete)?;
        let domain = scope.domain();
        let account = self.directory().account_of(domain);
        let account = account.ok_or_else(|| IamError::not_found("the domain"))?;
        let mut tx = self.begin_up_to_date(account).await?;
        require_whole(&verify_again()?, Action::Delete)?;
        let deleted = events::delete(&mut tx, scope.tenant(), range).await?;
        if deleted == 0 {
            // Otherwise anybody could fill the audit with deletions that change nothing.
            return Ok(0);
        }
        event_counts::discount(&mut tx, scope.tenant(), deleted).await?;
        let actor = Actor::from(scope.principal());
        let from = (range.from != TimeRange::ALL.from).then_some(range.from.0);
        let entry = Entry::by_actor(actor, credential, audit::Action::EventsDeleted)
            .in_account(account)
            .on(domain)
            .with("events", deleted)
            .with_some("from", from)
            .with("until", range.until.0);
        self.commit_without_read_back(tx, entry).await?;
        Ok(deleted)
    }
}

#[expect(clippy::cast_possible_wrap, reason = "a page is small")]
const MOST: i64 = PAGE as i64;

fn full(message: String, remedy: Remedy, limit: &'static Limit) -> IamError {
    let refusal = Refusal::new(Reason::LimitReached, message);
    IamError::Refused(refusal.remedy(remedy).limit(limit))
}
