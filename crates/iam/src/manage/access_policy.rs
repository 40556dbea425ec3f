//! Access policies, by which an Administrator gives roles to a principal or an access group, in the domains that have certain
//! attributes. Principals see the policies that are for them, or for an access group that they are in. A policy for instances of the
//! monitoring service is an authorization, which Administrators alone see.

use super::administrator::not_administrator;
use super::of_version::OfVersion;
use super::policy_check::{
    check_named, check_roles_exist, check_roles_for, check_room, check_same_type, check_storable,
    found_subject,
};
use super::policy_condition::ConditionTerms;
use super::revised::Revised;
use crate::audit::{Action, Entry};
use crate::entropy;
use crate::error::IamError;
use crate::model::directory::policy_target::PolicyTarget;
use crate::model::directory::{Attribute, Directory, Policy, PolicyRole, PolicySubject};
use crate::model::entity_tag;
use crate::model::page::ListPart;
use crate::model::room::check_count;
use crate::model::text;
use crate::policy::is_administrator;
use crate::refusal::Refusal;
use crate::repo::counts::CountedItem;
use crate::repo::policies;
use crate::repo::revisions::Versioned;
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::{AccountId, PolicyId, UserId};
use base::limit;
use db::Tx;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// The subject, roles and resource of a policy.
#[derive(Debug, Clone)]
pub struct PolicyGrant {
    /// Its description.
    pub description: String,
    /// The roles.
    pub roles: Vec<PolicyRole>,
    /// The attributes of the resource.
    pub attributes: Vec<Attribute>,
}

/// The fields of a policy that can be set.
#[derive(Debug, Clone)]
pub struct PolicyTerms {
    /// The subject.
    pub subject: PolicySubject,
    /// The roles it gives.
    pub grant: PolicyGrant,
    /// When it is in force.
    pub condition: ConditionTerms,
}

/// A grant, with the meaning of its attributes.
#[derive(Debug)]
pub(super) struct CheckedGrant {
    grant: PolicyGrant,
    target: PolicyTarget,
}

/// The version of a policy, for `If-Match`.
#[must_use]
pub fn policy_tag(policy: &Policy) -> String {
    entity_tag::of(policy.revision, policy.id.0)
}

impl Revised for Policy {
    const CHANGED: &'static str =
        "the access policy has changed since its entity tag was read: read it again";

    fn tag(&self) -> String {
        policy_tag(self)
    }

    fn is_like(&self, other: &Self) -> bool {
        let of_its_version = Self {
            revision: self.revision,
            modified: self.modified,
            ..other.clone()
        };
        of_its_version == *self
    }
}

impl Iam {
    /// The policies of the credential's account that are wanted, and are for all of these subjects. Sorted by `order`, then by
    /// their age.
    ///
    /// # Errors
    /// Without Administrator of the account, unless a subject is the caller or an access group that the caller is in.
    pub fn policies<P: ListPart<Policy>>(
        &self,
        caller: &Identity,
        subjects: &[PolicySubject],
        is_wanted: impl Fn(&Policy) -> bool,
        order: impl Fn(&Policy, &Policy) -> Ordering,
        part: P,
    ) -> Result<P::Page, IamError> {
        let directory = self.directory();
        let mut named = subjects.iter();
        let is_own = named.any(|subject| is_own(&directory, caller, *subject));
        if !is_own && !is_administrator(&directory, caller, caller.account()) {
            return Err(not_administrator("listing the access policies of others"));
        }
        let account = caller.account();
        let all: Vec<&Policy> = match subjects {
            [] => directory.policies_of(account).collect(),
            [first, ..] => directory.policies_for(*first, account).collect(),
        };
        let is_shown = |policy: &&Policy| {
            let mut named = subjects.iter();
            named.all(|subject| is_for(policy, *subject)) && is_wanted(policy)
        };
        let all: Vec<&Policy> = all.into_iter().filter(is_shown).collect();
        Ok(part.cut(all, |a, b| {
            let by_age = || (a.created.at, a.id).cmp(&(b.created.at, b.id));
            order(a, b).then_with(by_age)
        }))
    }

    /// One policy.
    ///
    /// # Errors
    /// When it is neither for the caller nor for an access group that the caller is in, and the caller is no Administrator of its
    /// account.
    pub async fn policy(&self, caller: &Identity, id: PolicyId) -> Result<Policy, IamError> {
        self.found_at_any_node(|| self.known_policy(caller, id))
            .await
    }

    fn known_policy(&self, caller: &Identity, id: PolicyId) -> Result<Policy, IamError> {
        let directory = self.directory();
        let is_seen = |policy: &&Policy| {
            policy.account == caller.account()
                && (is_own(&directory, caller, policy.subject)
                    || is_administrator(&directory, caller, policy.account))
        };
        let found = directory.policy(id).filter(is_seen).cloned();
        found.ok_or_else(no_policy)
    }

    /// Whether the caller may make and change policies in the credential's account.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn may_manage_policies(&self, caller: &Identity) -> Result<(), IamError> {
        self.administer(caller, caller.account(), "managing access policies")
    }

    /// Makes a policy in the credential's account, which has effect from the moment this returns.
    ///
    /// # Errors
    /// Without Administrator of the account; when a part of it is not valid or not enforced; when another in force says the same; over
    /// a limit.
    pub async fn create_policy(
        &self,
        caller: &Identity,
        terms: PolicyTerms,
    ) -> Result<Policy, IamError> {
        self.may_manage_policies(caller)?;
        let (account, subject) = (caller.account(), terms.subject);
        check_roles_for(subject, &terms.grant.roles)?;
        let given = self.check_grant(account, terms.grant).await?;
        let condition = self.new_condition(terms.condition)?;
        let mut tx = self.lock_policies(caller).await?;
        let limit = &limit::POLICIES_PER_ACCOUNT;
        self.check_room(&mut tx, account, limit, CountedItem::Policies)
            .await?;
        let subject = found_subject(&mut tx, account, subject).await?;
        let policy = Policy {
            condition,
            ..self.new_policy(caller, account, subject, &given)
        };
        check_storable(&mut tx, &policy, None).await?;
        policies::insert(&mut tx, &policy).await?;
        self.commit(tx, about(caller, Action::PolicyMade, &policy))
            .await?;
        Ok(policy)
    }

    fn new_policy(
        &self,
        caller: &Identity,
        account: AccountId,
        subject: PolicySubject,
        given: &CheckedGrant,
    ) -> Policy {
        let by_caller = self.stamp(caller);
        let grant = given.grant.clone();
        Policy {
            id: PolicyId(entropy::guid()),
            account,
            subject,
            description: grant.description,
            roles: grant.roles,
            attributes: grant.attributes,
            target: given.target.clone(),
            condition: None,
            active: true,
            revision: 1,
            created: by_caller,
            modified: by_caller,
        }
    }

    /// Makes a policy for somebody who is in the account. The account is locked, and the caller administers it.
    pub(super) async fn give(
        &self,
        tx: &mut Tx,
        (caller, account): (&Identity, AccountId),
        subject: PolicySubject,
        given: &CheckedGrant,
    ) -> Result<Entry, IamError> {
        let policy = self.new_policy(caller, account, subject, given);
        check_storable(tx, &policy, None).await?;
        policies::insert(tx, &policy).await?;
        Ok(about(caller, Action::PolicyMade, &policy))
    }

    /// Makes the policies that an invitation gives: they begin with its acceptance. The account is locked, the caller administers
    /// it, and what they give is there ([`check_grants_exist`]).
    pub(super) async fn give_invited(
        &self,
        tx: &mut Tx,
        (caller, account): (&Identity, AccountId),
        invited: UserId,
        given: &[CheckedGrant],
    ) -> Result<Vec<Entry>, IamError> {
        let subject = PolicySubject::Invited(invited);
        let mut entries = Vec::with_capacity(given.len());
        if given.is_empty() {
            return Ok(entries);
        }
        let mut held = policies::of_subject(tx, account, subject).await?;
        let mut new = Vec::with_capacity(given.len());
        for one in given {
            let policy = self.new_policy(caller, account, subject, one);
            // Who is invited again has what the first invitation gives.
            if !held.iter().any(|other| policy.repeats(other)) {
                held.push(policy.clone());
                new.push(policy);
            }
        }
        check_room(tx, (account, subject), None, new.len() as u64).await?;
        for policy in new {
            policies::insert(tx, &policy).await?;
            entries.push(about(caller, Action::PolicyMade, &policy));
        }
        Ok(entries)
    }

    /// Replaces the terms of a policy. `if_match` has its entity tag, or is `*`.
    ///
    /// # Errors
    /// As [`Self::create_policy`]; when it has changed since the tag was read.
    pub async fn replace_policy(
        &self,
        caller: &Identity,
        id: PolicyId,
        if_match: &str,
        terms: PolicyTerms,
    ) -> Result<Policy, IamError> {
        self.change_version(
            if_match,
            || self.changeable_policy(caller, id),
            |old| self.change_terms(caller, old, terms.clone()),
        )
        .await
    }

    /// Puts a policy in force, or out of force. `if_match` has its entity tag, or is `*`.
    ///
    /// # Errors
    /// Without Administrator of the account; when it has changed since the tag was read; when another in force says the same.
    pub async fn switch_policy(
        &self,
        caller: &Identity,
        id: PolicyId,
        if_match: &str,
        active: bool,
    ) -> Result<Policy, IamError> {
        self.change_version(
            if_match,
            || self.changeable_policy(caller, id),
            |old| {
                let new = Policy {
                    active,
                    ..old.clone()
                };
                self.change_policy(caller, old, new)
            },
        )
        .await
    }

    async fn change_terms(
        &self,
        caller: &Identity,
        old: Policy,
        terms: PolicyTerms,
    ) -> Result<Option<Policy>, IamError> {
        check_same_type(old.subject, terms.subject)?;
        check_roles_for(terms.subject, &terms.grant.roles)?;
        let CheckedGrant { grant, target } = self.check_replacement(&old, terms.grant).await?;
        let condition = self.replaced_condition(&old, terms.condition)?;
        let new = Policy {
            subject: terms.subject,
            description: grant.description,
            roles: grant.roles,
            attributes: grant.attributes,
            target,
            condition,
            ..old.clone()
        };
        self.change_policy(caller, old, new).await
    }

    /// Deletes a policy: what it gave is gone when this returns.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub async fn delete_policy(
        &self,
        caller: &Identity,
        id: impl Into<OfVersion<PolicyId>>,
    ) -> Result<(), IamError> {
        let OfVersion { id, version } = id.into();
        let policy = self.changeable_policy(caller, id).await?;
        let mut tx = self.lock_policies(caller).await?;
        version
            .check_stored(&mut tx, (Versioned::Policy, id.0))
            .await?;
        if !policies::delete(&mut tx, id).await? {
            return Err(no_policy());
        }
        self.commit(tx, about(caller, Action::PolicyDeleted, &policy))
            .await
    }

    /// One policy that the caller may change.
    async fn changeable_policy(&self, caller: &Identity, id: PolicyId) -> Result<Policy, IamError> {
        let policy = self.policy(caller, id).await?;
        self.may_manage_policies(caller)?;
        Ok(policy)
    }

    async fn change_policy(
        &self,
        caller: &Identity,
        old: Policy,
        new: Policy,
    ) -> Result<Option<Policy>, IamError> {
        let new = Policy {
            revision: old.revision.saturating_add(1),
            modified: self.stamp(caller),
            ..new
        };
        let mut tx = self.lock_policies(caller).await?;
        let subject = found_subject(&mut tx, new.account, new.subject).await?;
        let new = Policy { subject, ..new };
        check_storable(&mut tx, &new, Some(&old)).await?;
        let is_stored = policies::change(&mut tx, &new, old.revision).await?;
        let entry = about(caller, Action::PolicyChanged, &new);
        self.commit_version(tx, is_stored, (old, new), entry).await
    }

    /// Begins a change of the policies of the credential's account: it is locked, and the caller may still make it.
    async fn lock_policies(&self, caller: &Identity) -> Result<Tx, IamError> {
        self.begin_administered(caller, caller.account(), "managing access policies")
            .await
    }

    /// The meaning of a grant, if all of it can be enforced.
    pub(super) async fn check_grant(
        &self,
        account: AccountId,
        grant: PolicyGrant,
    ) -> Result<CheckedGrant, IamError> {
        let grant = checked_terms(grant)?;
        let target = PolicyTarget::of(account, &grant.attributes)?;
        let check = || {
            let checked = target.check_named(&self.directory(), account);
            checked.map_err(IamError::from)
        };
        self.found_at_any_node(check).await?;
        Ok(CheckedGrant { grant, target })
    }

    /// As [`Self::check_grant`], of a policy that is there: what unchanged attributes name may have been deleted since.
    async fn check_replacement(
        &self,
        old: &Policy,
        grant: PolicyGrant,
    ) -> Result<CheckedGrant, IamError> {
        if grant.attributes != old.attributes {
            return self.check_grant(old.account, grant).await;
        }
        let grant = checked_terms(grant)?;
        let target = old.target.clone();
        Ok(CheckedGrant { grant, target })
    }
}

/// Checks the description and the roles of a grant; each role is kept once, where it was named first.
fn checked_terms(mut grant: PolicyGrant) -> Result<PolicyGrant, Refusal> {
    text::check_description(&grant.description)?;
    if grant.roles.is_empty() {
        return Err(Refusal::invalid("roles", "`roles` needs one role at least"));
    }
    check_count("roles", grant.roles.len(), &limit::ROLES_PER_POLICY)?;
    let mut named = BTreeSet::new();
    grant.roles.retain(|role| named.insert(*role));
    Ok(grant)
}

/// Whether what is for the subject is for the caller. The policies of an account that are for a group of another are none.
fn is_own(directory: &Directory, caller: &Identity, subject: PolicySubject) -> bool {
    match subject {
        PolicySubject::Principal(principal) => principal == caller.principal(),
        PolicySubject::Group(group) => directory.is_in_group_by_proof(caller.proven(), group),
        PolicySubject::Invited(_) | PolicySubject::Source(_) => false,
    }
}

/// Whether the policy is for this subject. A person is also meant by the id of their invitation.
fn is_for(policy: &Policy, subject: PolicySubject) -> bool {
    match (policy.subject, subject) {
        (PolicySubject::Invited(id), PolicySubject::Principal(named)) => named.user() == Some(id),
        (named, subject) => named == subject,
    }
}

/// Checks, within the transaction that stores them, that what policies give is there. The account is locked.
pub(super) async fn check_grants_exist(
    tx: &mut Tx,
    account: AccountId,
    given: &[CheckedGrant],
) -> Result<(), IamError> {
    let roles = given.iter().flat_map(|one| one.grant.roles.iter());
    check_roles_exist(tx, account, roles).await?;
    for one in given {
        check_named(tx, account, &one.target).await?;
    }
    Ok(())
}

fn about(caller: &Identity, action: Action, policy: &Policy) -> Entry {
    let entry = Entry::by(caller, action)
        .in_account(policy.account)
        .on(policy.id);
    let entry = match policy.subject {
        PolicySubject::Principal(principal) => entry.with("subject", principal),
        PolicySubject::Group(group) => entry.with("subject", group),
        PolicySubject::Invited(id) => entry.with("subject", id),
        PolicySubject::Source(source) => entry.with("subject", source),
    };
    let roles: Vec<String> = policy.roles.iter().map(ToString::to_string).collect();
    let one = |attribute: &Attribute| format!("{}={}", attribute.key.name(), attribute.value);
    let attributes: Vec<String> = policy.attributes.iter().map(one).collect();
    let state = if policy.active { "active" } else { "deleted" };
    let condition = policy.condition.as_ref();
    entry
        .with_some("pattern", condition.map(|condition| condition.pattern()))
        .with_some("rule", condition.map(|condition| condition.rule()))
        .with_beginning("roles", roles.join(" "))
        .with_beginning("attributes", attributes.join(" "))
        .with("state", state)
}

fn no_policy() -> IamError {
    IamError::not_found("the access policy")
}
