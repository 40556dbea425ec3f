//! Resource groups, instances of the monitoring service and their keys: what each is worth, from when and until when, on every node.

mod keys;

use crate::world::Whole as _;
use crate::world::{World, code, on_both_databases};
use base::id::ResourceGroupId;
use base::scope::{Action, Domain, Scope};
use iam::directory::{
    Attribute, Instance, NamedRole, Plan, PolicyRole, PolicySubject, ResourceGroup,
};
use iam::manage::access_policy::{PolicyGrant, PolicyTerms};
use iam::manage::instance::{InstanceChange, NewInstance};
use iam::manage::page::PageRequest;
use iam::manage::policy_condition::ConditionTerms;
use iam::manage::resource_key::{CreatedResourceKey, NewResourceKey};
use iam::manage::service_id::NewService;
use iam::{AuthError, Credential, Iam, IamConfig, IamError};

on_both_databases!(
    groups_are_made_renamed_and_deleted_on_every_node,
    a_space_has_the_plan_of_its_instance_on_every_node,
    a_change_keeps_what_another_node_has_changed,
    a_policy_about_a_resource_group_is_about_what_is_in_it,
    an_instance_goes_and_comes_back_with_its_space_and_its_account,
    who_is_no_administrator_changes_nothing,
);

/// The scope of a key in the domain.
fn scope(iam: &Iam, key: &str, domain: Domain) -> Result<Scope, AuthError> {
    iam.verifier().scope(Credential::ApiKey(key), Some(domain))
}

/// The days for which the owner reads the samples of the world's space.
fn days(world: &World, iam: &Iam) -> Option<u32> {
    let space = Domain::Space(world.space());
    let scope = scope(iam, world.made.api_key.expose(), space);
    scope.unwrap().retention_days()
}

/// An instance for the world's space.
fn wished(world: &World, group: ResourceGroupId, plan: Plan) -> NewInstance {
    NewInstance {
        name: "monitoring".to_owned(),
        space: world.space(),
        region: world.iam.regions().first().unwrap().name.clone(),
        group,
        plan,
        locked: false,
    }
}

fn first_group(world: &World) -> ResourceGroupId {
    ResourceGroup::default_of(world.made.account)
}

pub(crate) async fn instance(world: &World, plan: Plan) -> Instance {
    let new = wished(world, first_group(world), plan);
    let made = world.iam.create_instance(&world.owner(), &new).await;
    made.unwrap()
}

fn to_plan(plan: Plan) -> InstanceChange {
    InstanceChange {
        plan: Some(plan),
        ..InstanceChange::default()
    }
}

async fn groups_are_made_renamed_and_deleted_on_every_node(world: World) {
    let owner = world.owner();
    let node = world.node().await;
    let names = |iam: &Iam| -> Vec<String> {
        let all = iam.resource_groups(&owner);
        all.into_iter().map(|group| group.name).collect()
    };
    assert_eq!(names(&world.iam), ["Default"]);
    let made = world.iam.create_resource_group(&owner, "ops").await;
    let made = made.unwrap();
    node.sync().await.unwrap();
    for iam in [&world.iam, &node] {
        assert_eq!(names(iam), ["Default", "ops"]);
    }
    for taken in ["ops", "Default"] {
        let refused = world.iam.create_resource_group(&owner, taken).await;
        assert_eq!(code(refused), "conflict", "{taken}");
    }
    // The first one is there under another name, whose name is free then.
    let first = first_group(&world);
    let renamed = node.rename_resource_group(&owner, first, "main").await;
    assert!(renamed.unwrap().is_default());
    world.iam.sync().await.unwrap();
    assert_eq!(names(&world.iam), ["main", "ops"]);
    let again = world.iam.create_resource_group(&owner, "Default").await;
    let back = world.iam.rename_resource_group(&owner, first, "Default");
    assert_eq!(code(back.await), "conflict");
    assert_eq!(names(&world.iam), ["main", "Default", "ops"]);
    for (group, refused) in [(first, true), (again.unwrap().id, false), (made.id, false)] {
        let deleted = world.iam.delete_resource_group(&owner, group).await;
        match refused {
            true => assert_eq!(code(deleted), "conflict"),
            false => deleted.unwrap(),
        }
    }
    let late = world.iam.rename_resource_group(&owner, made.id, "late");
    assert_eq!(code(late.await), "not_found");
    node.sync().await.unwrap();
    assert_eq!(names(&node), ["main"]);
    assert!(iam::inspect::matches_database(&node).await.unwrap());
    node.close().await;
}

async fn a_space_has_the_plan_of_its_instance_on_every_node(world: World) {
    let owner = world.owner();
    let node = world.node().await;
    let space = Domain::Space(world.space());
    assert_eq!(
        (days(&world, &world.iam), world.iam.plan_of(space)),
        (None, None)
    );
    let made = instance(&world, Plan::Lite).await;
    node.sync().await.unwrap();
    for iam in [&world.iam, &node] {
        assert_eq!(days(&world, iam), Some(15));
        assert_eq!(iam.plan_of(space), Some(Plan::Lite));
        // Its organization and its account have none.
        assert_eq!(iam.plan_of(Domain::Org(world.org())), None);
        assert_eq!(iam.plan_of(Domain::Account(world.made.account)), None);
    }
    let second = wished(&world, first_group(&world), Plan::Premium);
    let refused = world.iam.create_instance(&owner, &second).await;
    assert_eq!(code(refused), "conflict");
    for wrong in [
        NewInstance {
            region: "atlantis".to_owned(),
            ..wished(&world, first_group(&world), Plan::Lite)
        },
        NewInstance {
            space: "01234567-89ab-cdef-0123-456789abcdef".parse().unwrap(),
            ..wished(&world, first_group(&world), Plan::Lite)
        },
        wished(&world, "0".repeat(32).parse().unwrap(), Plan::Lite),
    ] {
        let refused = world.iam.create_instance(&owner, &wrong).await;
        assert_eq!(code(refused), "field", "{wrong:?}");
    }
    let changed = node.update_instance(&owner, made.id, to_plan(Plan::Premium));
    assert_eq!(changed.await.unwrap().name, "monitoring");
    world.iam.sync().await.unwrap();
    assert_eq!(days(&world, &world.iam), Some(45));
    assert!(world.iam.plan_of(space).is_some_and(Plan::takes_samples));

    let locked = world.iam.lock_instance(&owner, made.id, true).await;
    assert!(locked.unwrap().locked);
    let refused = world
        .iam
        .update_instance(&owner, made.id, to_plan(Plan::Lite));
    assert_eq!(code(refused.await), "locked");
    let refused = world.iam.delete_instance(&owner, made.id, true).await;
    assert_eq!(code(refused), "locked");
    // Also where the lock is not known yet.
    let refused = node.update_instance(&owner, made.id, to_plan(Plan::Lite));
    assert_eq!(code(refused.await), "locked");
    world
        .iam
        .lock_instance(&owner, made.id, false)
        .await
        .unwrap();
    let deleted = world.iam.delete_instance(&owner, made.id, false).await;
    deleted.unwrap();
    assert_eq!(code(world.iam.instance(&owner, made.id).await), "not_found");
    assert_eq!(days(&world, &world.iam), None);
    node.sync().await.unwrap();
    assert_eq!(days(&world, &node), None);
    node.close().await;
}

async fn a_change_keeps_what_another_node_has_changed(world: World) {
    let owner = world.owner();
    let node = world.node().await;
    let made = instance(&world, Plan::Lite).await;
    node.sync().await.unwrap();
    let changed = world
        .iam
        .update_instance(&owner, made.id, to_plan(Plan::Premium));
    changed.await.unwrap();
    let renamed = InstanceChange {
        name: Some("other".to_owned()),
        ..InstanceChange::default()
    };
    let renamed = node.update_instance(&owner, made.id, renamed).await;
    let renamed = renamed.unwrap();
    assert_eq!(
        (renamed.name.as_str(), renamed.plan),
        ("other", Plan::Premium)
    );
    world.iam.sync().await.unwrap();
    assert_eq!(world.iam.instance(&owner, made.id).await.unwrap(), renamed);

    // What changes nothing is no change: neither its time nor the audit tells of one.
    world.clock.advance(60_000);
    let same = world
        .iam
        .update_instance(&owner, made.id, to_plan(Plan::Premium));
    assert_eq!(same.await.unwrap(), renamed);
    let same = world.iam.lock_instance(&owner, made.id, false).await;
    assert_eq!(same.unwrap(), renamed);
    node.close().await;
}

/// A space without an instance has what the server gives.
mod without_an_instance {
    use super::{IamConfig, Plan, World, days, instance};

    fn lite(config: IamConfig) -> IamConfig {
        IamConfig {
            default_plan: Some(Plan::Lite),
            ..config
        }
    }

    async fn story(world: World) {
        assert_eq!(days(&world, &world.iam), Some(15));
        let made = instance(&world, Plan::Premium).await;
        assert_eq!(days(&world, &world.iam), Some(45));
        let owner = world.owner();
        let deleted = world.iam.delete_instance(&owner, made.id, false).await;
        deleted.unwrap();
        assert_eq!(days(&world, &world.iam), Some(15));
    }

    #[test]
    fn on_sqlite() {
        crate::world::on_sqlite(lite, story);
    }

    #[test]
    fn on_postgres() {
        crate::world::on_postgres("without_an_instance", lite, story);
    }
}

/// What a service with a policy about the resource group may do in each domain.
async fn by_group(world: &World, group: &str) -> Result<String, IamError> {
    let owner = world.owner();
    let new = NewService {
        name: "ci".to_owned(),
        ..NewService::default()
    };
    let key = iam::manage::api_key::NewKey {
        name: "first".to_owned(),
        ..iam::manage::api_key::NewKey::default()
    };
    let made = world.iam.create_service_id(&owner, new, Some(key)).await?;
    let account = world.made.account.to_string();
    let attributes = [
        Attribute::read("accountId", None, &account).unwrap(),
        Attribute::read("resourceGroupId", None, group).unwrap(),
    ];
    let terms = PolicyTerms {
        condition: ConditionTerms::NotInForm,
        subject: PolicySubject::Principal(made.service.id.into()),
        grant: PolicyGrant {
            description: String::new(),
            roles: vec![PolicyRole::Named(NamedRole::Reader)],
            attributes: attributes.into(),
        },
    };
    world.iam.create_policy(&owner, terms).await?;
    Ok(made.key.unwrap().1.expose().clone())
}

async fn a_policy_about_a_resource_group_is_about_what_is_in_it(world: World) {
    let owner = world.owner();
    let group = world.iam.create_resource_group(&owner, "ops").await;
    let group = group.unwrap();
    let second = world.iam.create_space(&owner, world.org(), "second").await;
    let second = Domain::Space(second.unwrap().id);
    let in_group = by_group(&world, &group.id.to_string()).await.unwrap();
    let first = first_group(&world).to_string();
    let in_first = by_group(&world, &first).await.unwrap();
    let space = Domain::Space(world.space());
    let others = [
        second,
        Domain::Org(world.org()),
        Domain::Account(world.made.account),
    ];
    let reads = |key: &str, domain: Domain| {
        let scope = scope(&world.iam, key, domain);
        scope.is_ok_and(|scope| scope.actions().contains(Action::Render))
    };
    assert!(!reads(&in_group, space) && reads(&in_first, space));
    let new = wished(&world, group.id, Plan::Premium);
    let made = world.iam.create_instance(&owner, &new).await.unwrap();
    assert!(reads(&in_group, space) && !reads(&in_first, space));
    for other in others {
        assert!(
            !reads(&in_group, other) && reads(&in_first, other),
            "{other}"
        );
    }
    let held = world.iam.delete_resource_group(&owner, group.id).await;
    assert_eq!(code(held), "conflict");
    let deleted = world.iam.delete_instance(&owner, made.id, false).await;
    deleted.unwrap();
    assert!(!reads(&in_group, space) && reads(&in_first, space));
    let unknown = by_group(&world, &"0".repeat(32)).await;
    assert_eq!(code(unknown), "field");
}

async fn an_instance_goes_and_comes_back_with_its_space_and_its_account(world: World) {
    let (owner, space) = (world.owner(), world.space());
    let made = instance(&world, Plan::Lite).await;
    let new = NewResourceKey {
        instance: made.id,
        name: "ci".to_owned(),
        role: NamedRole::Reader,
    };
    let first = world.iam.create_resource_key(&owner, &new).await.unwrap();
    let second = world.iam.create_resource_key(&owner, &new).await.unwrap();
    // Read one by one, a list goes on after a key.
    let (mut after, mut read) = (None, Vec::new());
    loop {
        let one = PageRequest { skip: 0, take: 1 };
        let page = world.iam.resource_keys(&owner, None, None, after, one);
        let page = page.await.unwrap();
        assert_eq!(page.total + read.len() as u64, 2);
        let Some(key) = page.entries.into_iter().next() else {
            break;
        };
        after = Some((key.created.at, key.id));
        read.push(key.id);
    }
    let mut both = vec![first.key.id, second.key.id];
    both.sort_unstable();
    read.sort_unstable();
    assert_eq!(read, both);
    let seen = |iam: &Iam| iam.known_instance(&owner, made.id).is_ok();
    let keys = async || {
        let all = world
            .iam
            .resource_keys(&owner, None, None, None, PageRequest::WHOLE);
        all.await.unwrap().total
    };
    world.iam.delete_space(&owner, space).await.unwrap();
    assert!(!seen(&world.iam));
    assert_eq!(keys().await, 0);
    world.iam.restore_space(&owner, space, None).await.unwrap();
    assert!(seen(&world.iam));
    assert_eq!((days(&world, &world.iam), keys().await), (Some(15), 2));

    world.second_account().await;
    let account = world.made.account;
    world
        .iam
        .create_resource_group(&owner, "ops")
        .await
        .unwrap();
    world.iam.delete_account(account).await.unwrap();
    let first = first_group(&world);
    assert!(world.iam.directory().resource_group(first).is_none());
    world.iam.restore_account(account, None).await.unwrap();
    assert!(seen(&world.iam));
    assert_eq!(world.iam.resource_groups(&owner).len(), 2);

    // With the samples of the space it is gone for good, and with the account all that is left.
    world.iam.delete_space(&owner, space).await.unwrap();
    let left = async |sql: &'static str| {
        let db = world.database().await;
        let rows = db.all(sql, &[]).await.unwrap().len();
        db.close().await;
        rows
    };
    let instances = "SELECT guid FROM resource_instances";
    assert_eq!(left(instances).await, 1);
    world.remove_deleted().await;
    assert_eq!(left(instances).await, 0);
    assert_eq!(left("SELECT guid FROM resource_keys").await, 0);
    assert_eq!(left("SELECT guid FROM service_ids").await, 0);
    world.iam.delete_account(account).await.unwrap();
    world.remove_deleted().await;
    assert_eq!(left("SELECT guid FROM resource_groups").await, 0);
    world.iam.sync().await.unwrap();
}

pub(crate) async fn key_of(world: &World, made: &Instance, role: NamedRole) -> CreatedResourceKey {
    let new = NewResourceKey {
        instance: made.id,
        name: "ci".to_owned(),
        role,
    };
    let made = world.iam.create_resource_key(&world.owner(), &new).await;
    made.unwrap()
}

async fn who_is_no_administrator_changes_nothing(world: World) {
    let made = instance(&world, Plan::Lite).await;
    let key = key_of(&world, &made, NamedRole::Reader).await;
    let bea = world.person("bea@example.org", None).await.identity;
    let group = first_group(&world);
    assert_eq!(world.iam.resource_groups(&bea).len(), 1);
    assert_eq!(code(world.iam.instance(&bea, made.id).await), "not_found");
    let all = world.iam.instances(&bea, |_| true, PageRequest::WHOLE);
    assert_eq!(all.total, 0);
    let refused = world.iam.create_resource_group(&bea, "ops").await;
    assert_eq!(code(refused), "not_allowed");
    let refused = world.iam.rename_resource_group(&bea, group, "ops").await;
    assert_eq!(code(refused), "not_allowed");
    let new = wished(&world, group, Plan::Premium);
    let refused = world.iam.create_instance(&bea, &new).await;
    assert_eq!(code(refused), "not_allowed");
    let refused = world.iam.resource_key(&bea, key.key.id).await;
    assert_eq!(code(refused), "not_allowed");
    // The key's own service sees the instance of its space, and changes it no more than anybody else.
    let service = world.enter_key(key.text.expose()).unwrap();
    assert_eq!(
        world.iam.instance(&service, made.id).await.unwrap().id,
        made.id
    );
    let refused = world
        .iam
        .update_instance(&service, made.id, to_plan(Plan::Premium));
    assert_eq!(code(refused.await), "not_allowed");
    let refused = world.iam.lock_instance(&service, made.id, true).await;
    assert_eq!(code(refused), "not_allowed");
    let refused = world.iam.delete_instance(&service, made.id, true).await;
    assert_eq!(code(refused), "not_allowed");
}
