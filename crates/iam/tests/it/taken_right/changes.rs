//! The changes that an Administrator makes, and what they are of. In their order each can be made after those before it.

use crate::world::{Person, World};
use base::id::{
    AccessGroupId, AccountId, CustomRoleId, GroupRuleId, InstanceId, KeyId, OrgId, PolicyId,
    ProfileId, ProfileLinkId, ProfileRuleId, ResourceGroupId, ResourceKeyId, ServiceGroupId,
    ServiceId, SessionId, SpaceId, UserId,
};
use base::principal::Principal;
use base::scope::Domain;
use iam::claim_condition::ClaimCondition;
use iam::directory::{
    Attribute, NamedRole, OWN_REALM, Plan, PolicyRole, PolicySubject, ProfileRuleKind,
    ResourceGroup,
};
use iam::manage::access_group::AccessGroupChange;
use iam::manage::access_policy::{PolicyGrant, PolicyTerms};
use iam::manage::account_settings::SettingsChange;
use iam::manage::account_user::NameChange;
use iam::manage::api_key::{KeyChange, NewKey, Switch};
use iam::manage::custom_role::{CustomRoleTerms, NewCustomRole};
use iam::manage::group_rule::GroupRuleTerms;
use iam::manage::instance::{InstanceChange, NewInstance};
use iam::manage::invitation::Invitee;
use iam::manage::policy_condition::ConditionTerms;
use iam::manage::preference::{Preference, PreferenceValue};
use iam::manage::profile::{NewProfile, ProfileChange};
use iam::manage::profile_identity::NewProfileIdentity;
use iam::manage::profile_link::LinkTerms;
use iam::manage::profile_rule::ProfileRuleTerms;
use iam::manage::resource_key::NewResourceKey;
use iam::manage::service_id::{NewService, ServiceChange};
use iam::role::Role;
use iam::{Iam, IamError, Identity};
use std::pin::Pin;

/// A change that is made when it is awaited.
pub(super) type Change<'a> = Pin<Box<dyn Future<Output = Result<(), IamError>> + 'a>>;

/// What is changed. None of it is the caller's.
pub(super) struct Changed {
    account: AccountId,
    friend: UserId,
    email: String,
    session: SessionId,
    keys: [KeyId; 2],
    service: ServiceId,
    service_group: ServiceGroupId,
    group: AccessGroupId,
    group_rule: GroupRuleId,
    policy: PolicyId,
    role: CustomRoleId,
    resource_group: ResourceGroupId,
    region: String,
    instance: InstanceId,
    resource_key: ResourceKeyId,
    profile: ProfileId,
    profile_rule: ProfileRuleId,
    link: ProfileLinkId,
    pub(super) org: OrgId,
    pub(super) space: SpaceId,
    deleted_org: OrgId,
    deleted_space: SpaceId,
}

fn conditions() -> Vec<ClaimCondition> {
    vec![ClaimCondition::new("email", "EQUALS", "a@example.org").unwrap()]
}

fn group_rule(name: &str) -> GroupRuleTerms {
    GroupRuleTerms {
        name: name.to_owned(),
        realm: OWN_REALM.to_owned(),
        expiration_hours: 24,
        conditions: conditions(),
    }
}

fn profile_rule(name: &str) -> ProfileRuleTerms {
    ProfileRuleTerms {
        name: name.to_owned(),
        kind: ProfileRuleKind::Saml {
            realm: OWN_REALM.to_owned(),
            expiration_seconds: 900,
        },
        conditions: conditions(),
    }
}

fn link(namespace: &str) -> LinkTerms {
    LinkTerms {
        cr_type: "IKS_SA".to_owned(),
        crn: None,
        namespace: Some(namespace.to_owned()),
        resource_name: None,
    }
}

fn custom_role(name: &str) -> CustomRoleTerms {
    CustomRoleTerms {
        display_name: name.to_owned(),
        description: String::new(),
        actions: vec!["domain.write".to_owned()],
    }
}

fn new_custom_role(name: &str) -> NewCustomRole {
    NewCustomRole {
        name: name.to_owned(),
        terms: custom_role(name),
    }
}

fn new_service() -> NewService {
    NewService {
        name: "ci".to_owned(),
        ..NewService::default()
    }
}

fn new_profile(name: &str) -> NewProfile {
    NewProfile {
        name: name.to_owned(),
        ..NewProfile::default()
    }
}

fn new_resource_key(instance: InstanceId) -> NewResourceKey {
    NewResourceKey {
        instance,
        name: "web".to_owned(),
        role: NamedRole::Reader,
    }
}

fn policy(account: AccountId, principal: Principal, role: NamedRole) -> PolicyTerms {
    let account = account.to_string();
    PolicyTerms {
        condition: ConditionTerms::NotInForm,
        subject: PolicySubject::Principal(principal),
        grant: PolicyGrant {
            description: String::new(),
            roles: vec![PolicyRole::Named(role)],
            attributes: vec![Attribute::read("accountId", None, &account).unwrap()],
        },
    }
}

fn new_instance(account: AccountId, region: &str, space: SpaceId) -> NewInstance {
    NewInstance {
        name: "monitoring".to_owned(),
        space,
        region: region.to_owned(),
        group: ResourceGroup::default_of(account),
        plan: Plan::Premium,
        locked: false,
    }
}

fn identity(principal: Principal) -> NewProfileIdentity {
    NewProfileIdentity {
        principal,
        description: String::new(),
    }
}

fn preference() -> Preference {
    Preference {
        service: "console".to_owned(),
        name: "page".to_owned(),
        value: PreferenceValue::Text("a".to_owned()),
    }
}

impl Changed {
    /// Made by the owner; a member's session among them.
    pub(super) async fn make(world: &World, friend: &Person) -> Self {
        let (owner, iam, account) = (world.owner(), &world.iam, world.made.account);
        let mut keys = Vec::new();
        for _ in 0..2 {
            keys.push(world.key(&owner, NewKey::default()).await.0);
        }
        let service = iam.create_service_id(&owner, new_service(), None).await;
        let service_group = iam.create_service_id_group(&owner, "jobs", String::new());
        let service_group = service_group.await.unwrap().id;
        let group = iam.create_access_group(&owner, "team", String::new());
        let group = group.await.unwrap().id;
        let rule = iam.create_group_rule(&owner, group, group_rule("ours"));
        let group_rule = rule.await.unwrap().id;
        let role = iam.create_custom_role(&owner, new_custom_role("Sender"));
        let role = role.await.unwrap().id;
        let resource_group = iam.create_resource_group(&owner, "ops").await;
        let profile = iam.create_profile(&owner, new_profile("ops")).await;
        let profile = profile.unwrap().id;
        let rule = iam.create_profile_rule(&owner, profile, profile_rule("ours"));
        let profile_rule = rule.await.unwrap().id;
        let mut links = Vec::new();
        for namespace in ["one", "two"] {
            let made = iam.create_profile_link(&owner, profile, String::new(), link(namespace));
            links.push(made.await.unwrap().id);
        }
        let org = iam.create_org(&owner, "changed", None).await.unwrap().id;
        let space = iam.create_space(&owner, org, "changed").await.unwrap().id;
        let deleted_org = iam.create_org(&owner, "gone", None).await.unwrap().id;
        iam.delete_org(&owner, deleted_org, false).await.unwrap();
        let deleted = iam.create_space(&owner, world.org(), "gone").await;
        let deleted_space = deleted.unwrap().id;
        iam.delete_space(&owner, deleted_space).await.unwrap();
        let terms = policy(account, friend.id.into(), NamedRole::Viewer);
        let policy = iam.create_policy(&owner, terms).await.unwrap().id;
        let region = iam.regions().first().unwrap().name.clone();
        let instance = new_instance(account, &region, world.space());
        let instance = iam.create_instance(&owner, &instance).await;
        let instance = instance.unwrap().id;
        let key = new_resource_key(instance);
        let key = iam.create_resource_key(&owner, &key).await;
        Self {
            account,
            friend: friend.id,
            email: friend.email.clone(),
            session: friend.identity.bounds().root().session.unwrap(),
            keys: [keys[0], keys[1]],
            service: service.unwrap().service.id,
            service_group,
            group,
            group_rule,
            policy,
            role,
            resource_group: resource_group.unwrap().id,
            region,
            instance,
            resource_key: key.unwrap().key.id,
            profile,
            profile_rule,
            link: links[0],
            org,
            space,
            deleted_org,
            deleted_space,
        }
    }

    fn principal(&self) -> Principal {
        self.friend.into()
    }
}

async fn rename(iam: &Iam, by: &Identity, of: &Changed) -> Result<(), IamError> {
    let user = iam.account_user(by, of.account, of.friend).await?;
    let change = NameChange {
        given_name: Some("Caroline".to_owned()),
        family_name: None,
    };
    iam.rename_user(by, of.account, &user, change).await
}

/// Each change with its text.
macro_rules! list {
    ($($change:expr),* $(,)?) => {
        vec![$((stringify!($change), Box::pin(async move { $change.await.map(drop) }) as Change<'_>)),*]
    };
}

/// All changes by an Administrator at a node; none is begun before it is awaited.
pub(super) fn changes<'a>(
    iam: &'a Iam,
    by: &'a Identity,
    of: &'a Changed,
) -> Vec<(&'static str, Change<'a>)> {
    let any = "*";
    let renamed = || Some("renamed".to_owned());
    list![
        iam.update_api_key(
            by,
            of.keys[0],
            any,
            KeyChange {
                name: renamed(),
                ..KeyChange::default()
            }
        ),
        iam.switch_api_key(by, of.keys[0], Switch::Disabled, true),
        iam.switch_api_key(by, of.keys[1], Switch::Locked, true),
        iam.delete_api_key(by, of.keys[0]),
        iam.create_api_key(
            by,
            NewKey {
                name: "new".to_owned(),
                owner: Some(of.service.into()),
                ..NewKey::default()
            }
        ),
        iam.create_service_id(by, new_service(), None),
        iam.update_service_id(
            by,
            of.service,
            any,
            ServiceChange {
                name: renamed(),
                ..ServiceChange::default()
            }
        ),
        iam.lock_service_id(by, of.service, true),
        iam.lock_service_id(by, of.service, false),
        iam.create_service_id_group(by, "new", String::new()),
        iam.update_service_id_group(by, of.service_group, any, ("renamed", None)),
        iam.delete_service_id_group(by, of.service_group),
        iam.create_access_group(by, "new", String::new()),
        iam.update_access_group(
            by,
            of.group,
            any,
            AccessGroupChange {
                name: renamed(),
                description: None
            }
        ),
        iam.create_group_rule(by, of.group, group_rule("new")),
        iam.replace_group_rule(by, (of.group, of.group_rule), any, group_rule("renamed")),
        iam.delete_group_rule(by, of.group, of.group_rule),
        iam.add_to_groups(by, &[(of.group, of.principal())]),
        iam.remove_from_all_groups(by, of.principal()),
        iam.remove_from_groups(by, &[(of.group, of.principal())]),
        iam.delete_access_group(by, of.group, true),
        iam.switch_public_access(by, true),
        iam.create_policy(by, policy(of.account, of.principal(), NamedRole::Editor)),
        iam.replace_policy(
            by,
            of.policy,
            any,
            policy(of.account, of.principal(), NamedRole::Operator)
        ),
        iam.switch_policy(by, of.policy, any, false),
        iam.delete_policy(by, of.policy),
        iam.create_custom_role(by, new_custom_role("New")),
        iam.replace_custom_role(by, of.role, any, custom_role("Renamed")),
        iam.delete_custom_role(by, of.role),
        iam.create_resource_group(by, "new"),
        iam.rename_resource_group(by, of.resource_group, "renamed"),
        iam.delete_resource_group(by, of.resource_group),
        iam.create_instance(by, &new_instance(of.account, &of.region, of.space)),
        iam.update_instance(
            by,
            of.instance,
            InstanceChange {
                name: renamed(),
                plan: None
            }
        ),
        iam.lock_instance(by, of.instance, true),
        iam.lock_instance(by, of.instance, false),
        iam.create_resource_key(by, &new_resource_key(of.instance)),
        iam.rename_resource_key(by, of.resource_key, "renamed"),
        iam.delete_resource_key(by, of.resource_key),
        iam.delete_instance(by, of.instance, true),
        iam.create_profile(by, new_profile("new")),
        iam.update_profile(
            by,
            of.profile,
            any,
            ProfileChange {
                name: renamed(),
                ..ProfileChange::default()
            }
        ),
        iam.set_profile_identities(by, of.profile, any, &[identity(of.principal())]),
        iam.add_profile_identity(by, of.profile, &identity(of.service.into())),
        iam.remove_profile_identity(by, of.profile, of.service.into()),
        iam.create_profile_link(by, of.profile, String::new(), link("three")),
        iam.delete_profile_link(by, of.profile, of.link),
        iam.delete_profile_link_to(by, of.profile, &link("two")),
        iam.create_profile_rule(by, of.profile, profile_rule("new")),
        iam.replace_profile_rule(
            by,
            (of.profile, of.profile_rule),
            any,
            profile_rule("renamed")
        ),
        iam.delete_profile_rule(by, of.profile, of.profile_rule),
        iam.delete_profile(by, of.profile),
        iam.delete_service_id(by, of.service),
        iam.invite(
            by,
            of.account,
            &[Invitee {
                email: "erin@example.org".to_owned(),
                role: None
            }]
        ),
        rename(iam, by, of),
        iam.set_role(by, Domain::Account(of.account), Role::Viewer, &of.email),
        iam.unset_role(by, Domain::Account(of.account), Role::Viewer, &of.email),
        iam.set_preference(by, of.principal(), &preference()),
        iam.delete_preference(by, of.principal(), ("console", "page")),
        iam.end_one_session(by, of.session),
        iam.end_sessions(by, Some(of.principal())),
        iam.remove_member(by, of.account, of.friend),
        iam.change_account_settings(
            by,
            of.account,
            any,
            SettingsChange {
                idle_seconds: Some(Some(1800)),
                ..SettingsChange::default()
            }
        ),
        iam.report_inactive(by, 1),
        iam.report_mfa(by),
        iam.create_org(by, "new", None),
        iam.rename_org(by, of.org, "renamed"),
        iam.create_space(by, of.org, "new"),
        iam.rename_space(by, of.space, "renamed"),
        iam.delete_space(by, of.space),
        iam.delete_org(by, of.org, true),
        iam.restore_space(by, of.deleted_space, None),
        iam.restore_org(by, of.deleted_org, None),
    ]
}

/// What the Manager of an organization may do in it; none is begun before it is awaited.
pub(super) fn changes_by_manager<'a>(
    iam: &'a Iam,
    by: &'a Identity,
    of: &'a Changed,
) -> Vec<(&'static str, Change<'a>)> {
    list![
        iam.rename_org(by, of.org, "renamed"),
        iam.create_space(by, of.org, "new"),
        iam.rename_space(by, of.space, "renamed"),
        iam.set_role(by, Domain::Space(of.space), Role::Auditor, &of.email),
        iam.unset_role(by, Domain::Space(of.space), Role::Auditor, &of.email),
        iam.delete_space(by, of.space),
    ]
}
