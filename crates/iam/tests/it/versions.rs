//! Versions of what is changed: `*` means whatever there is, and what is so already is no change and no new version.

use crate::world::{World, code, on_both_databases};
use iam::claim_condition::ClaimCondition;
use iam::directory::{
    Attribute, NamedRole, OWN_REALM, PolicyRole, PolicySubject, ProfileRuleKind, ResourceGroup,
};
use iam::manage::access_group::AccessGroupChange;
use iam::manage::access_policy::{PolicyGrant, PolicyTerms};
use iam::manage::account_settings::{SettingsChange, entity_tag};
use iam::manage::api_key::{KeyChange, NewKey, Switch};
use iam::manage::custom_role::{CustomRoleTerms, NewCustomRole};
use iam::manage::group_rule::GroupRuleTerms;
use iam::manage::of_version::OfVersion;
use iam::manage::policy_condition::ConditionTerms;
use iam::manage::profile::{NewProfile, ProfileChange};
use iam::manage::profile_identity::NewProfileIdentity;
use iam::manage::profile_rule::ProfileRuleTerms;
use iam::manage::service_id::{NewService, ServiceChange};

on_both_databases!(
    any_version_of_the_settings_is_changed_whatever_another_node_has_done,
    settings_that_are_so_already_are_no_change,
    what_is_so_already_is_no_change,
    any_version_is_changed_by_a_node_that_has_not_heard_of_the_last,
    so_is_that_of_policies_and_roles,
    so_is_that_of_rules_identities_and_groups_of_service_ids,
    a_version_is_deleted_that_is_the_last_of_all_nodes,
);

async fn any_version_of_the_settings_is_changed_whatever_another_node_has_done(world: World) {
    let (owner, account) = (world.owner(), world.made.account);
    let node = world.node().await;
    let idle = |seconds| SettingsChange {
        idle_seconds: Some(Some(seconds)),
        ..SettingsChange::default()
    };
    let number = SettingsChange {
        sessions_per_identity: Some(Some(3)),
        ..SettingsChange::default()
    };
    let first = world.iam.account_settings(&owner, account).unwrap();
    let changed = world
        .iam
        .change_account_settings(&owner, account, "*", idle(900));
    changed.await.unwrap();
    // The other node has not heard of it.
    let stale = entity_tag(&first);
    let changed = node.change_account_settings(&owner, account, &stale, number.clone());
    assert_eq!(code(changed.await), "conflict");
    let changed = world
        .iam
        .change_account_settings(&owner, account, "*", idle(1000));
    changed.await.unwrap();
    let changed = node.change_account_settings(&owner, account, "*", number);
    let changed = changed.await.unwrap();
    assert_eq!(changed.revision, 3);
    assert_eq!(changed.settings.idle_seconds, Some(1000));
    assert_eq!(changed.settings.sessions_per_identity, Some(3));
    // So does the operator, who knows no version.
    let allowed = world
        .iam
        .set_allowed_addresses(account, "192.0.2.0/24".parse().unwrap());
    allowed.await.unwrap();
    let allowed = node.set_allowed_addresses(account, "".parse().unwrap());
    allowed.await.unwrap();
    world.iam.sync().await.unwrap();
    let here = world.iam.account_settings(&owner, account).unwrap();
    assert_eq!((here.revision, here.settings.idle_seconds), (5, Some(1000)));
    node.close().await;
}

async fn settings_that_are_so_already_are_no_change(world: World) {
    let (owner, account) = (world.owner(), world.made.account);
    let change = || SettingsChange {
        access_token_seconds: Some(Some(900)),
        ..SettingsChange::default()
    };
    let iam = &world.iam;
    let first = iam.change_account_settings(&owner, account, "*", change());
    let first = first.await.unwrap();
    let entries = async || {
        let found = iam.audit(iam::audit::Page::default()).await;
        found.unwrap().len()
    };
    let before = entries().await;
    for if_match in ["*", &entity_tag(&first)] {
        let again = iam.change_account_settings(&owner, account, if_match, change());
        assert_eq!(again.await.unwrap(), first);
    }
    assert_eq!(entries().await, before);
    let stale = iam.change_account_settings(&owner, account, "0-x", change());
    assert_eq!(code(stale.await), "conflict");
}

/// A client that writes what it has read is told the version that it has, and nothing is said to have been done.
async fn what_is_so_already_is_no_change(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let (key, _) = world.key(&owner, NewKey::default()).await;
    let key = iam.api_key(&owner, key).await.unwrap();
    let new = NewService {
        name: "ci".to_owned(),
        ..NewService::default()
    };
    let service = iam.create_service_id(&owner, new, None).await.unwrap();
    let service = service.service;
    let new = NewProfile {
        name: "ops".to_owned(),
        description: "at night".to_owned(),
        email: String::new(),
    };
    let profile = iam.create_profile(&owner, new).await.unwrap();
    let group = iam.create_access_group(&owner, "team", "of ours".to_owned());
    let group = group.await.unwrap();
    let org = iam.create_org(&owner, "zebra", None).await.unwrap();
    let space = iam.create_space(&owner, org.id, "one").await.unwrap();
    let first = ResourceGroup::default_of(world.made.account);
    let first = iam.resource_group(&owner, first).await.unwrap();
    let entries = async || {
        let found = iam.audit(iam::audit::Page::default()).await;
        found.unwrap().len()
    };
    let before = entries().await;
    world.wait(60);

    let change = KeyChange {
        name: Some(key.name.clone()),
        ..KeyChange::default()
    };
    let same = iam.update_api_key(&owner, key.id, "*", change).await;
    assert_eq!(same.unwrap(), key);
    let change = ServiceChange {
        name: Some(service.name.clone()),
        description: Some(service.description.clone()),
        ..ServiceChange::default()
    };
    let same = iam.update_service_id(&owner, service.id, "*", change).await;
    assert_eq!(same.unwrap(), service);
    let change = ProfileChange {
        description: Some(profile.description.clone()),
        ..ProfileChange::default()
    };
    let same = iam.update_profile(&owner, profile.id, "*", change).await;
    assert_eq!(same.unwrap(), profile);
    let change = AccessGroupChange {
        name: Some(group.name.clone()),
        description: None,
    };
    let same = iam.update_access_group(&owner, group.id, "*", change).await;
    assert_eq!(same.unwrap(), group);
    let same = iam.rename_org(&owner, org.id, "zebra").await.unwrap();
    assert_eq!(same.updated_at, org.updated_at);
    let same = iam.rename_space(&owner, space.id, "one").await.unwrap();
    assert_eq!(same.updated_at, space.updated_at);
    let same = iam.rename_resource_group(&owner, first.id, &first.name);
    assert_eq!(same.await.unwrap(), first);
    for switch in [Switch::Locked, Switch::Disabled] {
        let same = iam.switch_api_key(&owner, key.id, switch, false).await;
        same.unwrap();
    }
    let same = iam.lock_service_id(&owner, service.id, false).await;
    same.unwrap();
    assert_eq!(iam.api_key(&owner, key.id).await.unwrap(), key);
    assert_eq!(entries().await, before);

    // Of a node that has not heard of a change, it is one.
    let node = world.node().await;
    iam.rename_space(&owner, space.id, "two").await.unwrap();
    let back = node.rename_space(&owner, space.id, "one").await.unwrap();
    assert_eq!(back.updated_at, world.clock_now());
    iam.sync().await.unwrap();
    assert_eq!(iam.space(&owner, space.id).await.unwrap().name, "one");
    node.close().await;
}

async fn any_version_is_changed_by_a_node_that_has_not_heard_of_the_last(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let (key, _) = world.key(&owner, NewKey::default()).await;
    let new = NewService {
        name: "ci".to_owned(),
        ..NewService::default()
    };
    let service = iam.create_service_id(&owner, new, None).await.unwrap();
    let service = service.service.id;
    let new = NewProfile {
        name: "ops".to_owned(),
        ..NewProfile::default()
    };
    let profile = iam.create_profile(&owner, new).await.unwrap().id;
    let group = iam.create_access_group(&owner, "team", String::new());
    let group = group.await.unwrap().id;
    let node = world.node().await;
    let (name, description) = (
        || Some("of here".to_owned()),
        || Some("of there".to_owned()),
    );

    let change = KeyChange {
        name: name(),
        ..KeyChange::default()
    };
    iam.update_api_key(&owner, key, "*", change).await.unwrap();
    let change = KeyChange {
        description: description(),
        ..KeyChange::default()
    };
    let stale = iam.api_key(&owner, key).await.unwrap();
    let changed = node.update_api_key(&owner, key, "*", change).await.unwrap();
    assert_eq!(
        (&*changed.name, &*changed.description),
        ("of here", "of there")
    );
    assert_eq!(changed.revision, stale.revision + 1);
    // Who names a version is refused.
    let change = KeyChange {
        name: Some("late".to_owned()),
        ..KeyChange::default()
    };
    let tag = iam::manage::api_key::entity_tag(&stale);
    let late = iam.update_api_key(&owner, key, &tag, change).await;
    assert_eq!(code(late), "conflict");

    let change = ServiceChange {
        name: name(),
        ..ServiceChange::default()
    };
    let changed = iam.update_service_id(&owner, service, "*", change).await;
    changed.unwrap();
    let change = ServiceChange {
        description: description(),
        ..ServiceChange::default()
    };
    let changed = node.update_service_id(&owner, service, "*", change).await;
    assert_eq!(changed.unwrap().name, "of here");

    let change = ProfileChange {
        name: name(),
        ..ProfileChange::default()
    };
    let changed = iam.update_profile(&owner, profile, "*", change).await;
    changed.unwrap();
    let change = ProfileChange {
        description: description(),
        ..ProfileChange::default()
    };
    let changed = node.update_profile(&owner, profile, "*", change).await;
    assert_eq!(changed.unwrap().name, "of here");

    let change = AccessGroupChange {
        name: name(),
        description: None,
    };
    let changed = iam.update_access_group(&owner, group, "*", change).await;
    changed.unwrap();
    let change = AccessGroupChange {
        name: None,
        description: description(),
    };
    let changed = node.update_access_group(&owner, group, "*", change).await;
    assert_eq!(changed.unwrap().name, "of here");
    node.close().await;
}

async fn so_is_that_of_policies_and_roles(world: World) {
    let (owner, iam, account) = (world.owner(), &world.iam, world.made.account);
    let (subject, _) = world.service().await;
    let terms = |role| PolicyTerms {
        condition: ConditionTerms::NotInForm,
        subject: PolicySubject::Principal(subject),
        grant: PolicyGrant {
            description: String::new(),
            roles: vec![PolicyRole::Named(role)],
            attributes: vec![Attribute::read("accountId", None, &account.to_string()).unwrap()],
        },
    };
    let policy = iam.create_policy(&owner, terms(NamedRole::Viewer)).await;
    let policy = policy.unwrap().id;
    let terms_named = |name: &str| CustomRoleTerms {
        display_name: name.to_owned(),
        description: String::new(),
        actions: vec!["domain.write".to_owned()],
    };
    let new = NewCustomRole {
        name: "Sender".to_owned(),
        terms: terms_named("First"),
    };
    let role = iam.create_custom_role(&owner, new).await.unwrap().id;
    let node = world.node().await;

    let here = iam.replace_policy(&owner, policy, "*", terms(NamedRole::Editor));
    assert_eq!(here.await.unwrap().revision, 2);
    let there = node.replace_policy(&owner, policy, "*", terms(NamedRole::Writer));
    assert_eq!(there.await.unwrap().revision, 3);
    let here = iam.switch_policy(&owner, policy, "*", false).await;
    assert_eq!(here.unwrap().revision, 4);
    let there = node.switch_policy(&owner, policy, "*", true).await.unwrap();
    assert_eq!((there.revision, there.active), (5, true));

    let here = iam.replace_custom_role(&owner, role, "*", terms_named("Second"));
    assert_eq!(here.await.unwrap().revision, 2);
    let there = node.replace_custom_role(&owner, role, "*", terms_named("Third"));
    assert_eq!(there.await.unwrap().revision, 3);
    node.close().await;
}

async fn so_is_that_of_rules_identities_and_groups_of_service_ids(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let (subject, _) = world.service().await;
    let conditions = |value: &str| vec![ClaimCondition::new("name", "EQUALS", value).unwrap()];
    let of_group = |value: &str| GroupRuleTerms {
        name: "ours".to_owned(),
        realm: OWN_REALM.to_owned(),
        expiration_hours: 24,
        conditions: conditions(value),
    };
    let of_profile = |value: &str| ProfileRuleTerms {
        name: "ours".to_owned(),
        kind: ProfileRuleKind::Saml {
            realm: OWN_REALM.to_owned(),
            expiration_seconds: 900,
        },
        conditions: conditions(value),
    };
    let group = iam.create_access_group(&owner, "team", String::new());
    let group = group.await.unwrap().id;
    let rule = iam.create_group_rule(&owner, group, of_group("a")).await;
    let group_rule = (group, rule.unwrap().id);
    let new = NewProfile {
        name: "ops".to_owned(),
        ..NewProfile::default()
    };
    let profile = iam.create_profile(&owner, new).await.unwrap().id;
    let rule = iam.create_profile_rule(&owner, profile, of_profile("a"));
    let profile_rule = (profile, rule.await.unwrap().id);
    let services = iam.create_service_id_group(&owner, "ci", String::new());
    let services = services.await.unwrap().id;
    let node = world.node().await;

    let here = iam.replace_group_rule(&owner, group_rule, "*", of_group("b"));
    assert_eq!(here.await.unwrap().revision, 2);
    let there = node.replace_group_rule(&owner, group_rule, "*", of_group("c"));
    assert_eq!(there.await.unwrap().revision, 3);

    let here = iam.replace_profile_rule(&owner, profile_rule, "*", of_profile("b"));
    assert_eq!(here.await.unwrap().revision, 2);
    let there = node.replace_profile_rule(&owner, profile_rule, "*", of_profile("c"));
    assert_eq!(there.await.unwrap().revision, 3);

    let named = [NewProfileIdentity {
        principal: subject,
        description: String::new(),
    }];
    let here = iam.set_profile_identities(&owner, profile, "*", &named);
    let here = here.await.unwrap();
    assert_eq!(here.identities.len(), 1);
    let there = node.set_profile_identities(&owner, profile, "*", &[]).await;
    let there = there.unwrap();
    assert!(there.identities.is_empty());
    assert_eq!(there.identities_revision, here.identities_revision + 1);

    let here = iam.update_service_id_group(&owner, services, "*", ("build", None));
    assert_eq!(here.await.unwrap().revision, 2);
    let there = node.update_service_id_group(&owner, services, "*", ("deploy", None));
    assert_eq!(there.await.unwrap().revision, 3);
    node.close().await;
}

/// A node that has not heard of the last change deletes the version that it made, and no older one.
async fn a_version_is_deleted_that_is_the_last_of_all_nodes(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let (key, _) = world.key(&owner, NewKey::default()).await;
    let node = world.node().await;
    let tag = async || {
        let key = iam.api_key(&owner, key).await.unwrap();
        iam::manage::api_key::entity_tag(&key)
    };
    let of = |tag: &str| OfVersion::new(key, Some(tag));
    let change = |description: &str| KeyChange {
        description: Some(description.to_owned()),
        ..KeyChange::default()
    };
    let first = tag().await;
    let changed = iam.update_api_key(&owner, key, "*", change("of here"));
    changed.await.unwrap();
    let locked = node.switch_api_key(&owner, of(&first), Switch::Locked, true);
    assert_eq!(code(locked.await), "conflict");
    let deleted = node.delete_api_key(&owner, of(&first)).await;
    assert_eq!(code(deleted), "conflict");
    let disabled = node.switch_api_key(&owner, of(&tag().await), Switch::Disabled, true);
    disabled.await.unwrap();
    iam.sync().await.unwrap();
    let changed = iam.update_api_key(&owner, key, "*", change("of here again"));
    changed.await.unwrap();
    node.delete_api_key(&owner, of(&tag().await)).await.unwrap();
    node.close().await;
}
