//! The proof of an identity that a grant shows: whom it identifies, and what may be issued for it.

use super::request::Grant;
use super::session::login::Login;
use super::{account_rules, passcode, password};
use crate::error::{AuthError, IamError};
use crate::grant::NOT_A_MEMBER;
use crate::model::bounds::{CredentialBounds, Root};
use crate::policy;
use crate::refusal::{Reason, Refusal, Remedy};
use crate::repo::users;
use crate::service::Iam;
use crate::token::identity::Credential;
use crate::token::issued::{APIKEY, CLIENT_CREDENTIALS, PASSWORD};
use crate::token::subject::Subject;
use crate::verify;
use base::id::{AccountId, ServiceId, UserId};
use base::principal::Principal;
use base::secret::Secret;
use base::source::Source;
use base::time::Millis;
use db::Tx;

/// The principal that a proof identifies, and what may be issued.
pub(crate) struct GrantSubject {
    pub(crate) subject: Subject,
    pub(crate) login: Login,
    pub(super) held: ProofGuard,
}

/// Ensures that a proof is still valid in the transaction that issues something for it.
pub(super) enum ProofGuard {
    /// Nothing: the key is checked at every use.
    Unguarded,
    /// The user's password: its hash from before the comparison detects a change in between.
    Password(UserId, Option<String>),
    /// The code, which is used up then.
    Code(Secret<String>),
}

/// The refusal of an API key that is right but no longer usable, with the remedy.
fn ended_key(why: &'static str) -> IamError {
    let message = format!("Provided API key cannot be used: {why}");
    let refusal = Refusal::new(Reason::WrongKey, message);
    IamError::Refused(match why {
        verify::ACCOUNT_DELETED => refusal.remedy(Remedy::RestoreAccount),
        NOT_A_MEMBER => refusal.remedy(Remedy::InviteAgain),
        _ => refusal,
    })
}

/// The refusal of an API key that its account lets in from other addresses alone, or of another one as `otherwise` says.
fn refused_key(error: &AuthError, otherwise: impl FnOnce() -> IamError) -> IamError {
    match error {
        AuthError::AddressNotAllowed { account, .. } => {
            IamError::forbidden_without(error.to_string(), Remedy::AllowAddress(*account))
        }
        undecided if undecided.is_undecided() => undecided.clone().into(),
        _ => otherwise(),
    }
}

impl Iam {
    /// The transaction in which something may be issued for a proof.
    pub(super) async fn lock_proof(&self, held: ProofGuard) -> Result<Tx, IamError> {
        let (user, stored) = match held {
            ProofGuard::Code(code) => {
                let mut tx = self.0.db.begin().await?;
                passcode::redeem(self, &mut tx, &code).await?;
                return Ok(tx);
            }
            ProofGuard::Unguarded => return Ok(self.0.db.begin().await?),
            ProofGuard::Password(user, stored) => (user, stored),
        };
        let mut tx = self.0.db.begin().await?;
        if !users::lock_password(&mut tx, user, stored).await? {
            let message = "The password was changed at this moment";
            let refusal = Refusal::new(Reason::WrongProof, message);
            return Err(IamError::Refused(refusal.remedy(Remedy::LogInAgain)));
        }
        Ok(tx)
    }

    /// The current hash of a user's password. An unknown name costs the same time.
    async fn password_of(&self, username: &str) -> Result<Option<String>, IamError> {
        let directory = self.directory();
        let user = directory.user_by_email(username).map(|user| user.id);
        users::password(&self.0.db, user).await
    }

    /// The account that an API key among the grants is for, if it is a good one. It proves nothing: whoever asks shows the key then.
    #[must_use]
    pub fn account_of_key(&self, grant: &Grant) -> Option<AccountId> {
        let (Grant::ApiKey(text) | Grant::Client { secret: text, .. }) = grant else {
            return None;
        };
        let key = Credential::ApiKey(text.expose());
        let holder = self.verifier().holder(key).ok()?;
        Some(holder.account())
    }

    /// The proof's principal, logged in to the requested account, else to the key's account, else to its first account.
    pub(crate) async fn prove(
        &self,
        source: Source,
        grant: Grant,
        asked: Option<&str>,
    ) -> Result<GrantSubject, IamError> {
        let now = self.0.clock.now();
        let proven = |subject: Subject, bounds: CredentialBounds, grant_type: &str, held| {
            let directory = self.directory();
            // The first account may be deleted while a user still has others.
            let default = policy::account(&directory, &bounds);
            let default = default.or_else(|| directory.home(bounds.principal()));
            let accepting = |account| account_rules::accepting(self, &bounds, account, grant_type);
            let account = match asked {
                Some(text) => text.parse().ok(),
                None => default.map(accepting),
            };
            let login = Login::to(self, bounds, account, grant_type.to_owned())?;
            Ok::<_, IamError>(GrantSubject {
                subject,
                login,
                held,
            })
        };
        match grant {
            Grant::ApiKey(text) => {
                let refused = |message: String| IamError::refused(Reason::WrongKey, message);
                let unknown = || refused("Provided API key could not be found".to_owned());
                let key = Credential::ApiKey(text.expose());
                let found = self.holder_at_any_node(key).await;
                let identity = found.map_err(|error| match error {
                    // Only a caller who has the key's text gets this answer.
                    AuthError::Revoked(why) => ended_key(why),
                    error => refused_key(&error, unknown),
                })?;
                let subject = self.subject(identity.bounds())?;
                proven(subject, *identity.bounds(), APIKEY, ProofGuard::Unguarded)
            }
            Grant::Password { username, password } => {
                let stored = Box::pin(self.password_of(&username)).await?;
                let checked = Box::pin(password::check(self, source, &username, password));
                let user = checked.await?;
                let bounds = CredentialBounds::of_person(&self.directory(), user.id, now);
                let held = ProofGuard::Password(user.id, stored);
                proven(user.into(), bounds, PASSWORD, held)
            }
            Grant::Passcode(code) => {
                let (bounds, grant_type) = Box::pin(passcode::find(self, &code)).await?;
                let subject = self.subject(&bounds)?;
                // It is not used up yet: a mistyped account does not consume the code.
                proven(subject, bounds, grant_type, ProofGuard::Code(code))
            }
            Grant::Client { id, secret } => {
                let bounds = self.client(&id, &secret).await?;
                let subject = self.subject(&bounds)?;
                proven(subject, bounds, CLIENT_CREDENTIALS, ProofGuard::Unguarded)
            }
            Grant::RefreshToken(_) => Err(IamError::Internal(
                "prove an identity by a refresh token here",
            )),
        }
    }

    /// The bounds of a service that shows its id, and one of its keys as the secret.
    async fn client(
        &self,
        id: &str,
        secret: &Secret<String>,
    ) -> Result<CredentialBounds, IamError> {
        let wrong = |why: &str| {
            let message = format!("The client is unknown or its secret is wrong{why}");
            IamError::refused(Reason::WrongClient, message)
        };
        let service = ServiceId::from_either(id);
        let key = Credential::ApiKey(secret.expose());
        let found = self.holder_at_any_node(key).await;
        let holder = found.map_err(|error| match error {
            // Only a caller who has the key's text gets this answer.
            AuthError::Revoked(why) => wrong(&format!(": {why}")),
            error => refused_key(&error, || wrong("")),
        })?;
        match service.is_ok_and(|service| holder.principal() == Principal::Service(service)) {
            true => Ok(*holder.bounds()),
            false => Err(wrong("")),
        }
    }

    /// The bounds of a stored derived credential.
    pub(crate) fn derived(
        &self,
        principal: Principal,
        proven_at: Millis,
        root: Root,
    ) -> Result<CredentialBounds, IamError> {
        let now = self.0.clock.now();
        CredentialBounds::derived(&self.directory(), principal, proven_at, root, now).map_err(
            |why| {
                let message = format!("This login has ended: {why}");
                let refusal = Refusal::new(Reason::WrongRefreshToken, message);
                IamError::Refused(refusal.remedy(Remedy::LogInAgain))
            },
        )
    }

    /// The principal of a login, if it still exists.
    pub(crate) fn subject(&self, bounds: &CredentialBounds) -> Result<Subject, IamError> {
        let gone = || {
            let message = "The user of this login is gone";
            IamError::refused(Reason::WrongRefreshToken, message)
        };
        Subject::find(&self.directory(), bounds.principal()).ok_or_else(gone)
    }
}
