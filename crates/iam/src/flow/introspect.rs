//! Token introspection. A credential that is not entirely valid gets the same answer whatever is wrong with it.

use super::access;
use super::session::login::Login;
use crate::error::{AuthError, IamError};
use crate::service::Iam;
use crate::token::claims::IamClaims;
use crate::token::iam_id;
use crate::token::identity::{Credential, Identity};
use crate::token::issued::{APIKEY, NO_CLIENT};
use crate::token::subject::Subject;

impl Iam {
    /// As [`Self::introspect`], once more where another node may have made what this one does not know. It asks whatever is wrong with the
    /// credential, so that how long the answer takes does not tell either.
    ///
    /// # Errors
    /// When it cannot be told at present.
    pub async fn introspect_at_any_node(
        &self,
        credential: Credential<'_>,
    ) -> Result<Option<(IamClaims, Subject)>, AuthError> {
        if let Some(found) = self.introspect(credential) {
            return Ok(Some(found));
        }
        self.0.require_current()?;
        let is_more_known = self.synced_about(credential).await?;
        Ok(is_more_known.then(|| self.introspect(credential)).flatten())
    }

    /// The claims of an IAM token, or of one issued for the API key at this moment, and the current data of its principal.
    #[must_use]
    pub fn introspect(&self, credential: Credential<'_>) -> Option<(IamClaims, Subject)> {
        let verifier = self.verifier();
        match credential {
            Credential::Iam(token) => {
                let claims = verifier.introspected_claims(token)?;
                let principal = iam_id::principal(&claims.iam_id)?;
                let subject = Subject::find(&self.directory(), principal)?;
                Some((claims, subject))
            }
            Credential::ApiKey(_) => {
                let identity = verifier.holder(credential).ok()?;
                let (bounds, account) = (*identity.bounds(), Some(identity.account()));
                let subject = Subject::find(&self.directory(), identity.principal())?;
                let login = Login::to(self, bounds, account, APIKEY.to_owned()).ok()?;
                let claims = access::iam_claims(self, &subject, &login, NO_CLIENT);
                Some((claims, subject))
            }
            Credential::Uaa(_) => None,
        }
    }

    /// The current data of the caller.
    ///
    /// # Errors
    /// When the caller no longer exists.
    pub fn caller_subject(&self, caller: &Identity) -> Result<Subject, IamError> {
        let subject = Subject::find(&self.directory(), caller.principal());
        subject.ok_or_else(|| IamError::not_found("the principal of the token"))
    }
}
