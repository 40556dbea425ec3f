//! What another node made a moment ago is deleted by a node that has not heard of it yet.

use crate::world::{World, code, on_both_databases};
use base::id::ProfileId;
use base::scope::Domain;
use iam::Iam;
use iam::claim_condition::ClaimCondition;
use iam::directory::{
    Attribute, NamedRole, OWN_REALM, Plan, PolicyRole, PolicySubject, ProfileRuleKind,
    ResourceGroup,
};
use iam::manage::access_policy::{PolicyGrant, PolicyTerms};
use iam::manage::api_key::NewKey;
use iam::manage::custom_role::{CustomRoleTerms, NewCustomRole};
use iam::manage::group_rule::GroupRuleTerms;
use iam::manage::instance::NewInstance;
use iam::manage::policy_condition::ConditionTerms;
use iam::manage::profile::NewProfile;
use iam::manage::profile_identity::NewProfileIdentity;
use iam::manage::profile_link::LinkTerms;
use iam::manage::profile_rule::ProfileRuleTerms;
use iam::manage::resource_key::NewResourceKey;
use iam::manage::service_id::NewService;
use iam::role::Role;

on_both_databases!(
    an_identity_is_taken_out_of_a_profile,
    who_added_an_identity_first_stays,
    a_profile_and_its_parts_are_deleted,
    keys_and_service_ids_are_deleted,
    groups_policies_and_roles_are_deleted,
    spaces_instances_and_their_keys_are_deleted,
    a_role_in_a_space_is_taken,
    an_organization_is_not_empty_while_another_node_has_made_a_space_in_it,
);

async fn profile(world: &World, name: &str) -> ProfileId {
    let new = NewProfile {
        name: name.to_owned(),
        ..NewProfile::default()
    };
    let made = world.iam.create_profile(&world.owner(), new).await;
    made.unwrap().id
}

fn conditions() -> Vec<ClaimCondition> {
    vec![ClaimCondition::new("email", "EQUALS", "a@example.org").unwrap()]
}

async fn an_identity_is_taken_out_of_a_profile(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let (subject, _) = world.service().await;
    let profile = profile(&world, "ops").await;
    let node = world.node().await;
    let named = NewProfileIdentity {
        principal: subject,
        description: String::new(),
    };
    let added = iam.add_profile_identity(&owner, profile, &named).await;
    added.unwrap();
    let remove = async |iam: &Iam| {
        let removed = iam.remove_profile_identity(&owner, profile, subject);
        removed.await
    };
    remove(&node).await.unwrap();
    iam.sync().await.unwrap();
    for iam in [iam, &node] {
        let gone = iam.profile_identity(&owner, profile, subject).await;
        assert_eq!(code(gone), "not_found");
        assert_eq!(code(remove(iam).await), "not_found");
    }
    node.close().await;
}

/// A node that has not heard of an identity says its description anew, and not that it was added just now.
async fn who_added_an_identity_first_stays(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let (subject, _) = world.service().await;
    let profile = profile(&world, "ops").await;
    let node = world.node().await;
    let named = |description: &str| NewProfileIdentity {
        principal: subject,
        description: description.to_owned(),
    };
    let (night, noon) = (named("at night"), named("at noon"));
    let first = iam.add_profile_identity(&owner, profile, &night).await;
    world.wait(60);
    let again = node.add_profile_identity(&owner, profile, &noon).await;
    let again = again.unwrap();
    assert_eq!(again.added, first.unwrap().added);
    iam.sync().await.unwrap();
    for iam in [iam, &node] {
        let found = iam
            .profile_identity(&owner, profile, subject)
            .await
            .unwrap();
        assert_eq!(found, again);
    }
    node.close().await;
}

async fn a_profile_and_its_parts_are_deleted(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let of = profile(&world, "ops").await;
    let node = world.node().await;

    let terms = ProfileRuleTerms {
        name: "ours".to_owned(),
        kind: ProfileRuleKind::Saml {
            realm: OWN_REALM.to_owned(),
            expiration_seconds: 900,
        },
        conditions: conditions(),
    };
    let rule = iam.create_profile_rule(&owner, of, terms).await;
    let deleted = node.delete_profile_rule(&owner, of, rule.unwrap().id);
    deleted.await.unwrap();

    let terms = LinkTerms {
        cr_type: "IKS_SA".to_owned(),
        crn: None,
        namespace: Some("prod".to_owned()),
        resource_name: None,
    };
    let linked = async || {
        let made = iam.create_profile_link(&owner, of, "web".to_owned(), terms.clone());
        made.await.unwrap().id
    };
    let link = linked().await;
    let deleted = node.delete_profile_link(&owner, of, link).await;
    deleted.unwrap();
    iam.sync().await.unwrap();
    linked().await;
    let deleted = node.delete_profile_link_to(&owner, of, &terms).await;
    deleted.unwrap();

    let new = profile(&world, "new").await;
    node.delete_profile(&owner, new).await.unwrap();
    iam.sync().await.unwrap();
    assert_eq!(code(iam.profile(&owner, new).await), "not_found");
    assert_eq!(code(node.delete_profile(&owner, new).await), "not_found");
    let left = iam.profile(&owner, of).await.unwrap();
    assert!(left.rules.is_empty() && left.links.is_empty());
    node.close().await;
}

async fn keys_and_service_ids_are_deleted(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let node = world.node().await;
    let (key, text) = world.key(&owner, NewKey::default()).await;
    node.delete_api_key(&owner, key).await.unwrap();
    let new = NewService {
        name: "ci".to_owned(),
        ..NewService::default()
    };
    let service = iam.create_service_id(&owner, new, None).await.unwrap();
    let service = service.service.id;
    node.delete_service_id(&owner, service).await.unwrap();
    iam.sync().await.unwrap();
    assert!(world.enter_key(&text).is_err());
    assert_eq!(code(iam.service_id(&owner, service).await), "not_found");
    let again = node.delete_service_id(&owner, service).await;
    assert_eq!(code(again), "not_found");
    node.close().await;
}

async fn groups_policies_and_roles_are_deleted(world: World) {
    let (owner, iam, account) = (world.owner(), &world.iam, world.made.account);
    let (subject, _) = world.service().await;
    let node = world.node().await;

    let group = iam.create_access_group(&owner, "team", String::new());
    let group = group.await.unwrap().id;
    let terms = GroupRuleTerms {
        name: "ours".to_owned(),
        realm: OWN_REALM.to_owned(),
        expiration_hours: 24,
        conditions: conditions(),
    };
    let rule = iam.create_group_rule(&owner, group, terms).await;
    let deleted = node.delete_group_rule(&owner, group, rule.unwrap().id);
    deleted.await.unwrap();
    let other = iam.create_access_group(&owner, "other", String::new());
    let other = other.await.unwrap().id;
    let deleted = node.delete_access_group(&owner, other, false).await;
    deleted.unwrap();

    let terms = PolicyTerms {
        condition: ConditionTerms::NotInForm,
        subject: PolicySubject::Principal(subject),
        grant: PolicyGrant {
            description: String::new(),
            roles: vec![PolicyRole::Named(NamedRole::Viewer)],
            attributes: vec![Attribute::read("accountId", None, &account.to_string()).unwrap()],
        },
    };
    let policy = iam.create_policy(&owner, terms).await.unwrap().id;
    node.delete_policy(&owner, policy).await.unwrap();

    let new = NewCustomRole {
        name: "Sender".to_owned(),
        terms: CustomRoleTerms {
            display_name: "Sender".to_owned(),
            description: String::new(),
            actions: vec!["domain.write".to_owned()],
        },
    };
    let role = iam.create_custom_role(&owner, new).await.unwrap().id;
    node.delete_custom_role(&owner, role).await.unwrap();

    let resources = iam.create_resource_group(&owner, "ops").await.unwrap();
    let deleted = node.delete_resource_group(&owner, resources.id).await;
    deleted.unwrap();

    iam.sync().await.unwrap();
    assert_eq!(code(iam.access_group(&owner, other).await), "not_found");
    assert_eq!(code(iam.policy(&owner, policy).await), "not_found");
    assert_eq!(code(iam.custom_role(&owner, role).await), "not_found");
    assert_eq!(
        code(iam.resource_group(&owner, resources.id).await),
        "not_found"
    );
    node.close().await;
}

async fn spaces_instances_and_their_keys_are_deleted(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let node = world.node().await;
    let instance = async || {
        let new = NewInstance {
            name: "monitoring".to_owned(),
            space: world.space(),
            region: iam.regions().first().unwrap().name.clone(),
            group: ResourceGroup::default_of(world.made.account),
            plan: Plan::Premium,
            locked: false,
        };
        iam.create_instance(&owner, &new).await.unwrap().id
    };
    let first = instance().await;
    let deleted = node.delete_instance(&owner, first, false).await;
    deleted.unwrap();
    iam.sync().await.unwrap();
    let new = NewResourceKey {
        instance: instance().await,
        name: "web".to_owned(),
        role: NamedRole::Reader,
    };
    let key = iam.create_resource_key(&owner, &new).await.unwrap().key;
    node.delete_resource_key(&owner, key.id).await.unwrap();
    let again = node.delete_resource_key(&owner, key.id).await;
    assert_eq!(code(again), "not_found");

    let space = iam.create_space(&owner, world.org(), "unheard").await;
    let space = space.unwrap().id;
    node.delete_space(&owner, space).await.unwrap();
    let org = iam.create_org(&owner, "unheard", None).await.unwrap().id;
    node.delete_org(&owner, org, false).await.unwrap();
    iam.sync().await.unwrap();
    assert_eq!(code(iam.space(&owner, space).await), "not_found");
    assert_eq!(code(iam.org(&owner, org).await), "not_found");
    node.close().await;
}

async fn a_role_in_a_space_is_taken(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let bea = world.person("bea@example.org", None).await;
    let node = world.node().await;
    let space = iam.create_space(&owner, world.org(), "unheard").await;
    let (domain, role) = (Domain::Space(space.unwrap().id), Role::Developer);
    let given = iam.set_role(&owner, domain, role, &bea.email).await;
    given.unwrap();
    assert!(iam.directory().has_role(bea.id, domain, role));
    let taken = node.unset_role(&owner, domain, role, &bea.email).await;
    taken.unwrap();
    iam.sync().await.unwrap();
    assert!(!iam.directory().has_role(bea.id, domain, role));
    node.close().await;
}

async fn an_organization_is_not_empty_while_another_node_has_made_a_space_in_it(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let org = iam.create_org(&owner, "zebra", None).await.unwrap().id;
    let node = world.node().await;
    let space = iam.create_space(&owner, org, "one").await.unwrap();
    let deleted = node.delete_org(&owner, org, false).await;
    assert_eq!(code(deleted), "conflict");
    let left = iam.space(&owner, space.id).await.unwrap();
    assert_eq!(left.org, org);
    node.delete_org(&owner, org, true).await.unwrap();
    node.close().await;
}
