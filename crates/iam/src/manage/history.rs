//! The history of an object: its changes and who made them, from the audit.

use crate::audit::{Action, Recorded};
use crate::error::IamError;
use crate::model::page::row_count;
use crate::repo::audit;
use crate::service::Iam;
use crate::token::identity::Identity;
use base::limit;
use std::fmt::Display;

impl Iam {
    /// The latest changes of an object of the credential's account, the newest first, at most as many as a history shows and one more,
    /// which tells that it is cut; only those by one action, if one is named, however many others there are. The caller must have been
    /// shown the object.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn history(
        &self,
        caller: &Identity,
        target: impl Display,
        only: Option<Action>,
    ) -> Result<Vec<Recorded>, IamError> {
        let most = row_count(limit::HISTORY_ENTRIES.default).saturating_add(1);
        let target = target.to_string();
        audit::of_target(&self.0.db, caller.account(), &target, only, most).await
    }
}

/// The sentence for the audit's name of an action; none for an action that only a newer program knows.
#[must_use]
pub fn sentence(event: &str) -> Option<&'static str> {
    let known = Action::ALL.iter().find(|action| action.name() == event)?;
    Some(known.log_sentence())
}
