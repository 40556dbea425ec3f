//! What another node made a moment ago is read, changed and named by a node that has not heard of it. Each call is about something new,
//! since the one before has made the node ask.

use crate::world::Whole as _;
use crate::world::{OWNER, World, code, on_both_databases};
use base::id::{AccessGroupId, Guid, KeyId, PolicyId, ProfileId, ServiceId};
use base::principal::Principal;
use base::scope::Domain;
use iam::bounds::Narrowing;
use iam::claim_condition::ClaimCondition;
use iam::directory::{
    Attribute, NamedRole, OWN_REALM, Plan, PolicyRole, PolicySubject, ProfileRuleKind,
    ResourceGroup,
};
use iam::manage::access_group::AccessGroupChange;
use iam::manage::access_policy::{PolicyGrant, PolicyTerms};
use iam::manage::account_user::AccountUser;
use iam::manage::api_key::{KeyChange, NewKey, Switch};
use iam::manage::custom_role::{CustomRoleTerms, NewCustomRole};
use iam::manage::group_rule::GroupRuleTerms;
use iam::manage::instance::{InstanceChange, NewInstance};
use iam::manage::invitation::{InvitedAccess, Invitee};
use iam::manage::page::PageRequest;
use iam::manage::policy_condition::ConditionTerms;
use iam::manage::profile::{NewProfile, ProfileChange};
use iam::manage::profile_identity::NewProfileIdentity;
use iam::manage::profile_link::LinkTerms;
use iam::manage::profile_rule::ProfileRuleTerms;
use iam::manage::resource_key::NewResourceKey;
use iam::manage::service_id::{NewService, ServiceChange};
use std::sync::Arc;

on_both_databases!(
    keys_and_service_ids,
    people_sessions_and_accounts,
    profiles_and_their_parts,
    access_groups_and_their_parts,
    policies_and_roles,
    spaces_and_instances,
    what_a_body_names,
    what_was_unlocked_is_changed,
    what_no_node_has_made_is_not_there,
);

async fn keys_and_service_ids(world: World) {
    let (owner, iam, node) = (world.owner(), &world.iam, world.node().await);
    let key = async || world.key(&owner, NewKey::default()).await;
    let (id, _) = key().await;
    node.api_key(&owner, id).await.unwrap();
    let (id, text) = key().await;
    let text = crate::world::secret(&text);
    let found = node.api_key_by_text(&owner, &text).await;
    assert_eq!(found.unwrap().id, id);
    let (id, _) = key().await;
    let changed = node.update_api_key(&owner, id, "*", KeyChange::default());
    changed.await.unwrap();
    let (id, _) = key().await;
    let switched = node.switch_api_key(&owner, id, Switch::Locked, true);
    switched.await.unwrap();
    let (id, _) = key().await;
    node.key_activity(&owner, id).await.unwrap();

    let service = async || {
        let new = NewService {
            name: "ci".to_owned(),
            ..NewService::default()
        };
        let made = iam.create_service_id(&owner, new, None).await;
        made.unwrap().service.id
    };
    node.service_id(&owner, service().await).await.unwrap();
    let (id, change) = (service().await, ServiceChange::default());
    let changed = node.update_service_id(&owner, id, "*", change).await;
    changed.unwrap();
    let locked = node.lock_service_id(&owner, service().await, true).await;
    locked.unwrap();
    let of_service = NewKey {
        name: "first".to_owned(),
        owner: Some(service().await.into()),
        ..NewKey::default()
    };
    node.create_api_key(&owner, of_service).await.unwrap();
    node.close().await;
}

async fn people_sessions_and_accounts(world: World) {
    let (owner, node) = (world.owner(), world.node().await);
    let bob = world.person("bob@example.org", None).await;
    let found = node.account_user(&owner, world.made.account, bob.id).await;
    let is_member =
        matches!(found.unwrap(), AccountUser::Member(member) if member.user.id == bob.id);
    assert!(is_member);
    let of = Some(world.service().await.0);
    let open = node.sessions(&owner, of, PageRequest::WHOLE).await;
    assert_eq!(open.unwrap().total, 0);
    let of = Some(world.service().await.0);
    assert_eq!(node.end_sessions(&owner, of).await.unwrap(), 0);
    let joined = world.second_account_of(OWNER).await;
    let find = || node.account(&owner, joined);
    assert_eq!(node.found_at_any_node(find).await.unwrap().id, joined);
    node.close().await;
}

fn conditions() -> Vec<ClaimCondition> {
    vec![ClaimCondition::new("email", "EQUALS", "a@example.org").unwrap()]
}

async fn profiles_and_their_parts(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let (subject, _) = world.service().await;
    let node = world.node().await;
    let profile = async |name: &str| {
        let new = NewProfile {
            name: name.to_owned(),
            ..NewProfile::default()
        };
        iam.create_profile(&owner, new).await.unwrap().id
    };
    let rule_terms = || ProfileRuleTerms {
        name: "ours".to_owned(),
        kind: ProfileRuleKind::Saml {
            realm: OWN_REALM.to_owned(),
            expiration_seconds: 900,
        },
        conditions: conditions(),
    };
    let link_terms = || LinkTerms {
        cr_type: "IKS_SA".to_owned(),
        crn: None,
        namespace: Some("prod".to_owned()),
        resource_name: None,
    };
    let named = NewProfileIdentity {
        principal: subject,
        description: String::new(),
    };
    node.profile(&owner, profile("read").await).await.unwrap();
    let id = profile("managed").await;
    node.managed_profile(&owner, id).await.unwrap();
    let (id, change) = (profile("changed").await, ProfileChange::default());
    let changed = node.update_profile(&owner, id, "*", change).await;
    changed.unwrap();
    let id = profile("linked").await;
    let made = node.create_profile_link(&owner, id, String::new(), link_terms());
    made.await.unwrap();
    let id = profile("ruled").await;
    let made = node.create_profile_rule(&owner, id, rule_terms()).await;
    made.unwrap();
    let id = profile("named").await;
    let added = node.add_profile_identity(&owner, id, &named).await;
    added.unwrap();
    let id = profile("set").await;
    let all = [named.clone()];
    let set = node.set_profile_identities(&owner, id, "*", &all).await;
    assert_eq!(set.unwrap().identities.len(), 1);

    // Parts of a profile that both know.
    let id = profile("known").await;
    node.profile(&owner, id).await.unwrap();
    let made = iam.create_profile_link(&owner, id, String::new(), link_terms());
    let made = made.await.unwrap().id;
    node.profile_link(&owner, id, made).await.unwrap();
    let made = iam.create_profile_rule(&owner, id, rule_terms()).await;
    let made = made.unwrap().id;
    node.profile_rule(&owner, id, made).await.unwrap();
    let made = iam.create_profile_rule(&owner, id, rule_terms()).await;
    let of = (id, made.unwrap().id);
    let replaced = node.replace_profile_rule(&owner, of, "*", rule_terms());
    replaced.await.unwrap();
    let added = iam.add_profile_identity(&owner, id, &named).await;
    added.unwrap();
    let found = node.profile_identity(&owner, id, subject).await;
    found.unwrap();
    node.close().await;
}

async fn access_groups_and_their_parts(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let (subject, _) = world.service().await;
    let node = world.node().await;
    let group = async |name: &str| {
        let made = iam.create_access_group(&owner, name, String::new());
        made.await.unwrap().id
    };
    let terms = || GroupRuleTerms {
        name: "ours".to_owned(),
        realm: OWN_REALM.to_owned(),
        expiration_hours: 24,
        conditions: conditions(),
    };
    node.access_group(&owner, group("read").await)
        .await
        .unwrap();
    let id = group("filled").await;
    node.may_change_members(&owner, id).await.unwrap();
    let (id, change) = (group("changed").await, AccessGroupChange::default());
    let changed = node.update_access_group(&owner, id, "*", change).await;
    changed.unwrap();
    node.group_rules(&owner, group("listed").await)
        .await
        .unwrap();
    let id = group("ruled").await;
    let made = node.create_group_rule(&owner, id, terms()).await;
    made.unwrap();

    // Parts of a group that both know.
    let id = group("known").await;
    node.access_group(&owner, id).await.unwrap();
    let made = iam.create_group_rule(&owner, id, terms()).await;
    let made = made.unwrap().id;
    node.group_rule(&owner, id, made).await.unwrap();
    let made = iam.create_group_rule(&owner, id, terms()).await;
    let of = (id, made.unwrap().id);
    let replaced = node.replace_group_rule(&owner, of, "*", terms()).await;
    replaced.unwrap();
    let added = iam.add_to_groups(&owner, &[(id, subject)]).await;
    added.unwrap().remove(0).unwrap();
    node.check_group_member(&owner, id, subject).await.unwrap();
    node.close().await;
}

async fn policies_and_roles(world: World) {
    let (owner, iam, account) = (world.owner(), &world.iam, world.made.account);
    let node = world.node().await;
    // For another subject each, so that none says the same as one before.
    let terms = async |role| PolicyTerms {
        condition: ConditionTerms::NotInForm,
        subject: PolicySubject::Principal(world.service().await.0),
        grant: PolicyGrant {
            description: String::new(),
            roles: vec![PolicyRole::Named(role)],
            attributes: vec![Attribute::read("accountId", None, &account.to_string()).unwrap()],
        },
    };
    let policy = async || {
        let made = iam.create_policy(&owner, terms(NamedRole::Viewer).await);
        made.await.unwrap().id
    };
    node.policy(&owner, policy().await).await.unwrap();
    let switched = node.switch_policy(&owner, policy().await, "*", false);
    switched.await.unwrap();
    let wished = terms(NamedRole::Writer).await;
    let replaced = node.replace_policy(&owner, policy().await, "*", wished);
    replaced.await.unwrap();

    let role_terms = |display_name: &str| CustomRoleTerms {
        display_name: display_name.to_owned(),
        description: String::new(),
        actions: vec!["domain.write".to_owned()],
    };
    let role = async |name: &str| {
        let new = NewCustomRole {
            name: name.to_owned(),
            terms: role_terms(name),
        };
        iam.create_custom_role(&owner, new).await.unwrap().id
    };
    node.custom_role(&owner, role("First").await).await.unwrap();
    let id = role("Second").await;
    let replaced = node.replace_custom_role(&owner, id, "*", role_terms("Other"));
    replaced.await.unwrap();
    node.close().await;
}

async fn spaces_and_instances(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let node = world.node().await;
    let group = async |name: &str| iam.create_resource_group(&owner, name).await.unwrap().id;
    node.resource_group(&owner, group("read").await)
        .await
        .unwrap();
    let id = group("named").await;
    let renamed = node.rename_resource_group(&owner, id, "renamed").await;
    renamed.unwrap();

    let org = async |name: &str| iam.create_org(&owner, name, None).await.unwrap().id;
    let space = async |name: &str| {
        let made = iam.create_space(&owner, world.org(), name).await;
        made.unwrap().id
    };
    node.org(&owner, org("read").await).await.unwrap();
    let renamed = node.rename_org(&owner, org("named").await, "renamed").await;
    renamed.unwrap();
    let made = node.create_space(&owner, org("filled").await, "one").await;
    made.unwrap();
    node.space(&owner, space("read").await).await.unwrap();
    let id = space("named").await;
    node.rename_space(&owner, id, "renamed").await.unwrap();
    // What was deleted a moment ago is restored; the node still takes it for one that is there.
    let (id, of_org) = (space("deleted").await, org("deleted").await);
    node.sync().await.unwrap();
    iam.delete_space(&owner, id).await.unwrap();
    node.restore_space(&owner, id, None).await.unwrap();
    iam.delete_org(&owner, of_org, false).await.unwrap();
    node.restore_org(&owner, of_org, None).await.unwrap();

    let instance = async |name: &str| {
        let new = NewInstance {
            name: name.to_owned(),
            space: space(name).await,
            region: iam.regions().first().unwrap().name.clone(),
            group: ResourceGroup::default_of(world.made.account),
            plan: Plan::Premium,
            locked: false,
        };
        iam.create_instance(&owner, &new).await.unwrap().id
    };
    node.instance(&owner, instance("a").await).await.unwrap();
    let (id, change) = (instance("b").await, InstanceChange::default());
    node.update_instance(&owner, id, change).await.unwrap();
    let id = instance("c").await;
    node.lock_instance(&owner, id, true).await.unwrap();
    let new = NewResourceKey {
        instance: instance("d").await,
        name: "web".to_owned(),
        role: NamedRole::Reader,
    };
    node.create_resource_key(&owner, &new).await.unwrap();
    node.close().await;
}

/// It is not what the call is about.
async fn what_a_body_names(world: World) {
    let (owner, iam, account) = (world.owner(), &world.iam, world.made.account);
    let (subject, _) = world.service().await;
    let node = world.node().await;
    let space = async |name: &str| {
        let made = iam.create_space(&owner, world.org(), name).await;
        made.unwrap().id
    };
    let new = NewInstance {
        name: "monitoring".to_owned(),
        space: space("measured").await,
        region: iam.regions().first().unwrap().name.clone(),
        group: ResourceGroup::default_of(account),
        plan: Plan::Premium,
        locked: false,
    };
    node.create_instance(&owner, &new).await.unwrap();

    let grant = |name: &str, value: &str| {
        let of_account = Attribute::read("accountId", None, &account.to_string());
        PolicyGrant {
            description: String::new(),
            roles: vec![PolicyRole::Named(NamedRole::Reader)],
            attributes: vec![
                of_account.unwrap(),
                Attribute::read(name, None, value).unwrap(),
            ],
        }
    };
    let give = async |name: &str, value: String| {
        let subject = PolicySubject::Principal(subject);
        let grant = grant(name, &value);
        let condition = ConditionTerms::NotInForm;
        let terms = PolicyTerms {
            subject,
            grant,
            condition,
        };
        node.create_policy(&owner, terms).await.unwrap();
    };
    give("spaceId", space("granted").await.to_string()).await;
    let org = iam.create_org(&owner, "granted", None).await.unwrap();
    give("organizationId", org.id.to_string()).await;
    let group = iam.create_resource_group(&owner, "granted").await;
    give("resourceGroupId", group.unwrap().id.to_string()).await;
    let invited = Invitee {
        email: "bob@example.org".to_owned(),
        role: None,
    };
    let access = InvitedAccess {
        policies: vec![grant("spaceId", &space("shared").await.to_string())],
        groups: Vec::new(),
    };
    let invited = node.invite_with(&owner, account, &[invited], access).await;
    invited.unwrap();

    let new = NewCustomRole {
        name: "Sender".to_owned(),
        terms: CustomRoleTerms {
            display_name: "Sender".to_owned(),
            description: String::new(),
            actions: vec!["domain.write".to_owned()],
        },
    };
    let role = iam.create_custom_role(&owner, new).await.unwrap();
    let named = node.policy_roles(&owner, &[&role.crn()]).await;
    assert_eq!(named.unwrap(), [PolicyRole::Custom(role.id)]);

    let reaching = NewKey {
        name: "narrow".to_owned(),
        narrowing: Narrowing {
            domain: Some(Domain::Space(space("reached").await)),
            send_only: true,
        },
        ..NewKey::default()
    };
    node.create_api_key(&owner, reaching).await.unwrap();
    let of = world.service().await.0;
    assert_eq!(node.preferences(&owner, of).await.unwrap(), []);
    node.close().await;
}

/// The node knows that they are locked, and not that they are no more.
async fn what_was_unlocked_is_changed(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let (key, _) = world.key(&owner, NewKey::default()).await;
    let lock = async |on| {
        let switched = iam.switch_api_key(&owner, key, Switch::Locked, on);
        switched.await.unwrap();
    };
    lock(true).await;
    let new = NewService {
        name: "ci".to_owned(),
        locked: true,
        ..NewService::default()
    };
    let service = iam.create_service_id(&owner, new, None).await.unwrap();
    let service = service.service.id;
    let new = NewInstance {
        name: "monitoring".to_owned(),
        space: world.space(),
        region: iam.regions().first().unwrap().name.clone(),
        group: ResourceGroup::default_of(world.made.account),
        plan: Plan::Premium,
        locked: true,
    };
    let instance = iam.create_instance(&owner, &new).await.unwrap().id;
    let node = world.node().await;

    lock(false).await;
    let disabled = node.switch_api_key(&owner, key, Switch::Disabled, true);
    disabled.await.unwrap();
    iam.lock_service_id(&owner, service, false).await.unwrap();
    let change = ServiceChange::default();
    let changed = node.update_service_id(&owner, service, "*", change).await;
    changed.unwrap();
    iam.lock_instance(&owner, instance, false).await.unwrap();
    let change = InstanceChange::default();
    let changed = node.update_instance(&owner, instance, change).await;
    changed.unwrap();
    node.close().await;
}

async fn what_no_node_has_made_is_not_there(world: World) {
    let (owner, node) = (world.owner(), world.node().await);
    let nothing = Guid::from_random([7; 16]);
    let before = node.directory();
    assert_eq!(
        code(node.api_key(&owner, KeyId(nothing)).await),
        "not_found"
    );
    let id = ServiceId(nothing);
    assert_eq!(code(node.service_id(&owner, id).await), "not_found");
    let id = ProfileId(nothing);
    assert_eq!(code(node.profile(&owner, id).await), "not_found");
    let id = PolicyId(nothing);
    assert_eq!(code(node.policy(&owner, id).await), "not_found");
    let id = AccessGroupId(nothing);
    assert_eq!(code(node.access_group(&owner, id).await), "not_found");
    let nobody = Principal::Service(ServiceId(nothing));
    let member = node.check_group_member(&owner, id, nobody).await;
    assert_eq!(code(member), "not_found");
    let changed = node.update_api_key(&owner, KeyId(nothing), "*", KeyChange::default());
    assert_eq!(code(changed.await), "not_found");
    let is_same = Arc::ptr_eq(&before, &node.directory());
    assert!(is_same, "nothing is read again");
    node.close().await;
}
