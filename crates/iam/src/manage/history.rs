//! The history of an object: its changes and who made them, from the audit.

use crate::audit::{Action, Recorded};
use crate::error::IamError;
use crate::model::page::row_count;
use crate::repo::audit;
use crate::service::Iam;
use crate::token::identity::Identity;
use base::limit;
use std::collections::HashMap;
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

    /// The latest changes of each of these objects of the credential's account, by the object: at most as many as a history in a list
    /// shows and one more, which tells that it is cut. The caller must have been shown the objects.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn histories(
        &self,
        caller: &Identity,
        targets: &[String],
    ) -> Result<HashMap<String, Vec<Recorded>>, IamError> {
        let most = row_count(limit::HISTORY_ENTRIES_IN_LISTS.default).saturating_add(1);
        let mut histories: HashMap<String, Vec<Recorded>> = HashMap::new();
        for change in audit::of_targets(&self.0.db, caller.account(), targets, most).await? {
            let history = histories.entry(change.target.clone()).or_default();
            history.push(change);
        }
        Ok(histories)
    }
}

/// The sentence for the audit's name of an action; none for an action that only a newer program knows.
#[must_use]
pub fn sentence(event: &str) -> Option<&'static str> {
    let known = Action::ALL.iter().find(|action| action.name() == event)?;
    Some(known.log_sentence())
}
