//! Requests for what is so already: nothing changes, and the audit has no entry of a change.

use crate::world::{OWNER, World, on_both_databases};
use base::limit::{ORGANIZATIONS_PER_ACCOUNT, SPACES_PER_ACCOUNT};
use base::scope::Domain;
use iam::Credential;
use iam::audit::{Credential as AuditedCredential, Page, Recorded};
use iam::claim_condition::ClaimCondition;
use iam::directory::{
    Attribute, NamedRole, OWN_REALM, Plan, PolicyRole, PolicySubject, ProfileRuleKind,
    ResourceGroup,
};
use iam::manage::access_policy::{PolicyGrant, PolicyTerms};
use iam::manage::custom_role::{CustomRoleTerms, NewCustomRole};
use iam::manage::group_rule::GroupRuleTerms;
use iam::manage::instance::{InstanceChange, NewInstance};
use iam::manage::policy_condition::ConditionTerms;
use iam::manage::preference::{Preference, PreferenceValue};
use iam::manage::profile::NewProfile;
use iam::manage::profile_identity::NewProfileIdentity;
use iam::manage::profile_rule::ProfileRuleTerms;
use iam::manage::settings::DomainChange;
use iam::role::Role;

on_both_databases!(
    a_role_that_is_held_is_not_given_again,
    a_role_that_an_invitation_has_is_not_added_again,
    a_preference_that_has_the_value_is_not_set_again,
    public_access_that_is_on_is_not_switched_on_again,
    an_identity_that_a_profile_names_is_not_added_again,
    a_member_of_a_group_is_not_added_again,
    what_is_replaced_by_the_same_stays_as_it_is,
    settings_of_a_domain_are_not_set_again,
    a_limit_of_an_account_is_not_set_again,
    an_instance_is_not_changed_again,
);

const ROLE: Role = Role::Developer;

/// How many changes of this kind the audit has.
async fn count(world: &World, event: &str) -> usize {
    let found = world.iam.audit(Page::default()).await.unwrap();
    found.iter().filter(|entry| entry.event == event).count()
}

/// How many roles were given and taken.
async fn of_roles(world: &World) -> (usize, usize) {
    let given = count(world, "role_given").await;
    (given, count(world, "role_taken").await)
}

async fn a_role_that_is_held_is_not_given_again(world: World) {
    let (owner, iam, space) = (world.owner(), &world.iam, Domain::Space(world.space()));
    let zoe = world.person("zoe@example.org", None).await;
    let node = world.node().await;
    let give = async |at: &iam::Iam| {
        let given = at.set_role(&owner, space, ROLE, &zoe.email).await;
        given.unwrap();
    };
    let take = async |at: &iam::Iam| {
        let taken = at.unset_role(&owner, space, ROLE, &zoe.email).await;
        taken.unwrap();
    };
    let holds = |at: &iam::Iam| at.directory().roles(zoe.id, space).to_vec();
    take(iam).await;
    assert_eq!(of_roles(&world).await, (0, 0));
    give(iam).await;
    give(iam).await;
    assert_eq!(of_roles(&world).await, (1, 0));
    // What another node has given has effect at this one when it was asked for here.
    assert!(holds(&node).is_empty());
    give(&node).await;
    assert_eq!(holds(&node), [ROLE]);
    assert_eq!(of_roles(&world).await, (1, 0));
    take(iam).await;
    take(&node).await;
    assert!(holds(&node).is_empty());
    assert_eq!(of_roles(&world).await, (1, 1));
    node.close().await;
}

async fn a_role_that_an_invitation_has_is_not_added_again(world: World) {
    let (owner, iam, space) = (world.owner(), &world.iam, Domain::Space(world.space()));
    let invited = "erin@example.org";
    world.invited(invited).await;
    for _ in 0..2 {
        iam.set_role(&owner, space, ROLE, invited).await.unwrap();
    }
    assert_eq!(of_roles(&world).await, (1, 0));
    for _ in 0..2 {
        iam.unset_role(&owner, space, ROLE, invited).await.unwrap();
    }
    assert_eq!(of_roles(&world).await, (1, 1));
}

async fn a_preference_that_has_the_value_is_not_set_again(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let set = async |value: PreferenceValue| {
        let new = Preference {
            service: "console".to_owned(),
            name: "page".to_owned(),
            value,
        };
        let of = owner.principal();
        iam.set_preference(&owner, of, &new).await.unwrap();
        count(&world, "preference_set").await
    };
    let text = || PreferenceValue::Text("a".to_owned());
    let texts = || PreferenceValue::Texts(vec!["a".to_owned()]);
    assert_eq!(set(text()).await, 1);
    assert_eq!(set(text()).await, 1);
    // One text is not a list of one.
    assert_eq!(set(texts()).await, 2);
    assert_eq!(set(texts()).await, 2);
}

async fn public_access_that_is_on_is_not_switched_on_again(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let node = world.node().await;
    let switch = async |at: &iam::Iam, on: bool| {
        at.switch_public_access(&owner, on).await.unwrap();
        assert_eq!(at.directory().has_public_access(world.made.account), on);
        count(&world, "public_access_switched").await
    };
    assert_eq!(switch(iam, false).await, 0);
    assert_eq!(switch(iam, true).await, 1);
    assert_eq!(switch(&node, true).await, 1);
    assert_eq!(switch(&node, false).await, 2);
    assert_eq!(switch(iam, false).await, 2);
    node.close().await;
}

async fn an_identity_that_a_profile_names_is_not_added_again(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let node = world.node().await;
    let new = NewProfile {
        name: "ops".to_owned(),
        ..NewProfile::default()
    };
    let profile = iam.create_profile(&owner, new).await.unwrap().id;
    node.sync().await.unwrap();
    let (job, _) = world.service().await;
    let add = async |at: &iam::Iam, description: &str| {
        let new = NewProfileIdentity {
            principal: job,
            description: description.to_owned(),
        };
        let added = at.add_profile_identity(&owner, profile, &new).await;
        // Whoever asks for it, it is there when the answer comes.
        let stored = at.profile_identity(&owner, profile, job).await.unwrap();
        assert_eq!(added.unwrap(), stored);
        let revision = at.profile(&owner, profile).await.unwrap();
        let revision = revision.identities_revision;
        let entries = count(&world, "profile_identity_added").await;
        (entries, revision, stored.added)
    };
    let first = add(iam, "at night").await;
    assert_eq!(first.0, 1);
    world.wait(60);
    assert_eq!(add(iam, "at night").await, first);
    assert_eq!(add(&node, "at night").await, first);
    // For another reason, which is a change.
    let (entries, revision, added) = add(&node, "by day").await;
    assert_eq!((entries, added), (2, first.2));
    assert!(revision > first.1, "{revision}");
    iam.sync().await.unwrap();
    node.close().await;
}

async fn a_member_of_a_group_is_not_added_again(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let made = iam.create_access_group(&owner, "team", String::new()).await;
    let team = made.unwrap().id;
    let (job, _) = world.service().await;
    let node = world.node().await;
    let wish = [(team, job)];
    let add = async |at: &iam::Iam| {
        let added = at.add_to_groups(&owner, &wish).await.unwrap();
        assert!(at.directory().is_in_group(job, team), "when it is answered");
        let entries = count(&world, "group_member_added").await;
        (entries, added[0].clone().unwrap())
    };
    let first = add(iam).await;
    assert_eq!(first.0, 1);
    world.wait(60);
    assert_eq!(add(iam).await, first);
    assert_eq!(add(&node).await, first);

    let remove = async |at: &iam::Iam| {
        let removed = at.remove_from_groups(&owner, &wish).await.unwrap();
        assert!(
            !at.directory().is_in_group(job, team),
            "when it is answered"
        );
        let entries = count(&world, "group_member_removed").await;
        (entries, removed[0].is_ok())
    };
    assert_eq!(remove(&node).await, (1, true));
    assert_eq!(remove(iam).await, (1, false));
    assert_eq!(remove(&node).await, (1, false));
    node.close().await;
}

async fn what_is_replaced_by_the_same_stays_as_it_is(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let condition = || ClaimCondition::new("email", "EQUALS", OWNER).unwrap();
    let new = NewProfile {
        name: "ops".to_owned(),
        ..NewProfile::default()
    };
    let profile = iam.create_profile(&owner, new).await.unwrap().id;
    let terms = || ProfileRuleTerms {
        name: "ours".to_owned(),
        kind: ProfileRuleKind::Saml {
            realm: OWN_REALM.to_owned(),
            expiration_seconds: 900,
        },
        conditions: vec![condition()],
    };
    let rule = iam.create_profile_rule(&owner, profile, terms()).await;
    let rule = rule.unwrap();
    let same = iam.replace_profile_rule(&owner, (profile, rule.id), "*", terms());
    assert_eq!(same.await.unwrap(), rule);

    let made = iam.create_access_group(&owner, "team", String::new()).await;
    let team = made.unwrap().id;
    let terms = || GroupRuleTerms {
        name: "ours".to_owned(),
        realm: OWN_REALM.to_owned(),
        expiration_hours: 24,
        conditions: vec![condition()],
    };
    let rule = iam.create_group_rule(&owner, team, terms()).await.unwrap();
    let same = iam.replace_group_rule(&owner, (team, rule.id), "*", terms());
    assert_eq!(same.await.unwrap(), rule);

    let terms = || CustomRoleTerms {
        display_name: "Sender".to_owned(),
        description: String::new(),
        actions: vec!["domain.write".to_owned()],
    };
    let new = NewCustomRole {
        name: "Sender".to_owned(),
        terms: terms(),
    };
    let role = iam.create_custom_role(&owner, new).await.unwrap();
    let same = iam.replace_custom_role(&owner, role.id, "*", terms()).await;
    assert_eq!(same.unwrap(), role);

    let account = world.made.account.to_string();
    let terms = || PolicyTerms {
        condition: ConditionTerms::NotInForm,
        subject: PolicySubject::Group(team),
        grant: PolicyGrant {
            description: String::new(),
            roles: vec![PolicyRole::Named(NamedRole::Viewer)],
            attributes: vec![Attribute::read("accountId", None, &account).unwrap()],
        },
    };
    let policy = iam.create_policy(&owner, terms()).await.unwrap();
    let same = iam.replace_policy(&owner, policy.id, "*", terms()).await;
    assert_eq!(same.unwrap(), policy);
    let same = iam.switch_policy(&owner, policy.id, "*", true).await;
    assert_eq!(same.unwrap(), policy);

    for event in [
        "profile_rule_changed",
        "group_rule_changed",
        "custom_role_changed",
        "policy_changed",
    ] {
        assert_eq!(count(&world, event).await, 0, "{event}");
    }
}

async fn settings_of_a_domain_are_not_set_again(world: World) {
    let (iam, domain) = (&world.iam, Domain::Space(world.space()));
    let node = world.node().await;
    let set = async |at: &iam::Iam, change: DomainChange| {
        let key = Credential::ApiKey(world.made.api_key.expose());
        let scope = at.verifier().scope(key, Some(domain)).unwrap();
        let who = (&scope, AuditedCredential::ApiKey);
        let done = at.configure(who, &change, || Ok(scope.clone())).await;
        done.unwrap();
        count(&world, "domain_configured").await
    };
    let seconds = |seconds: Option<u32>| DomainChange {
        resolution_seconds: Some(seconds),
        ..DomainChange::default()
    };
    let schemas = |text: Option<&str>| DomainChange {
        schemas: Some(text.map(str::to_owned)),
        ..DomainChange::default()
    };
    let key_first = |is_taken: bool| DomainChange {
        key_before_names: Some(is_taken),
        ..DomainChange::default()
    };
    // As it is from the beginning.
    for same in [DomainChange::default(), seconds(None), schemas(None)] {
        assert_eq!(set(iam, same).await, 0);
    }
    assert_eq!(set(iam, seconds(Some(60))).await, 1);
    assert_eq!(set(&node, seconds(Some(60))).await, 1);
    assert_eq!(node.resolution_seconds(domain), Some(60));
    let text = "[all]\npattern = .*\nretentions = 60s:1d\n";
    assert_eq!(set(iam, schemas(Some(text))).await, 2);
    assert_eq!(set(iam, schemas(Some(text))).await, 2);
    assert_eq!(set(iam, schemas(None)).await, 3);
    assert_eq!(set(iam, key_first(true)).await, 4);
    assert_eq!(set(iam, key_first(true)).await, 4);
    // What stays is not told beside what changes.
    let both = DomainChange {
        key_before_names: Some(true),
        ..seconds(None)
    };
    assert_eq!(set(iam, both).await, 5);
    let found = iam.audit(Page::default()).await.unwrap();
    let of_settings = |entry: &&Recorded| entry.event == "domain_configured";
    let last = found.iter().rfind(of_settings).unwrap();
    let details = last.details.as_str();
    assert!(details.contains("resolution_seconds"), "{details}");
    assert!(!details.contains("key_before_names"), "{details}");
    node.close().await;
}

async fn a_limit_of_an_account_is_not_set_again(world: World) {
    let (iam, account) = (&world.iam, world.made.account);
    let node = world.node().await;
    let set = async |at: &iam::Iam, values: &[(&str, Option<u64>)]| {
        let values = values.iter();
        let changes: Vec<(String, Option<u64>)> = values
            .map(|(name, value)| ((*name).to_owned(), *value))
            .collect();
        at.set_account_limits(account, &changes).await.unwrap();
        count(&world, "account_limited").await
    };
    let spaces = |at: &iam::Iam| at.account_limit(account, &SPACES_PER_ACCOUNT);
    let usual = spaces(iam);
    let name = SPACES_PER_ACCOUNT.name;
    assert_eq!(set(iam, &[(name, None)]).await, 0);
    assert_eq!(set(iam, &[(name, Some(7))]).await, 1);
    assert_eq!(set(&node, &[(name, Some(7))]).await, 1);
    assert_eq!(spaces(&node), 7);
    let other = ORGANIZATIONS_PER_ACCOUNT.name;
    assert_eq!(set(iam, &[(name, Some(7)), (other, Some(8))]).await, 2);
    assert_eq!(set(iam, &[(name, None), (other, None)]).await, 3);
    assert_eq!(spaces(iam), usual);
    node.close().await;
}

async fn an_instance_is_not_changed_again(world: World) {
    let (owner, iam, space) = (world.owner(), &world.iam, world.space());
    let new = NewInstance {
        name: "monitoring".to_owned(),
        space,
        region: iam.regions().first().unwrap().name.clone(),
        group: ResourceGroup::default_of(world.made.account),
        plan: Plan::Premium,
        locked: false,
    };
    let id = iam.create_instance(&owner, &new).await.unwrap().id;
    let node = world.node().await;
    let to_lite = || InstanceChange {
        plan: Some(Plan::Lite),
        ..InstanceChange::default()
    };
    let (changed, switched) = ("resource_instance_changed", "resource_instance_switched");
    for at in [iam, iam, &node] {
        at.update_instance(&owner, id, to_lite()).await.unwrap();
        // When it is answered, also where another node has made the change.
        assert_eq!(at.plan_of(Domain::Space(space)), Some(Plan::Lite));
        assert_eq!(count(&world, changed).await, 1);
    }
    for at in [&node, &node, iam] {
        assert!(at.lock_instance(&owner, id, true).await.unwrap().locked);
        assert!(at.instance(&owner, id).await.unwrap().locked);
        assert_eq!(count(&world, switched).await, 1);
    }
    node.close().await;
}
