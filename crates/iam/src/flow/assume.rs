//! The grant by which users and service IDs take on a trusted profile: they show their access token, and get one of the profile.
//!
//! It gives no session and no refresh token. What was shown bounds what is issued: the token of the profile ends with it, with the
//! session or API key behind it, and when the one who has shown it may not take on the profile any more.

use super::access;
use super::refresh::Login;
use super::wanted_profile::WantedProfile;
use crate::audit::{Action, Credential as AuditedCredential, Entry};
use crate::error::{AuthError, IamError};
use crate::model::directory::Assumption;
use crate::refusal::Reason;
use crate::service::Iam;
use crate::token::identity::{Credential, Identity};
use crate::token::issued::{ASSUME, Client, NO_CLIENT, Tokens};
use base::id::ProfileId;
use base::secret::Secret;
use base::source::Source;

/// A request for a token of a trusted profile.
#[derive(Debug)]
pub struct ProfileLogin {
    /// The IAM token of the caller who takes on the profile.
    pub token: Secret<String>,
    /// The profile.
    pub profile: WantedProfile,
    /// The account that it names, which can be that of the profile alone.
    pub account: Option<String>,
    /// The client, if it authenticated.
    pub client: Option<Client>,
    /// The source of the request.
    pub source: Source,
}

impl Iam {
    /// An access token of a trusted profile for the access token of a user or service ID.
    ///
    /// # Errors
    /// [`IamError::Refused`] with the token service's code.
    pub async fn profile_token(&self, login: ProfileLogin) -> Result<Tokens, IamError> {
        let source = login.source;
        let answer = self.assume_profile(&login).await;
        self.note_refusal(AuditedCredential::IamToken, &answer);
        self.slow_guesses(source, answer)
    }

    async fn assume_profile(&self, wanted: &ProfileLogin) -> Result<Tokens, IamError> {
        let holder = self.assumer(&wanted.token).await?;
        let (tokens, entry, profile) = match self.assumed(wanted, &holder) {
            // Another node may have made the profile a moment ago, or named who takes it on.
            Err(IamError::Refused(refusal)) if refusal.reason == Reason::NotAuthorized => {
                self.asked_about(wanted.token.expose()).await;
                self.assumed(wanted, &holder)
            }
            assumed => assumed,
        }?;
        self.enter_login(holder.account(), entry).await?;
        self.note_taken_on(holder.account(), profile);
        Ok(tokens)
    }

    /// The holder of the token that is shown as `access_token`.
    pub(super) async fn assumer(&self, token: &Secret<String>) -> Result<Identity, IamError> {
        let found = self.holder_at_any_node(Credential::Iam(token.expose()));
        found.await.map_err(|error| match error {
            AuthError::Stale { .. } | AuthError::Behind => error.into(),
            error => {
                let message = format!("Property validation failed: `access_token`: {error}");
                IamError::refused(Reason::WrongToken, message)
            }
        })
    }

    /// The token, the entry without which it is not given, and the profile, which is of the account of the token that is shown.
    fn assumed(
        &self,
        wanted: &ProfileLogin,
        holder: &Identity,
    ) -> Result<(Tokens, Entry, ProfileId), IamError> {
        let (directory, presented) = (self.directory(), holder.bounds());
        // Whether there is such a profile is told only to whom it is for.
        let profile = wanted.profile.find(&directory, holder.account());
        let found = profile.and_then(|profile| {
            let by = directory.assumption(profile.id, presented.principal())?;
            let bounds = presented.assume(&directory, profile.id).ok()?;
            Some((profile, by, bounds))
        });
        let (profile, by, bounds) = found.ok_or_else(|| {
            let message = format!(
                "The trusted profile does not exist in the account `{}` of `access_token`, or is not for whom that proves",
                holder.account()
            );
            IamError::refused(Reason::NotAuthorized, message)
        })?;
        let bounds = match by {
            Assumption::Named => bounds,
            Assumption::Ruled { seconds } => {
                let now = self.0.clock.now();
                bounds.until(now.plus(i64::from(seconds).saturating_mul(1000)))
            }
        };
        let asked = wanted.account.as_deref();
        let account = asked.map_or(Some(profile.account), |text| text.parse().ok());
        let login = Login::to(self, bounds, account, ASSUME.to_owned())?;
        let (subject, assumer) = (self.subject(login.bounds())?, self.subject(presented)?);
        let client = wanted.client.map_or(NO_CLIENT, Client::id);
        let authn = access::authn_claim(&assumer);
        let tokens = access::iam_token_by(self, &subject, &login, client, authn)?;
        let entry = Entry::by(holder, Action::ProfileAssumed)
            .in_account(profile.account)
            .on(profile.id)
            .with("name", &profile.name)
            .with("client", client);
        Ok((tokens, entry, profile.id))
    }
}
