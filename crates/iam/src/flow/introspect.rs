//! Token introspection. A credential that is not entirely valid gets the same answer whatever is wrong with it.

use super::access;
use super::refresh::Login;
use crate::model::directory::User;
use crate::service::Iam;
use crate::token::claims::IamClaims;
use crate::token::identity::Credential;
use crate::token::issued::{APIKEY, NO_CLIENT};
use base::id::UserId;
use std::sync::atomic::Ordering;

impl Iam {
    /// How many signatures introspection has checked: one for every token, valid or not.
    #[must_use]
    pub fn signatures_checked(&self) -> u64 {
        self.0.signatures_introspected.load(Ordering::Relaxed)
    }

    /// The claims of an IAM token, or of one issued for the API key at this moment, and the user's current data.
    #[must_use]
    pub fn introspect(&self, credential: Credential<'_>) -> Option<(IamClaims, User)> {
        let verifier = self.verifier();
        match credential {
            Credential::Iam(token) => {
                let claims = verifier.looked_at(token)?;
                let user: UserId = claims.iam_id.parse().ok()?;
                let user = self.directory().user(user).cloned()?;
                Some((claims, user))
            }
            Credential::ApiKey(_) => {
                let identity = verifier.holder(credential).ok()?;
                let (bounds, account) = (*identity.bounds(), identity.account().to_string());
                let user = self.directory().user(identity.user()).cloned()?;
                let login = Login::to(self, bounds, &account, APIKEY.to_owned()).ok()?;
                Some((access::iam_claims(self, &user, &login, NO_CLIENT), user))
            }
            Credential::Uaa(_) => None,
        }
    }
}
