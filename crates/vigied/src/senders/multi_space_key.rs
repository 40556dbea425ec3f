//! An API key that is not limited to one space, used to send to several. In each space it may do what its roles allow there.

use super::credential::SenderCredential;
use super::shared::SenderContext;
use crate::failure::refused;
use crate::request::presented_credential::Kind;
use base::error::Problem;
use base::id::AccountId;
use base::scope::Domain;
use base::secret::Secret;
use base::source::Source;
use iam::audit::{Action as Event, Credential as Presented, Refused};
use iam::{AuthError, Credential};
use wire::code;

/// Such a key, as a sender showed it at the login.
#[derive(Debug)]
pub(super) struct MultiSpaceKey {
    text: Secret<String>,
    account: AccountId,
}

impl MultiSpaceKey {
    /// Verifies the credential of a login.
    pub(super) fn enter(
        shared: &SenderContext,
        source: Source,
        text: Secret<String>,
    ) -> Result<Self, Problem> {
        let app = &shared.app;
        let credential = Credential::ApiKey(text.expose());
        let verify = || app.scopes.proven_scope(credential, None);
        let mut verified = verify();
        // A good key of spaces alone opens no account, which another node would not change.
        if let (Err(error), None) = &verified {
            let from = shared.may_be_from_other_node(source, credential, error);
            match shared.ask_other_nodes(from) {
                Ok(true) => verified = verify(),
                Ok(false) => {}
                Err(unheard) => verified.0 = Err(unheard),
            }
        }
        let (scope, proof) = verified;
        let account = proof.as_ref().and_then(|proof| proof.account);
        let narrowed_to = app
            .verifier
            .resolve_space(credential, None)
            .unwrap_or_default();
        let problem = match (account, scope, narrowed_to) {
            (Some(account), _, None) => return Ok(Self { text, account }),
            (Some(_), _, Some(domain)) => refused::credential(&AuthError::OutOfReach { domain }),
            (None, Err(error), _) => {
                let problem = refused::credential(&error);
                let is_guess = matches!(error, AuthError::KeyUnknown | AuthError::KeyMistyped);
                match is_guess.then(|| app.iam.count_guess(source)).flatten() {
                    Some(seconds) => refused::slowed(problem, seconds),
                    None => problem,
                }
            }
            (None, Ok(_), _) => code::KEY_REACH.problem("the API key is of no account"),
        };
        app.metrics.refused(problem.code);
        app.iam.note_refused(Refused {
            action: Event::CredentialRefused,
            principal: proof.as_ref().map(|proof| proof.principal),
            account,
            credential: Presented::ApiKey,
            why: problem.code,
        });
        Err(problem)
    }

    /// The domain that its connection counts for: that of its account.
    pub(super) const fn domain(&self) -> Domain {
        Domain::Account(self.account)
    }

    /// The key is still good.
    pub(super) fn is_good(&self, shared: &SenderContext) -> bool {
        let credential = Credential::ApiKey(self.text.expose());
        let (_, proof) = shared.app.scopes.proven_scope(credential, None);
        proof.is_some()
    }

    /// Learns what the other nodes have made, where one of them may have let the key into the domain a moment ago: what is refused there is
    /// acknowledged, and does not come again. The thread of the connection waits for it, and must have no turn meanwhile.
    ///
    /// # Errors
    /// When they cannot be asked: then nothing is to be acknowledged.
    pub(super) fn sync_if_refused(
        &self,
        shared: &SenderContext,
        source: Source,
        domain: Domain,
    ) -> Result<(), AuthError> {
        let credential = Credential::ApiKey(self.text.expose());
        let (scope, _) = shared.app.scopes.proven_scope(credential, Some(domain));
        let from = match &scope {
            Ok(scope) => shared.role_may_be_from_other_node(source, scope),
            Err(error) => shared.may_be_from_other_node(source, credential, error),
        };
        shared.ask_other_nodes(from).map(|_| ())
    }

    /// Its credential for one of its spaces.
    pub(super) fn in_domain(&self, domain: Domain) -> SenderCredential {
        SenderCredential::Credential {
            kind: Kind::ApiKey,
            text: Secret::new(self.text.expose().clone()),
            domain,
        }
    }
}
