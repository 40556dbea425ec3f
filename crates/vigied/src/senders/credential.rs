//! The credential of a sender: one that it has presented, or the key that the operator has configured for its address. It is
//! verified again for every batch, so that no access outlives its credential.

use super::shared::SenderContext;
use crate::failure::refused;
use crate::http::fair_share::ShareOwner;
use crate::request::presented_credential::Kind;
use crate::request::role_refusal;
use base::error::Problem;
use base::id::KeyId;
use base::principal::Principal;
use base::scope::{Action, Domain, Scope};
use base::secret::Secret;
use base::source::Source;
use base::time::Millis;
use iam::audit::{Action as Event, Credential as Presented, Refused};
use iam::{AuthError, SourceKeyError};
use wire::auth_line::AuthLine;
use wire::code;
use wire::credential::CredentialKind;

/// The credential of an authenticated sender.
#[derive(Debug)]
pub(super) enum SenderCredential {
    /// The key that the settings assign to its address.
    Source(KeyId),
    /// A key before each name.
    BeforeNames(KeyId),
    /// The key of the name with whose secret it signs or encrypts.
    Secret(KeyId),
    /// The credential that it has presented.
    Credential {
        kind: Kind,
        text: Secret<String>,
        domain: Domain,
    },
}

/// Why a credential is denied, for now or for good.
#[derive(Debug)]
pub(super) enum Denied {
    /// The token has expired, or nobody can be verified: what came is held.
    ForNow(Problem),
    /// The credential or the right is gone: nothing is held.
    Gone(Problem),
}

impl Denied {
    pub(super) fn of(error: &AuthError) -> Self {
        let problem = refused::credential(error);
        match error {
            AuthError::Expired { .. } => Self::ForNow(problem),
            undecided if undecided.is_undecided() => Self::ForNow(problem),
            _ => Self::Gone(problem),
        }
    }

    pub(super) const fn problem(&self) -> &Problem {
        let (Self::ForNow(problem) | Self::Gone(problem)) = self;
        problem
    }
}

/// A sender that has just authenticated.
#[derive(Debug)]
pub(super) struct AuthenticatedSender {
    pub(super) credential: SenderCredential,
    pub(super) principal: Principal,
    pub(super) domain: Domain,
    /// When the credential ends by itself.
    pub(super) ends_at: Option<Millis>,
}

impl SenderCredential {
    /// The key that it is mapped to; none for a credential that was presented.
    pub(super) const fn named_key(&self) -> Option<KeyId> {
        match self {
            Self::Source(key) | Self::BeforeNames(key) | Self::Secret(key) => Some(*key),
            Self::Credential { .. } => None,
        }
    }

    /// A copy; none for a credential that was presented, whose text is not copied.
    pub(super) const fn of_key(&self) -> Option<Self> {
        match self {
            Self::Source(key) => Some(Self::Source(*key)),
            Self::BeforeNames(key) => Some(Self::BeforeNames(*key)),
            Self::Secret(key) => Some(Self::Secret(*key)),
            Self::Credential { .. } => None,
        }
    }

    /// Its scope now: at least to write.
    pub(super) fn scope(&self, shared: &SenderContext) -> Result<Scope, Denied> {
        let app = &shared.app;
        let scope = match self {
            Self::Source(key) | Self::Secret(key) => {
                app.verifier.source_scope(*key).map_err(denied_key)
            }
            Self::BeforeNames(key) => app.verifier.scope_before_names(*key).map_err(denied_key),
            Self::Credential { kind, text, domain } => {
                let credential = kind.with(text.expose());
                let (scope, _) = app.scopes.proven_scope(credential, Some(*domain));
                scope.map_err(|error| Denied::of(&error))
            }
        }?;
        may_write(scope)
    }

    /// Counts an API key as used, for a batch that was sent with it. Whoever presents a token has authenticated before.
    pub(super) fn note_used(&self, shared: &SenderContext) {
        let is_token =
            matches!(self, Self::Credential { kind, .. } if !matches!(kind, Kind::ApiKey));
        if let Some(key) = self.key(shared).filter(|_| !is_token) {
            shared.app.iam.note_key_used(key);
        }
    }

    /// The key that it is, or rests on.
    pub(super) fn key(&self, shared: &SenderContext) -> Option<KeyId> {
        match self {
            Self::Source(key) | Self::BeforeNames(key) | Self::Secret(key) => Some(*key),
            Self::Credential { kind, text, .. } => {
                shared.app.verifier.key_of(kind.with(text.expose()))
            }
        }
    }

    /// Verifies the credential of an `AUTH` line. Without a domain it is the one that the connection sends to, or the only one
    /// the key reaches. Where the connection sends to one already, each check takes a turn of whom that counts for, like any other work.
    pub(super) fn enter(
        shared: &SenderContext,
        source: Source,
        line: &AuthLine<'_>,
        usual: Option<(Domain, ShareOwner)>,
    ) -> Result<AuthenticatedSender, Problem> {
        let app = &shared.app;
        let text = line.credential.text;
        let kind = match line.credential.kind {
            Some(CredentialKind::Iam) => Kind::Iam,
            Some(CredentialKind::Uaa) => Kind::Uaa,
            Some(CredentialKind::ApiKey) => Kind::ApiKey,
            None => Kind::of(&app.verifier.unnamed(text)),
        };
        let credential = kind.with(text);
        let selector = line.scope.or(usual.map(|(domain, _)| domain));
        let verify = || {
            let _turn = usual.map(|(_, owner)| shared.turns.take(owner));
            let (scope, proof) = app.scopes.proven_scope(credential, selector);
            match scope {
                Err(AuthError::OutOfReach { domain }) if line.scope.is_none() => {
                    app.scopes.proven_scope(credential, Some(domain))
                }
                scope => (scope, proof),
            }
        };
        let mut verified = verify();
        let from = match &verified.0 {
            Ok(scope) => shared.role_may_be_from_other_node(source, scope),
            Err(error) => shared.may_be_from_other_node(source, credential, error),
        };
        match shared.ask_other_nodes(from) {
            Ok(true) => verified = verify(),
            Ok(false) => {}
            Err(unheard) => verified.0 = Err(unheard),
        }
        let (scope, proof) = verified;
        let scope = scope.map_err(|error| {
            let problem = refused::credential(&error);
            let is_guess = matches!(error, AuthError::KeyUnknown | AuthError::KeyMistyped);
            match is_guess.then(|| app.iam.count_guess(source)).flatten() {
                Some(seconds) => refused::slowed(problem, seconds),
                None => problem,
            }
        });
        let scope =
            scope.and_then(|scope| may_write(scope).map_err(|denied| denied.problem().clone()));
        let scope = scope.inspect_err(|problem| {
            app.metrics.refused(problem.code);
            app.iam.note_refused(Refused {
                action: Event::CredentialRefused,
                principal: proof.as_ref().map(|proof| proof.principal),
                account: proof.as_ref().and_then(|proof| proof.account),
                credential: Presented::from(&credential),
                why: problem.code,
            });
        })?;
        Ok(AuthenticatedSender {
            credential: Self::Credential {
                kind,
                text: Secret::new(text.to_owned()),
                domain: scope.domain(),
            },
            principal: scope.principal(),
            domain: scope.domain(),
            ends_at: app.verifier.ends_at(credential),
        })
    }
}

fn denied_key(error: SourceKeyError) -> Denied {
    let problem = code::RIGHT_MISSING.problem(error.to_string());
    match error {
        SourceKeyError::Refused(error) => Denied::of(&error),
        SourceKeyError::TooMuch => Denied::Gone(
            problem
                .hint("make one with `vigie iam api-key-create NAME --only send --domain s-GUID`"),
        ),
        SourceKeyError::NotBeforeNames(_) => Denied::Gone(code::RIGHT_MISSING.problem(format!(
            "{}; its Manager allows it with `vigie metrics settings --key-before-names on`",
            problem.message
        ))),
    }
}

fn may_write(scope: Scope) -> Result<Scope, Denied> {
    match scope.require(Action::Write) {
        Ok(()) => Ok(scope),
        Err(forbidden) => Err(Denied::Gone(role_refusal::missing(&forbidden))),
    }
}
