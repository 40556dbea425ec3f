//! The grant by which an instance of the monitoring service acts in other domains of its account: whoever holds a key of the instance
//! shows the access token of the key's service ID, and gets one that stands for the instance by its cloud resource name.
//!
//! Authorizations decide whether there is such a token, and what it opens: nothing that the service ID has goes over to it. It gives no
//! session and no refresh token, and what was shown bounds it: it ends with that, with the API key behind it, with the service ID, with
//! the instance, and with the last authorization for the instance.

use super::access;
use super::session::login::Login;
use crate::audit::{Action, Credential as AuditedCredential, Entry};
use crate::error::IamError;
use crate::model::bounds::CredentialBounds;
use crate::model::directory::{Directory, Instance};
use crate::refusal::Reason;
use crate::repo::resource_keys;
use crate::service::Iam;
use crate::state::login_turns::LoginOwner;
use crate::token::identity::Identity;
use crate::token::issued::{Client, IAM_AUTHZ, NO_CLIENT, Tokens};
use base::id::ServiceId;
use base::principal::Principal;
use base::secret::Secret;
use base::source::Source;

/// A request for a token of an instance.
#[derive(Debug)]
pub struct InstanceLogin {
    /// The IAM token of the service ID that belongs to a key of the instance.
    pub token: Secret<String>,
    /// The instance's cloud resource name.
    pub crn: String,
    /// The client, if it authenticated.
    pub client: Option<Client>,
    /// The source of the request.
    pub source: Source,
}

/// A service ID that acts as an instance, with the bounds of its credential.
struct Actor {
    service: ServiceId,
    instance: Instance,
    bounds: CredentialBounds,
}

impl Actor {
    /// The service ID of the token that is shown, as the instance of this name, if an authorization lets the instance act. Whether the
    /// service ID is of a key of the instance is not known yet.
    fn find(directory: &Directory, holder: &Identity, crn: &str) -> Option<Self> {
        let presented = holder.bounds();
        let Principal::Service(service) = presented.principal() else {
            return None;
        };
        let instance = directory.instance(Instance::id_in_crn(crn)?)?;
        if instance.account != holder.account() || directory.crn_of(instance) != crn {
            return None;
        }
        Some(Self {
            service,
            instance: instance.clone(),
            bounds: presented.act_as(directory, instance.id).ok()?,
        })
    }
}

fn not_authorized() -> IamError {
    let message = "Nothing lets the holder of `access_token` act as `desired_iam_id`: it takes the token of the service ID \
                   of a key of that instance, and an authorization of the account for the instance";
    IamError::refused(Reason::NotAuthorized, message)
}

impl Iam {
    /// An access token that stands for an instance, for the access token of a service ID that belongs to a key of the instance.
    ///
    /// # Errors
    /// [`IamError::Refused`] with the token service's code; the same one whether there is such an instance or not.
    pub async fn instance_token(&self, login: InstanceLogin) -> Result<Tokens, IamError> {
        let source = login.source;
        let answer = self.act_as_instance(&login).await;
        self.note_refusal(AuditedCredential::IamToken, &answer);
        self.slow_guesses(source, answer)
    }

    async fn act_as_instance(&self, wanted: &InstanceLogin) -> Result<Tokens, IamError> {
        let holder = self.assumer(&wanted.token).await?;
        let mut actor = Actor::find(&self.directory(), &holder, &wanted.crn);
        // Another node may have made the authorization a moment ago, or the instance.
        if actor.is_none() {
            let about = [wanted.token.expose().as_str(), wanted.crn.as_str()];
            let principal = holder.bounds().principal().to_string();
            if self.synced_about_wanted(&principal, &about).await? {
                actor = Actor::find(&self.directory(), &holder, &wanted.crn);
            }
        }
        let actor = actor.ok_or_else(not_authorized)?;
        let (account, instance, service) =
            (actor.instance.account, actor.instance.id, actor.service);
        let login = Login::to(self, actor.bounds, Some(account), IAM_AUTHZ.to_owned())?;
        let (subject, by) = (
            self.subject(login.bounds())?,
            self.subject(holder.bounds())?,
        );
        let client = wanted.client.map_or(NO_CLIENT, Client::id);
        let authn = access::authn_claim(&by);
        let tokens = access::iam_token_of_instance(self, &subject, &login, client, authn)?;
        let entry = Entry::by(&holder, Action::InstanceActed)
            .in_account(account)
            .on(instance)
            .with("name", &actor.instance.name)
            .with("client", client);
        // The database is asked only where everything else lets it act.
        let iam = self.clone();
        let enter = async move {
            if !resource_keys::is_for(&iam.0.db, instance, service).await? {
                return Err(not_authorized());
            }
            iam.enter(entry).await
        };
        let owner = LoginOwner {
            account,
            holder: holder.principal().into(),
        };
        self.in_login_turn(owner, enter).await?;
        Ok(tokens)
    }
}
