//! The grant by which the original's services act for one another: a service shows its token, and gets one for a CRN if an
//! authorization policy between services lets it.
//!
//! Here nothing acts under a CRN, and no such policy can be made, so nobody is ever let: a caller with a good token is told so, and
//! one without is refused as for any other wrong proof.

use crate::audit::Credential as AuditedCredential;
use crate::error::{AuthError, IamError};
use crate::refusal::Reason;
use crate::service::Iam;
use crate::token::identity::Credential;
use crate::token::issued::Tokens;
use base::secret::Secret;
use base::source::Source;

impl Iam {
    /// Tokens for a CRN, for a service that shows its IAM token.
    ///
    /// # Errors
    /// Always: when the token is no good, otherwise because no authorization can be given.
    pub fn authorized_token(
        &self,
        token: &Secret<String>,
        source: Source,
    ) -> Result<Tokens, IamError> {
        let answer = Err(self.no_authorization(token));
        self.note_refusal(AuditedCredential::IamToken, &answer);
        self.slow_guesses(source, answer)
    }

    fn no_authorization(&self, token: &Secret<String>) -> IamError {
        match self.verifier().holder(Credential::Iam(token.expose())) {
            Ok(_) => {
                let message = "No authorization policy lets the service of `access_token` act as `desired_iam_id`: this server has no policies between services";
                IamError::refused(Reason::NotAuthorized, message)
            }
            Err(error @ (AuthError::Stale { .. } | AuthError::Behind)) => error.into(),
            Err(error) => {
                let message = format!("Property validation failed: `access_token`: {error}");
                IamError::refused(Reason::WrongToken, message)
            }
        }
    }
}
