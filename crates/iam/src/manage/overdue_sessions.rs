//! Sessions that are over by the settings of their account: they end when they are due, with tokens from before the setting that say
//! that they live on.
//!
//! Every look at the sessions of an account finds when the next of them is due. Until then, and while the settings stay as they are,
//! the database is not asked: so a node can look as often as the sessions are to end in time.

use crate::audit::{Action, Entry};
use crate::error::IamError;
use crate::model::account_settings::StoredSettings;
use crate::model::session_limits::SessionCutoffs;
use crate::repo::sessions;
use crate::service::Iam;
use base::id::AccountId;
use base::time::Millis;
use std::collections::HashMap;

/// An account is checked again after this time at the latest: a session that has come to it since may end before the others.
const RECHECK_MILLISECONDS: i64 = 15_000;

/// When the sessions of each account are checked next.
#[derive(Debug, Default)]
pub struct SessionWatch {
    next: HashMap<AccountId, NextCheck>,
}

#[derive(Debug)]
struct NextCheck {
    /// The version of the settings that the time was found with.
    revision: i64,
    at: Millis,
}

impl SessionWatch {
    fn is_due(&self, stored: &StoredSettings, now: Millis) -> bool {
        self.next.get(&stored.account).is_none_or(|next| {
            // A time that is far away was found before the clock was set back.
            let is_waiting = next.at > now && next.at <= now.plus(RECHECK_MILLISECONDS);
            next.revision != stored.revision || !is_waiting
        })
    }
}

impl Iam {
    /// Ends the sessions that the settings of their accounts have ended meanwhile, for good and with all their tokens. With a new
    /// `watch` all accounts are checked.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_overdue_sessions(&self, watch: &mut SessionWatch) -> Result<(), IamError> {
        let (directory, now) = (self.directory(), self.0.clock.now());
        let is_set = |account: &AccountId| directory.account_settings.contains_key(account);
        watch.next.retain(|account, _| is_set(account));
        let all = directory.account_settings.values();
        let due: Vec<StoredSettings> = all
            .filter(|stored| stored.settings.session_limits().cutoffs(now) != SessionCutoffs::NONE)
            .filter(|stored| watch.is_due(stored, now))
            .cloned()
            .collect();
        drop(directory);
        for stored in due {
            let at = self.end_overdue_of(&stored, now).await?;
            let revision = stored.revision;
            watch
                .next
                .insert(stored.account, NextCheck { revision, at });
        }
        Ok(())
    }

    /// Ends those of one account; returns when the next is due at the earliest.
    async fn end_overdue_of(
        &self,
        stored: &StoredSettings,
        now: Millis,
    ) -> Result<Millis, IamError> {
        let limits = stored.settings.session_limits();
        let over = limits.cutoffs(now);
        let mut tx = self.0.db.snapshot().await?;
        let found = sessions::find_overdue(&mut tx, stored.account, over).await?;
        tx.end().await?;
        if found.over > 0 {
            let mut tx = self.0.db.begin().await?;
            let ended = sessions::end_overdue(&mut tx, stored.account, over, now).await?;
            if ended > 0 {
                let entry = Entry::by_server(Action::SessionEnded)
                    .in_account(stored.account)
                    .on(stored.account)
                    .with("why", "settings")
                    .with("sessions", ended);
                self.commit_without_read_back(tx, entry).await?;
            }
        }
        let latest = now.plus(RECHECK_MILLISECONDS);
        let proven_at = found.first_proven.unwrap_or(now);
        let used_at = found.first_used.unwrap_or(now);
        Ok(limits.end(proven_at, used_at, latest))
    }
}
