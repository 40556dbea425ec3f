//! `/v1/profiles/ID/identities`: the users and service IDs that may take on a trusted profile because it names them.

use super::entity_tag::tagged;
use super::iam_id;
use super::reply::{json, non_empty};
use super::trusted_profile::id;
use crate::app::App;
use crate::failure::refused::{check_count, check_length};
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::params::{Params, body, names_nothing};
use crate::request::payload::Payload;
use crate::request::versioned_body::VersionedBody;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::id::{AccountId, ServiceId, UserId};
use base::limit;
use base::principal::Principal;
use http::StatusCode;
use iam::Identity;
use iam::directory::{Profile, ProfileIdentity};
use iam::manage::profile_identity::{NewProfileIdentity, profile_identities_tag};
use std::sync::Arc;
use wire::iam::profile_identity::{
    ProfileIdentities, ProfileIdentity as WireProfileIdentity, ProfileIdentityRequest,
    SetProfileIdentities,
};

/// The sorts of identities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    User,
    Service,
}

impl Sort {
    const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Service => "serviceid",
        }
    }

    fn read(text: &str) -> Result<Self, Refusal> {
        check_length("type", text, &limit::WORD_BYTES)?;
        match text {
            "user" => Ok(Self::User),
            "serviceid" => Ok(Self::Service),
            "crn" => {
                let message = "`type`: nothing acts under a CRN here: let a user or a service ID take on the profile";
                Err(invalid("type", message.to_owned()))
            }
            other => {
                let message = format!("`type` is `user` or `serviceid`, not `{other}`");
                Err(invalid("type", message))
            }
        }
    }

    /// The principal of this sort with this identifier: an IAM id, of service IDs also without `iam-`.
    fn principal(self, identifier: &str) -> Option<Principal> {
        match self {
            Self::User => identifier.parse::<UserId>().ok().map(Principal::from),
            Self::Service => {
                let id = ServiceId::from_either(identifier);
                id.ok().map(Principal::from)
            }
        }
    }
}

fn to_wire(account: AccountId, identity: &ProfileIdentity) -> WireProfileIdentity {
    let iam_id = iam_id::of(identity.principal);
    let (sort, identifier, accounts) = match identity.principal {
        Principal::Service(id) => (Sort::Service, id.object_id(), Vec::new()),
        Principal::User(_) | Principal::Profile(_) | Principal::Instance(_) | Principal::Server => {
            (Sort::User, iam_id.clone(), vec![account.to_string()])
        }
    };
    WireProfileIdentity {
        iam_id,
        identifier,
        kind: sort.name().to_owned(),
        accounts,
        description: non_empty(&identity.description),
    }
}

fn all(profile: &Profile) -> ProfileIdentities {
    let identities = profile.identities.iter();
    ProfileIdentities {
        entity_tag: profile_identities_tag(profile),
        identities: identities
            .map(|identity| to_wire(profile.account, identity))
            .collect(),
    }
}

/// The identity that a body names, in a profile of this account.
fn requested(
    account: AccountId,
    wanted: ProfileIdentityRequest,
) -> Result<NewProfileIdentity, Refusal> {
    let sort = Sort::read(&wanted.kind)?;
    check_length("identifier", &wanted.identifier, &limit::WORD_BYTES)?;
    let principal = sort.principal(&wanted.identifier).ok_or_else(|| {
        let message = format!("`identifier`: `{}` is no such id", wanted.identifier);
        invalid("identifier", message)
    })?;
    let right = iam_id::of(principal);
    if wanted
        .iam_id
        .as_ref()
        .is_some_and(|stated| *stated != right)
    {
        let message = format!("`iam_id` of `{}` is `{right}`", wanted.identifier);
        return Err(invalid("iam_id", message));
    }
    let own_account = account.to_string();
    let is_other = |accounts: &[String]| match sort {
        Sort::User => accounts.iter().any(|account| *account != own_account),
        Sort::Service => !accounts.is_empty(),
    };
    if wanted.accounts.as_deref().is_some_and(is_other) {
        let message = match sort {
            Sort::User => format!(
                "`accounts`: users take on a profile in its own account alone, which is `{own_account}`"
            ),
            Sort::Service => {
                "`accounts`: a service ID is in one account, which its id names: leave `accounts` out for service IDs".to_owned()
            }
        };
        return Err(invalid("accounts", message));
    }
    Ok(NewProfileIdentity {
        principal,
        description: wanted.description.unwrap_or_default(),
    })
}

/// The identity that a path names; who has accepted an invitation is also meant by its id.
async fn named(app: &App, caller: &Identity, params: &Params) -> Result<Principal, Refusal> {
    let (sort, identifier) = (Sort::read(params.text("kind"))?, params.text("identifier"));
    let found = sort.principal(identifier);
    let found = found.ok_or_else(|| names_nothing(identifier))?;
    Ok(app.iam.principal_named(caller, found).await?)
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let profile = app.iam.managed_profile(&caller, id(&params)?).await?;
    let tag = profile_identities_tag(&profile);
    tagged(StatusCode::OK, &all(&profile), &tag)
}

pub(super) async fn set(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    sent: VersionedBody,
) -> Result<Response, Refusal> {
    let profile = app.iam.managed_profile(&caller, id(&params)?).await?;
    let (tag, wanted): (&str, SetProfileIdentities) = sent.read()?;
    let limit = &limit::IDENTITIES_PER_PROFILE;
    check_count("identities", wanted.identities.len(), limit)?;
    let wanted = wanted.identities.into_iter();
    let wanted = wanted.map(|one| requested(profile.account, one));
    let mut wanted = wanted.collect::<Result<Vec<NewProfileIdentity>, Refusal>>()?;
    let named = wanted.iter_mut().map(|one| &mut one.principal).collect();
    app.iam.find_named(&caller, named).await?;
    let changed = app
        .iam
        .set_profile_identities(&caller, profile.id, tag, &wanted)
        .await?;
    let tag = profile_identities_tag(&changed);
    tagged(StatusCode::OK, &all(&changed), &tag)
}

pub(super) async fn add(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let profile = app.iam.managed_profile(&caller, id(&params)?).await?;
    let sort = Sort::read(params.text("kind"))?;
    let wanted: ProfileIdentityRequest = body(&bytes)?;
    if Sort::read(&wanted.kind)? != sort {
        let message = format!("`type` is `{}`, as in the path", sort.name());
        return Err(invalid("type", message));
    }
    let mut new = requested(profile.account, wanted)?;
    new.principal = app.iam.principal_named(&caller, new.principal).await?;
    let added = app
        .iam
        .add_profile_identity(&caller, profile.id, &new)
        .await?;
    json(StatusCode::OK, &to_wire(profile.account, &added))
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let profile = app.iam.managed_profile(&caller, id(&params)?).await?;
    let principal = named(&app, &caller, &params).await?;
    let identity = app
        .iam
        .profile_identity(&caller, profile.id, principal)
        .await?;
    json(StatusCode::OK, &to_wire(profile.account, &identity))
}

pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let profile = app.iam.managed_profile(&caller, id(&params)?).await?;
    let principal = named(&app, &caller, &params).await?;
    app.iam
        .remove_profile_identity(&caller, profile.id, principal)
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
