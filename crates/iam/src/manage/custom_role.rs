//! Roles that an account makes of single actions, and gives by access policies. Everybody in the account sees them; an
//! Administrator makes and changes them.

use super::of_version::OfVersion;
use super::revised::Revised;
use crate::audit::{Action as Audited, Entry};
use crate::entropy;
use crate::error::IamError;
use crate::model::directory::{CustomRole, Directory, NamedRole, PolicyRole};
use crate::model::entity_tag;
use crate::model::text;
use crate::refusal::{Reason, Refusal, Remedy};
use crate::repo::counts::CountedItem;
use crate::repo::revisions::Versioned;
use crate::repo::{custom_roles, policies};
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::{AccountId, CustomRoleId, PolicyId};
use base::limit;
use base::scope::Action;
use db::Tx;

/// A new role.
#[derive(Debug)]
pub struct NewCustomRole {
    /// Its name in its CRN.
    pub name: String,
    /// The fields that can be changed.
    pub terms: CustomRoleTerms,
}

/// The fields of a role that can be changed.
#[derive(Debug, Clone)]
pub struct CustomRoleTerms {
    /// Its name for people.
    pub display_name: String,
    /// Its description.
    pub description: String,
    /// The names of the actions that it allows.
    pub actions: Vec<String>,
}

/// The version of a role, for `If-Match`.
#[must_use]
pub fn custom_role_tag(role: &CustomRole) -> String {
    entity_tag::of(role.revision, role.id.0)
}

impl Revised for CustomRole {
    const CHANGED: &'static str =
        "the role has changed since its entity tag was read: read it again";

    fn tag(&self) -> String {
        custom_role_tag(self)
    }

    fn is_like(&self, other: &Self) -> bool {
        (&self.display_name, &self.description, &self.actions)
            == (&other.display_name, &other.description, &other.actions)
    }
}

/// Checks, within the transaction that stores a policy, that a role that it gives is there.
pub(super) async fn check_role_exists(
    tx: &mut Tx,
    account: AccountId,
    id: CustomRoleId,
) -> Result<(), IamError> {
    match custom_roles::exists(tx, account, id).await? {
        true => Ok(()),
        false => Err(IamError::invalid(
            "role_id",
            "a role of the account's own was deleted meanwhile",
        )),
    }
}

/// The cloud resource name of the role that is meant, where its name is there, or is at the end of what was given.
fn crn_of_named(directory: &Directory, account: AccountId, given: &str) -> Option<String> {
    let name = given.rsplit(':').next()?;
    let mut named = NamedRole::PLATFORM.into_iter().chain(NamedRole::SERVICE);
    let named = named.find(|role| role.name().eq_ignore_ascii_case(name));
    let mut custom = directory.custom_roles_of(account);
    let custom =
        custom.find(|role| role.name.eq_ignore_ascii_case(name) || role.display_name == name);
    named
        .map(NamedRole::crn)
        .or_else(|| custom.map(CustomRole::crn))
}

impl Iam {
    /// The role with this cloud resource name in the credential's account: one that every account has, or one of its own.
    ///
    /// # Errors
    /// When there is none.
    pub fn policy_role(&self, caller: &Identity, crn: &str) -> Result<PolicyRole, IamError> {
        text::check_length("role_id", crn, &limit::LABEL_BYTES)?;
        if let Some(role) = NamedRole::of_crn(crn) {
            return Ok(PolicyRole::Named(role));
        }
        let directory = self.directory();
        let found = directory.custom_role_of_crn(caller.account(), crn);
        found.map(PolicyRole::Custom).ok_or_else(|| {
            let refusal = match crn_of_named(&directory, caller.account(), crn) {
                Some(known) => {
                    let message =
                        format!("there is no role `{crn}`: a role is named by its CRN, `{known}`");
                    Refusal::invalid("role_id", message)
                }
                None => Refusal::invalid("role_id", format!("there is no role `{crn}`"))
                    .remedy(Remedy::ListRoles),
            };
            refusal.maybe_unknown().into()
        })
    }

    /// As [`Self::policy_role`], of several, also of those that another node has made a moment ago.
    ///
    /// # Errors
    /// When one of them is none.
    pub async fn policy_roles(
        &self,
        caller: &Identity,
        crns: &[&str],
    ) -> Result<Vec<PolicyRole>, IamError> {
        let find = || {
            let all = crns.iter().map(|crn| self.policy_role(caller, crn));
            all.collect()
        };
        self.found_at_any_node(find).await
    }

    /// The roles of the account's own, by their names.
    #[must_use]
    pub fn custom_roles(&self, caller: &Identity) -> Vec<CustomRole> {
        let directory = self.directory();
        let all = directory.custom_roles_of(caller.account());
        let mut all: Vec<CustomRole> = all.cloned().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// One role of the account's own.
    ///
    /// # Errors
    /// When the credential's account has no such role.
    pub async fn custom_role(
        &self,
        caller: &Identity,
        id: CustomRoleId,
    ) -> Result<CustomRole, IamError> {
        self.found_at_any_node(|| self.known_custom_role(caller, id))
            .await
    }

    fn known_custom_role(
        &self,
        caller: &Identity,
        id: CustomRoleId,
    ) -> Result<CustomRole, IamError> {
        let directory = self.directory();
        let found = directory.custom_role(id);
        let found = found.filter(|role| role.account == caller.account());
        found.cloned().ok_or_else(no_role)
    }

    /// Whether the caller may make and change roles of the account's own.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn may_manage_custom_roles(&self, caller: &Identity) -> Result<(), IamError> {
        self.administer(caller, caller.account(), "managing roles")
    }

    /// Makes a role in the credential's account.
    ///
    /// # Errors
    /// Without Administrator of the account; when a field is not valid; when a role has one of its names; over a limit.
    pub async fn create_custom_role(
        &self,
        caller: &Identity,
        new: NewCustomRole,
    ) -> Result<CustomRole, IamError> {
        self.may_manage_custom_roles(caller)?;
        let (display_name, actions) = checked(&new.terms)?;
        let by_caller = self.stamp(caller);
        let role = CustomRole {
            id: CustomRoleId(entropy::guid()),
            account: caller.account(),
            name: checked_name(&new.name)?,
            display_name,
            description: new.terms.description,
            actions,
            revision: 1,
            created: by_caller,
            modified: by_caller,
        };
        let mut tx = self.lock_custom_roles(caller).await?;
        let limit = &limit::CUSTOM_ROLES_PER_ACCOUNT;
        self.check_room_unpaged(&mut tx, role.account, limit, CountedItem::CustomRoles)
            .await?;
        check_free_names(&mut tx, &role, None).await?;
        custom_roles::insert(&mut tx, &role).await?;
        self.commit(tx, about(caller, Audited::CustomRoleMade, &role))
            .await?;
        Ok(role)
    }

    /// Replaces the fields of a role: from the moment this returns, everybody who has it may do what it says now. `if_match` has
    /// its entity tag, or is `*`.
    ///
    /// # Errors
    /// Without Administrator of the account; when a field is not valid; when a role has its display name; when it has changed since
    /// the tag was read.
    pub async fn replace_custom_role(
        &self,
        caller: &Identity,
        id: CustomRoleId,
        if_match: &str,
        terms: CustomRoleTerms,
    ) -> Result<CustomRole, IamError> {
        self.change_version(
            if_match,
            || self.changeable_custom_role(caller, id),
            |old| self.change_custom_role(caller, old, terms.clone()),
        )
        .await
    }

    /// One role of the account's own that the caller may change.
    async fn changeable_custom_role(
        &self,
        caller: &Identity,
        id: CustomRoleId,
    ) -> Result<CustomRole, IamError> {
        let role = self.custom_role(caller, id).await?;
        self.may_manage_custom_roles(caller)?;
        Ok(role)
    }

    async fn change_custom_role(
        &self,
        caller: &Identity,
        old: CustomRole,
        terms: CustomRoleTerms,
    ) -> Result<Option<CustomRole>, IamError> {
        let (display_name, actions) = checked(&terms)?;
        let new = CustomRole {
            display_name,
            description: terms.description,
            actions,
            revision: old.revision.saturating_add(1),
            modified: self.stamp(caller),
            ..old.clone()
        };
        let mut tx = self.lock_custom_roles(caller).await?;
        check_free_names(&mut tx, &new, Some(&old)).await?;
        let is_stored = custom_roles::change(&mut tx, &new, old.revision).await?;
        let entry = about(caller, Audited::CustomRoleChanged, &new);
        self.commit_version(tx, is_stored, (old, new), entry).await
    }

    /// Deletes a role that no policy gives.
    ///
    /// # Errors
    /// Without Administrator of the account; while a policy gives it.
    pub async fn delete_custom_role(
        &self,
        caller: &Identity,
        id: impl Into<OfVersion<CustomRoleId>>,
    ) -> Result<(), IamError> {
        let OfVersion { id, version } = id.into();
        let role = self.changeable_custom_role(caller, id).await?;
        let mut tx = self.lock_custom_roles(caller).await?;
        version
            .check_stored(&mut tx, (Versioned::CustomRole, id.0))
            .await?;
        let likely = self.policy_that_gives(&role);
        if policies::gives(&mut tx, role.account, id, likely).await? {
            return Err(IamError::conflict(
                "an access policy gives this role: change or delete the policy first",
            ));
        }
        if !custom_roles::delete(&mut tx, id).await? {
            return Err(no_role());
        }
        self.commit(tx, about(caller, Audited::CustomRoleDeleted, &role))
            .await
    }

    /// A policy that gives the role, as far as this node knows.
    fn policy_that_gives(&self, role: &CustomRole) -> Option<PolicyId> {
        let directory = self.directory();
        let given = PolicyRole::Custom(role.id);
        let mut all = directory.policies_of(role.account);
        let found = all.find(|policy| policy.roles.contains(&given));
        found.map(|policy| policy.id)
    }

    /// Begins a change of the roles of the credential's account: it is locked, and the caller may still make it.
    async fn lock_custom_roles(&self, caller: &Identity) -> Result<Tx, IamError> {
        self.begin_administered(caller, caller.account(), "managing roles")
            .await
    }
}

/// The name for people, and the actions, each once.
fn checked(terms: &CustomRoleTerms) -> Result<(String, Vec<Action>), Refusal> {
    let display_name = text::name("display_name", &terms.display_name)?;
    text::check_description(&terms.description)?;
    let mut actions: Vec<Action> = Vec::new();
    for name in &terms.actions {
        let found = Action::ALL.into_iter().find(|action| action.name() == name);
        let Some(action) = found else {
            text::check_length("actions", name, &limit::WORD_BYTES)?;
            let known = Action::ALL.map(|action| format!("`{}`", action.name()));
            let message = format!(
                "`actions`: there is no action `{name}`: there are {}",
                known.join(", ")
            );
            return Err(Refusal::invalid("actions", message));
        };
        if !actions.contains(&action) {
            actions.push(action);
        }
    }
    if actions.is_empty() {
        let message = "`actions` needs one action at least";
        return Err(Refusal::invalid("actions", message));
    }
    Ok((display_name, actions))
}

/// A name that a CRN can hold.
fn checked_name(name: &str) -> Result<String, Refusal> {
    text::check_length("name", name, &limit::WORD_BYTES)?;
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric();
    if name.starts_with(|first: char| first.is_ascii_uppercase()) && name.bytes().all(is_letter) {
        return Ok(name.to_owned());
    }
    let message = "`name` is made of letters and digits, and begins with a capital letter";
    Err(Refusal::invalid("name", message))
}

fn about(caller: &Identity, action: Audited, role: &CustomRole) -> Entry {
    let actions: Vec<&str> = role.actions.iter().map(|action| action.name()).collect();
    Entry::by(caller, action)
        .in_account(role.account)
        .on(role.id)
        .with("name", &role.name)
        .with("actions", actions.join(" "))
}

/// Checks, within the transaction that stores a role, that its names are no other's: neither in a list of roles nor in a policy may
/// one be taken for another. What stays as it was is not checked. The account is locked.
async fn check_free_names(
    tx: &mut Tx,
    role: &CustomRole,
    old: Option<&CustomRole>,
) -> Result<(), IamError> {
    let fields = [("name", &role.name), ("display_name", &role.display_name)];
    let is_new = |(field, _): &(&'static str, &String)| {
        old.is_none_or(|old| *field == "display_name" && old.display_name != role.display_name)
    };
    let fields: Vec<(&'static str, &String)> = fields.into_iter().filter(is_new).collect();
    if fields.is_empty() {
        return Ok(());
    }
    let names = custom_roles::names_of(tx, role.account).await?;
    for (field, name) in fields {
        let lower = name.to_lowercase();
        let mut named = NamedRole::PLATFORM.into_iter().chain(NamedRole::SERVICE);
        if named.any(|other| other.name().to_lowercase() == lower) {
            return Err(taken(field, format!("every account has a role `{name}`")));
        }
        let mut others = names.iter().filter(|(id, ..)| *id != role.id);
        let is_taken = others.any(|(_, other, display_name)| match field {
            // Part of the cloud resource name, in which capitals matter.
            "name" => other == name,
            _ => display_name.to_lowercase() == lower,
        });
        if is_taken {
            let message = format!("the account has a role of the `{field}` `{name}`");
            return Err(taken(field, message));
        }
    }
    Ok(())
}

fn taken(field: &'static str, message: String) -> IamError {
    IamError::Refused(Refusal::new(Reason::SameRole, message).field(field))
}

fn no_role() -> IamError {
    IamError::not_found("the role")
}
