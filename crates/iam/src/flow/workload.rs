//! The login of a workload without a key: the token of its compute resource, for an access token of a trusted profile that is for it.
//!
//! There is no session and no refresh token: the workload shows the token of its compute resource again. What it may take on is decided
//! anew each time, and what it got ends with the profile, and with the link or rule by which the profile was for it.

use super::access;
use super::session::login::Login;
use super::wanted_profile::WantedProfile;
use crate::account_turns::TurnHolder;
use crate::audit::{
    Action, Credential as AuditedCredential, Entry, NamedResource, RefusedWorkload, WorkloadRefusal,
};
use crate::entropy;
use crate::error::IamError;
use crate::model::bounds::CredentialBounds;
use crate::model::directory::{Directory, Profile, ProfileLink, Trust};
use crate::model::text::is_seen;
use crate::refusal::{Reason, Refusal, Remedy};
use crate::service::Iam;
use crate::state::login_turns::LoginOwner;
use crate::token::claims::AuthnClaim;
use crate::token::issued::{CR_TOKEN, Client, NO_CLIENT, Tokens};
use crate::token::jws::claimed_issuer;
use crate::token::subject::Subject;
use crate::workload::{ComputeResource, CrTokenError, LinkedResource, is_linked, is_ruled};
use base::scope::Domain;
use base::secret::Secret;
use base::source::Source;

/// How long a login of a compute resource is good at most, as the original has it, however long tokens of others live.
const LIFE_MILLISECONDS: i64 = 3_600_000;

/// A longer issuer is not repeated to the caller.
const SHOWN_ISSUER_BYTES_MAX: usize = 255;

/// What a token says of who has authenticated, of a compute resource.
const SUB_TYPE: &str = "ComputeResource";

/// A request of a workload.
#[derive(Debug)]
pub struct WorkloadLogin {
    /// The token of its compute resource.
    pub token: Secret<String>,
    /// The profile that it wants to take on.
    pub profile: WantedProfile,
    /// The account that it names, which can be that of the profile alone.
    pub account: Option<String>,
    /// The client, if it authenticated.
    pub client: Option<Client>,
    /// The source of the request.
    pub source: Source,
}

/// The link or rule that lets the resource take on the profile, if there is one.
fn trust(profile: &Profile, resource: &ComputeResource) -> Option<Trust> {
    let is_for_it = |link: &&ProfileLink| {
        let wanted = LinkedResource {
            cr_type: &link.cr_type,
            crn: link.crn.as_deref(),
            namespace: link.namespace.as_deref(),
            name: link.resource_name.as_deref(),
        };
        is_linked(resource, wanted)
    };
    let linked = profile.links.iter().find(is_for_it);
    let ruled = || {
        let mut rules = profile.compute_resource_rules();
        rules.find(|(cr_type, rule)| is_ruled(resource, cr_type, &rule.conditions))
    };
    let by_link = linked.map(|link| Trust::Link(link.id));
    by_link.or_else(|| ruled().map(|(_, rule)| Trust::Rule(rule.id, rule.revision)))
}

/// The answer, which tells the caller the issuer of their token: what the operator has named differs from it by a letter at times.
fn refused(error: &CrTokenError, token: &str) -> IamError {
    let reason = match error {
        CrTokenError::KeysAway | CrTokenError::KeysBeingRead => Reason::IssuerAway,
        _ => Reason::WrongToken,
    };
    let issuer = match error {
        CrTokenError::UnknownIssuer => claimed_issuer(token),
        _ => None,
    };
    let issuer = issuer.filter(|issuer| issuer.len() <= SHOWN_ISSUER_BYTES_MAX && is_seen(issuer));
    let issuer = issuer.map_or_else(String::new, |issuer| format!(" (`iss` is `{issuer}`)"));
    let message = format!("`cr_token` proves nobody here: {error}{issuer}");
    IamError::refused(reason, message)
}

impl Iam {
    /// An access token of a trusted profile for the token of a compute resource.
    ///
    /// # Errors
    /// [`IamError::Refused`] with the token service's code.
    pub async fn workload_token(&self, login: WorkloadLogin) -> Result<Tokens, IamError> {
        let source = login.source;
        let answer = self.log_in_workload(&login).await;
        self.slow_guesses(source, answer)
    }

    async fn log_in_workload(&self, wanted: &WorkloadLogin) -> Result<Tokens, IamError> {
        self.0.require_current()?;
        let workloads = self.0.workloads.load_full();
        let token = wanted.token.expose();
        let resource = match workloads.prove(token, self.0.clock.now()).await {
            Ok(resource) => resource,
            Err(error) => {
                if let Some(why) = WorkloadRefusal::of_token(&error) {
                    let workload = RefusedWorkload {
                        issuer: workloads.named_issuer(token),
                        ..RefusedWorkload::default()
                    };
                    self.note_refused_workload(why.name(), workload);
                }
                return Err(refused(&error, token));
            }
        };
        let answer = self.log_in_resource(&resource, wanted).await;
        if let Err(IamError::Refused(refusal)) = &answer
            && refusal.reason.is_entered()
        {
            self.note_refused_resource(&resource, wanted, refusal);
        }
        answer
    }

    /// Counts in the audit that a compute resource with a good token was refused.
    fn note_refused_resource(
        &self,
        resource: &ComputeResource,
        wanted: &WorkloadLogin,
        refusal: &Refusal,
    ) {
        let directory = self.directory();
        let profile = wanted.profile.find(&directory, resource.account);
        let why = match (&refusal.reason, profile) {
            (Reason::NotAuthorized, None) => WorkloadRefusal::UnknownProfile.name(),
            (Reason::NotAuthorized, Some(_)) => WorkloadRefusal::NotForWorkload.name(),
            (Reason::NotAMember, _) => WorkloadRefusal::WrongAccount.name(),
            _ => (self.0.config.refusal_word)(refusal),
        };
        let workload = RefusedWorkload {
            issuer: Some(resource.issuer().to_owned()),
            resource: Some(NamedResource::from(resource)),
            // Where a claim names the account, it may be one that is not there.
            account: directory.account_of(Domain::Account(resource.account)),
            profile: profile.map(|profile| profile.id),
        };
        self.note_refused_workload(why, workload);
    }

    async fn log_in_resource(
        &self,
        resource: &ComputeResource,
        wanted: &WorkloadLogin,
    ) -> Result<Tokens, IamError> {
        let now = self.0.clock.now();
        let trusted = |directory: &Directory| {
            let profile = wanted.profile.find(directory, resource.account)?;
            Some((profile.id, profile.account, trust(profile, resource)?))
        };
        let mut found = trusted(&self.directory());
        // Another node may have made the profile a moment ago, or what it trusts.
        if found.is_none() {
            let about = wanted.profile.asked_with(wanted.token.expose());
            if self.synced_about_wanted(&resource.iam_id(), &about).await? {
                found = trusted(&self.directory());
            }
        }
        // Whether there is such a profile is told only to whom it is for.
        let (profile, account, trust) = found.ok_or_else(|| {
            let message = format!(
                "The trusted profile does not exist in the account of the compute resource `{}`, or is not for it",
                resource.label()
            );
            IamError::refused(Reason::NotAuthorized, message)
        })?;
        let directory = self.directory();
        let end = now.plus(LIFE_MILLISECONDS).min(resource.expires_at);
        let bounds = CredentialBounds::of_workload(&directory, (profile, account), now, end);
        if let Some(asked) = wanted.account.as_deref()
            && asked.parse().ok() != Some(account)
        {
            let message =
                "`account` is not the account of the trusted profile, which is in one alone";
            let refusal = Refusal::new(Reason::NotAMember, message).field("account");
            return Err(IamError::Refused(refusal.remedy(Remedy::LeaveAccountOut)));
        }
        let login = Login::to(self, bounds, Some(account), CR_TOKEN.to_owned())?;
        let subject = Subject::find(&directory, profile.into())
            .ok_or(IamError::Internal("find the profile of a workload"))?;
        let client = wanted.client.map_or(NO_CLIENT, Client::id);
        let authn = AuthnClaim {
            sub: resource.label(),
            iam_id: resource.iam_id(),
            sub_type: Some(SUB_TYPE.to_owned()),
            name: resource.label(),
            given_name: None,
            family_name: None,
            email: None,
        };
        let tokens = access::iam_token_of_profile(self, &subject, &login, client, (authn, trust))?;
        let entry = Entry::by_principal(profile, AuditedCredential::CrToken, Action::SignedIn)
            .in_account(account)
            .with("client", client)
            .with("compute_resource", resource.label())
            .with("cr_type", resource.cr_type)
            .with("by", trust)
            .with("issuer", resource.issuer());
        // Each shows a token of its own: whoever has got hold of one keeps no other resource of the profile from logging in.
        let owner = LoginOwner {
            account,
            holder: TurnHolder::Workload {
                resource: resource.label(),
                token: entropy::sha256(wanted.token.expose().as_bytes()),
            },
        };
        self.enter_login(owner, entry).await?;
        self.note_taken_on(account, profile);
        Ok(tokens)
    }
}
