//! The grant by which users and service IDs take on a trusted profile: they show a token of theirs, and get one of the profile.
//!
//! It gives no session and no refresh token, and a refresh token that is shown stays as it is. What was shown bounds what is issued: the
//! token of the profile ends with it (with a refresh token: when an access token of its session would), with the session or API key
//! behind it, and when the one who has shown it may not take on the profile any more.

use super::access;
use super::session::login::Login;
use super::session::{owner, shown_refresh_token};
use super::wanted_profile::WantedProfile;
use crate::audit::{Action, Credential as AuditedCredential, Entry};
use crate::error::IamError;
use crate::model::bounds::CredentialBounds;
use crate::refusal::{Reason, Refusal, Remedy};
use crate::service::Iam;
use crate::state::login_turns::LoginOwner;
use crate::token::identity::{Credential, Identity};
use crate::token::issued::{ASSUME, Client, NO_CLIENT, Tokens};
use base::id::{AccountId, ProfileId};
use base::secret::Secret;
use base::source::Source;
use std::sync::Arc;

/// The credential of a principal that takes on a profile.
#[derive(Debug)]
pub enum AssumerProof {
    /// Their IAM token.
    AccessToken(Secret<String>),
    /// The refresh token of their session.
    RefreshToken(Secret<String>),
}

impl AssumerProof {
    /// Its field of the form.
    const fn field(&self) -> &'static str {
        match self {
            Self::AccessToken(_) => "access_token",
            Self::RefreshToken(_) => "refresh_token",
        }
    }

    /// The kind of credential in the audit.
    const fn audited(&self) -> AuditedCredential {
        match self {
            Self::AccessToken(_) => AuditedCredential::IamToken,
            Self::RefreshToken(_) => AuditedCredential::RefreshToken,
        }
    }
}

/// A request for a token of a trusted profile.
#[derive(Debug)]
pub struct ProfileLogin {
    /// The proof of the caller who takes on the profile.
    pub proof: AssumerProof,
    /// The profile.
    pub profile: WantedProfile,
    /// The account that it names, which can be that of the profile alone.
    pub account: Option<String>,
    /// The client, if it authenticated.
    pub client: Option<Client>,
    /// The source of the request.
    pub source: Source,
}

/// A principal that takes on a profile: the bounds and the account of its credential, and the beginning of the audit entry.
struct Assumer {
    bounds: CredentialBounds,
    account: AccountId,
    entry: Entry,
}

/// Whether another node may have just created the profile, or added the principal to its identities.
fn may_be_from_other_node(refusal: &IamError) -> bool {
    let reason = refusal.refusal().map(|refusal| &refusal.reason);
    reason == Some(&Reason::NotAuthorized)
}

impl Iam {
    /// An access token of a trusted profile for a token of a user or service ID.
    ///
    /// # Errors
    /// [`IamError::Refused`] with the token service's code.
    pub async fn profile_token(&self, login: ProfileLogin) -> Result<Tokens, IamError> {
        let (source, credential) = (login.source, login.proof.audited());
        let answer = match &login.proof {
            AssumerProof::AccessToken(token) => self.assume_by_access_token(&login, token).await,
            AssumerProof::RefreshToken(text) => {
                let text = text.clone();
                Box::pin(self.assume_by_refresh_token(login, text)).await
            }
        };
        self.note_refusal(credential, &answer);
        self.slow_guesses(source, answer)
    }

    async fn assume_by_access_token(
        &self,
        wanted: &ProfileLogin,
        token: &Secret<String>,
    ) -> Result<Tokens, IamError> {
        let holder = self.assumer(token).await?;
        let assumer = Assumer {
            bounds: *holder.bounds(),
            account: holder.account(),
            entry: Entry::by(&holder, Action::ProfileAssumed),
        };
        let (tokens, entry, profile) = match self.assumed(wanted, &assumer) {
            Err(refusal) if may_be_from_other_node(&refusal) => {
                let about = wanted.profile.asked_with(token.expose());
                let principal = assumer.bounds.principal().to_string();
                self.synced_about_wanted(&principal, &about).await?;
                self.assumed(wanted, &assumer)
            }
            assumed => assumed,
        }?;
        let owner = LoginOwner {
            account: assumer.account,
            holder: assumer.bounds.principal().into(),
        };
        self.enter_login(owner, entry).await?;
        self.note_taken_on(assumer.account, profile);
        Ok(tokens)
    }

    async fn assume_by_refresh_token(
        &self,
        wanted: ProfileLogin,
        text: Secret<String>,
    ) -> Result<Tokens, IamError> {
        if wanted.client != Some(Client::Bx) {
            let message = "The Authorization header with the client of `refresh_token` is missing";
            let refusal = Refusal::new(Reason::NoClient, message);
            return Err(refusal.remedy(Remedy::SendClient).into());
        }
        let wanted = Arc::new(wanted);
        let owner = owner::of_refresh_token(self, &text, Client::Bx.id()).await?;
        let principal = owner.holder.to_string();
        let answer = self.assume_in_turn(owner.clone(), &wanted, &text).await;
        if !answer.as_ref().err().is_some_and(may_be_from_other_node) {
            return answer;
        }
        // The token was not used up, so it can be shown again.
        let about = wanted.profile.asked_with(text.expose());
        match self.synced_about_wanted(&principal, &about).await? {
            true => self.assume_in_turn(owner, &wanted, &text).await,
            false => answer,
        }
    }

    /// Shows the refresh token, in a turn of the account of its session, as a renewal does.
    async fn assume_in_turn(
        &self,
        owner: LoginOwner,
        wanted: &Arc<ProfileLogin>,
        text: &Secret<String>,
    ) -> Result<Tokens, IamError> {
        let (iam, wanted, text) = (self.clone(), Arc::clone(wanted), text.clone());
        self.in_login_turn(owner, async move {
            let (tx, login) =
                shown_refresh_token::login_as_use(&iam, &text, Client::Bx.id()).await?;
            let bounds = *login.bounds();
            let credential = wanted.proof.audited();
            let entry = Entry::by_principal(bounds.principal(), credential, Action::ProfileAssumed);
            let assumer = Assumer {
                bounds,
                account: login.account(),
                entry: entry.with_some("by_key", bounds.root().key),
            };
            let (tokens, entry, profile) = iam.assumed(&wanted, &assumer)?;
            iam.commit_without_read_back(tx, entry).await?;
            iam.note_taken_on(assumer.account, profile);
            Ok(tokens)
        })
        .await
    }

    /// The holder of the token that is shown as `access_token`.
    pub(super) async fn assumer(&self, token: &Secret<String>) -> Result<Identity, IamError> {
        let found = self.holder_at_any_node(Credential::Iam(token.expose()));
        found.await.map_err(|error| match error {
            undecided if undecided.is_undecided() => undecided.into(),
            error => {
                let message = format!("`access_token`: {error}");
                IamError::refused(Reason::WrongToken, message)
            }
        })
    }

    /// The token, the entry without which it is not given, and the profile, which is of the account of what is shown.
    fn assumed(
        &self,
        wanted: &ProfileLogin,
        assumer: &Assumer,
    ) -> Result<(Tokens, Entry, ProfileId), IamError> {
        let (directory, presented) = (self.directory(), &assumer.bounds);
        // Whether there is such a profile is told only to whom it is for.
        let profile = wanted.profile.find(&directory, assumer.account);
        let found = profile.and_then(|profile| {
            let assumption = directory.assumption(profile.id, presented.principal())?;
            let bounds = presented.assume(&directory, profile.id).ok()?;
            Some((profile, assumption, bounds))
        });
        let (profile, assumption, bounds) = found.ok_or_else(|| {
            let message = format!(
                "The trusted profile does not exist in the account `{}` of `{}`, or is not for whom that proves",
                assumer.account,
                wanted.proof.field()
            );
            IamError::refused(Reason::NotAuthorized, message)
        })?;
        let bounds = match assumption.seconds {
            None => bounds,
            Some(seconds) => {
                let now = self.0.clock.now();
                bounds.until(now.plus(i64::from(seconds).saturating_mul(1000)))
            }
        };
        let asked = wanted.account.as_deref();
        let account = asked.map_or(Some(profile.account), |text| text.parse().ok());
        let login = Login::to(self, bounds, account, ASSUME.to_owned())?;
        let (subject, holder) = (self.subject(login.bounds())?, self.subject(presented)?);
        let client = wanted.client.map_or(NO_CLIENT, Client::id);
        let by = (access::authn_claim(&holder), assumption.by);
        let tokens = access::iam_token_of_profile(self, &subject, &login, client, by)?;
        let entry = (assumer.entry.clone())
            .in_account(profile.account)
            .on(profile.id)
            .with("name", &profile.name)
            .with("client", client);
        Ok((tokens, entry, profile.id))
    }
}
