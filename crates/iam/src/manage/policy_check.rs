//! Checks within the transaction that stores an access policy: its subject, its roles and the objects in its attributes exist, there is
//! room for it, and no other policy in force is equal.

use super::custom_role::check_role_exists;
use crate::error::IamError;
use crate::model::directory::policy_target::{AttributeKey, PolicyTarget, missing};
use crate::model::directory::{
    AuthorizationSource, NamedRole, Policy, PolicyRole, PolicySubject, ResourceGroup,
};
use crate::model::room::over;
use crate::refusal::{Reason, Refusal};
use crate::repo::{
    access_groups, domains, invitations, members, policies, public_access, resource_groups,
    resource_instances,
};
use base::id::{AccessGroupId, AccountId, CustomRoleId, PolicyId};
use base::limit;
use base::principal::Principal;
use db::Tx;
use std::collections::BTreeSet;

/// Finds the subject of a policy within the transaction that stores it. A user is also found by the id of their invitation,
/// before they accept it and after.
pub(super) async fn found_subject(
    tx: &mut Tx,
    account: AccountId,
    subject: PolicySubject,
) -> Result<PolicySubject, IamError> {
    let is_there = match subject {
        PolicySubject::Principal(principal) => {
            if members::is_still_member(tx, account, principal).await? {
                return Ok(subject);
            }
            let Principal::User(id) = principal else {
                return Err(nobody());
            };
            let named = members::named(tx, account, id).await?;
            if named != id && members::is_still_member(tx, account, named).await? {
                return Ok(PolicySubject::Principal(named.into()));
            }
            if invitations::is_there(tx, account, id.0).await? {
                return Ok(PolicySubject::Invited(id));
            }
            false
        }
        PolicySubject::Group(group) => match group == AccessGroupId::public(account) {
            true => public_access::is_enabled(tx, account).await?,
            false => access_groups::is_there(tx, account, group).await?,
        },
        PolicySubject::Invited(id) => invitations::is_there(tx, account, id.0).await?,
        PolicySubject::Source(source) => {
            return match is_source_there(tx, account, source).await? {
                true => Ok(subject),
                false => Err(source.missing().into()),
            };
        }
    };
    match is_there {
        true => Ok(subject),
        false => Err(nobody()),
    }
}

async fn is_source_there(
    tx: &mut Tx,
    account: AccountId,
    source: AuthorizationSource,
) -> Result<bool, IamError> {
    match source {
        AuthorizationSource::All => Ok(true),
        AuthorizationSource::Instance(id) => resource_instances::is_there(tx, account, id).await,
        AuthorizationSource::Group(group) if group == ResourceGroup::default_of(account) => {
            Ok(true)
        }
        AuthorizationSource::Group(group) => resource_groups::is_there(tx, account, group).await,
    }
}

/// Checks that an authorization gives roles of the service alone, and those that the account has made of its actions.
pub(super) fn check_roles_for(subject: PolicySubject, roles: &[PolicyRole]) -> Result<(), Refusal> {
    let is_of_platform = |role: &&PolicyRole| match role {
        PolicyRole::Named(role) => NamedRole::PLATFORM.contains(role),
        PolicyRole::Custom(_) => false,
    };
    match roles.iter().find(is_of_platform) {
        Some(role) if subject.is_source() => {
            let service = NamedRole::SERVICE.map(|role| format!("`{}`", role.name()));
            let message = format!(
                "`roles`: an authorization gives roles of the service, {}, or the account's own, and not `{role}` of the platform",
                service.join(", ")
            );
            Err(Refusal::invalid("roles", message))
        }
        _ => Ok(()),
    }
}

/// Refuses to make an authorization of an access policy, and the other way round: whoever reads one again finds what it was.
pub(super) fn check_same_type(old: PolicySubject, new: PolicySubject) -> Result<(), Refusal> {
    match old.is_source() == new.is_source() {
        true => Ok(()),
        false => {
            let message = "`type` cannot be changed: delete the policy, and make another one";
            Err(Refusal::invalid("type", message))
        }
    }
}

fn nobody() -> IamError {
    let message = "the subject is nobody in this account: it takes the `iam_id` of a user, service ID or trusted profile, or an \
                   `access_group_id`";
    IamError::invalid("subjects", message)
}

/// Checks, within the transaction that stores it, that what a policy gives is there, that there is room for it, and that no other in
/// force says the same. It may replace an `old` one: what unchanged attributes name may have been deleted since. The account is locked.
pub(super) async fn check_storable(
    tx: &mut Tx,
    policy: &Policy,
    old: Option<&Policy>,
) -> Result<(), IamError> {
    let account = policy.account;
    check_roles_exist(tx, account, policy.roles.iter()).await?;
    if old.is_none_or(|old| old.attributes != policy.attributes) {
        check_named(tx, account, &policy.target).await?;
    }
    check_room(tx, (account, policy.subject), Some(policy.id), 1).await?;
    let all = policies::of_subject(tx, account, policy.subject).await?;
    let mut others = all.iter().filter(|other| other.id != policy.id);
    match others.find(|other| policy.repeats(other)) {
        None => Ok(()),
        Some(other) => Err(already_exists(other.id)),
    }
}

fn already_exists(id: PolicyId) -> IamError {
    let message = format!(
        "the access policy `{id}` gives the subject the same roles in the same place already"
    );
    IamError::refused(Reason::SamePolicy, message)
}

/// Checks, within the transaction that stores a policy, that what its attributes name was not deleted a moment ago. That it is of the
/// account is known. The account is locked.
pub(super) async fn check_named(
    tx: &mut Tx,
    account: AccountId,
    target: &PolicyTarget,
) -> Result<(), IamError> {
    for (key, domain) in target.named_domains() {
        if !domains::is_in_use(tx, domain).await? {
            return Err(missing(key).into());
        }
    }
    if let Some(group) = target.named_group()
        && group != ResourceGroup::default_of(account)
        && !resource_groups::is_there(tx, account, group).await?
    {
        return Err(missing(AttributeKey::ResourceGroup).into());
    }
    Ok(())
}

/// Checks that each of the account's own roles is there, once.
pub(super) async fn check_roles_exist(
    tx: &mut Tx,
    account: AccountId,
    roles: impl Iterator<Item = &PolicyRole>,
) -> Result<(), IamError> {
    let custom: BTreeSet<CustomRoleId> = roles
        .filter_map(|role| match role {
            PolicyRole::Custom(id) => Some(*id),
            PolicyRole::Named(_) => None,
        })
        .collect();
    for id in custom {
        check_role_exists(tx, account, id).await?;
    }
    Ok(())
}

/// Checks that a subject may have so many more policies than it has, apart from the one that is changed. The account is locked.
pub(super) async fn check_room(
    tx: &mut Tx,
    (account, subject): (AccountId, PolicySubject),
    apart_from: Option<PolicyId>,
    more: u64,
) -> Result<(), IamError> {
    let limit = &limit::POLICIES_PER_SUBJECT;
    let held = policies::count_of(tx, account, subject, apart_from).await?;
    let wanted = held.saturating_add(more);
    match wanted <= limit.default {
        true => Ok(()),
        false => Err(over("the subject would have", wanted, limit, limit.default).into()),
    }
}
