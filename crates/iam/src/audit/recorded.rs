//! An audit entry as it is read back.

use super::action::Action;
use super::entry::Entry;
use base::time::Millis;

/// A stored entry.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its number; numbers have no gaps unless entries were dropped (then `entries_dropped` names them). None for a
    /// count that is not written yet.
    pub number: Option<i64>,
    /// The time; for a count, of the first event.
    pub at: Millis,
    /// The kind: `change`, `sign_in`, `refusal`, `requests`.
    pub kind: String,
    /// The action.
    pub event: String,
    /// The outcome.
    pub outcome: String,
    /// The actor: a user's id, `operator`, `server`, `unknown`, `others`.
    pub who: String,
    /// The kind of credential.
    pub credential: String,
    /// The source.
    pub source: String,
    /// The account; empty for none.
    pub account: String,
    /// The object.
    pub target: String,
    /// Details as a JSON object; empty for none.
    pub details: String,
    /// The id of the request; for a count, of the first.
    pub transaction: String,
    /// The number of times.
    pub times: i64,
}

impl Recorded {
    /// An entry that is not written yet.
    pub(crate) fn of(entry: &Entry, now: Millis) -> Self {
        let action: Action = entry.action;
        Self {
            number: None,
            at: entry.at.unwrap_or(now),
            kind: action.kind().name().to_owned(),
            event: action.name().to_owned(),
            outcome: entry.outcome.name().to_owned(),
            who: entry.actor.to_string(),
            credential: entry.credential.name().to_owned(),
            source: entry.source.clone(),
            account: entry
                .account
                .map_or_else(String::new, |account| account.to_string()),
            target: entry.target.clone(),
            details: entry.details(),
            transaction: entry.transaction.clone(),
            times: i64::try_from(entry.times).unwrap_or(i64::MAX),
        }
    }
}
