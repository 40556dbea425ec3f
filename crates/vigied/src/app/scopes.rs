//! The interface that turns a credential into a scope.

use base::scope::{Domain, Scope};
use base::time::Millis;
use iam::{AuthError, Credential, Proof, Verifier};
use std::fmt::Debug;

/// Turns a credential into a scope. In the server this is `iam`'s [`Verifier`]; a test puts one in its place that limits the scope
/// to some names, which no credential does yet.
pub(crate) trait Scopes: Debug + Send + Sync {
    /// As [`Verifier::proven_scope`].
    fn proven_scope(
        &self,
        credential: Credential<'_>,
        selector: Option<Domain>,
    ) -> (Result<Scope, AuthError>, Option<Proof>);

    /// As [`Verifier::scope_at`].
    ///
    /// # Errors
    /// As [`Verifier::scope_at`].
    fn scope_at(
        &self,
        credential: Credential<'_>,
        selector: Option<Domain>,
        asked_at: Millis,
    ) -> Result<Scope, AuthError>;
}

impl Scopes for Verifier {
    fn proven_scope(
        &self,
        credential: Credential<'_>,
        selector: Option<Domain>,
    ) -> (Result<Scope, AuthError>, Option<Proof>) {
        Self::proven_scope(self, credential, selector)
    }

    fn scope_at(
        &self,
        credential: Credential<'_>,
        selector: Option<Domain>,
        asked_at: Millis,
    ) -> Result<Scope, AuthError> {
        Self::scope_at(self, credential, selector, asked_at)
    }
}
