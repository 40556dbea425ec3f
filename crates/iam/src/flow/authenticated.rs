//! Counts who authenticates: by a grant, or with an API key itself. A token is shown by who has authenticated before, and is not
//! counted. A trusted profile authenticates when somebody takes it on.

use super::session::login::Login;
use crate::model::activity::Subject;
use crate::service::Iam;
use base::id::{AccountId, KeyId, ProfileId};
use base::principal::Principal;

impl Iam {
    /// Counts a login, and the API key that it rests on.
    pub(super) fn note_login(&self, login: &Login) {
        let bounds = login.bounds();
        self.note_authenticated(login.account(), bounds.principal(), bounds.root().key);
    }

    /// Counts that somebody has taken on a trusted profile. The key behind it, if there is one, was counted when it was shown.
    pub(super) fn note_taken_on(&self, account: AccountId, profile: ProfileId) {
        self.note_authenticated(account, profile.into(), None);
    }

    /// Counts that an API key was used where nobody asks for a token: by a sender.
    pub fn note_key_used(&self, key: KeyId) {
        let directory = self.directory();
        if let Some(key) = directory.keys.get(&key) {
            self.note_authenticated(key.account, key.principal, Some(key.id));
        }
    }

    /// Counts that somebody has authenticated in an account, with an API key or otherwise.
    pub(super) fn note_authenticated(
        &self,
        account: AccountId,
        principal: Principal,
        key: Option<KeyId>,
    ) {
        // The server itself never authenticates.
        let Some(holder) = principal.guid() else {
            return;
        };
        let now = self.0.clock.now();
        for guid in [Some(holder), key.map(|key| key.0)].into_iter().flatten() {
            let subject = Subject {
                account,
                holder,
                guid,
            };
            self.0.activity.note(subject, now);
        }
    }
}
