//! What another node deleted or locked a moment ago is not changed by a node that has not heard of it yet: the caller is told that it is
//! gone or locked, whichever version they name, and not to read again what is not there.

use crate::world::{World, code, on_both_databases};
use iam::claim_condition::ClaimCondition;
use iam::directory::{Attribute, NamedRole, OWN_REALM, PolicyRole, PolicySubject, ProfileRuleKind};
use iam::manage::access_group::{AccessGroupChange, access_group_tag};
use iam::manage::access_policy::{PolicyGrant, PolicyTerms, policy_tag};
use iam::manage::api_key::{KeyChange, NewKey, Switch};
use iam::manage::custom_role::{CustomRoleTerms, NewCustomRole, custom_role_tag};
use iam::manage::group_rule::{GroupRuleTerms, group_rule_tag};
use iam::manage::policy_condition::ConditionTerms;
use iam::manage::profile::{NewProfile, ProfileChange, profile_tag};
use iam::manage::profile_identity::profile_identities_tag;
use iam::manage::profile_rule::{ProfileRuleTerms, profile_rule_tag};

on_both_databases!(
    a_profile_and_its_rule,
    an_access_group_and_its_rule,
    a_policy_and_a_role,
    an_api_key,
);

fn conditions() -> Vec<ClaimCondition> {
    vec![ClaimCondition::new("name", "EQUALS", "Ada").unwrap()]
}

async fn a_profile_and_its_rule(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let new = NewProfile {
        name: "ops".to_owned(),
        ..NewProfile::default()
    };
    let id = iam.create_profile(&owner, new).await.unwrap().id;
    let terms = ProfileRuleTerms {
        name: "ours".to_owned(),
        kind: ProfileRuleKind::Saml {
            realm: OWN_REALM.to_owned(),
            expiration_seconds: 900,
        },
        conditions: conditions(),
    };
    let rule = iam.create_profile_rule(&owner, id, terms.clone()).await;
    let rule = rule.unwrap();
    let late = world.node().await;

    iam.delete_profile_rule(&owner, id, rule.id).await.unwrap();
    for if_match in [profile_rule_tag(&rule), "*".to_owned()] {
        let changed = late.replace_profile_rule(&owner, (id, rule.id), &if_match, terms.clone());
        assert_eq!(code(changed.await), "not_found", "{if_match}");
    }
    let profile = late.profile(&owner, id).await.unwrap();
    iam.delete_profile(&owner, id).await.unwrap();
    let tag = profile_identities_tag(&profile);
    let named = late.set_profile_identities(&owner, id, &tag, &[]).await;
    assert_eq!(code(named), "not_found");
    for if_match in [profile_tag(&profile), "*".to_owned()] {
        let change = ProfileChange {
            name: Some("late".to_owned()),
            ..ProfileChange::default()
        };
        let changed = late.update_profile(&owner, id, &if_match, change).await;
        assert_eq!(code(changed), "not_found", "{if_match}");
    }
    late.close().await;
}

async fn an_access_group_and_its_rule(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let group = iam.create_access_group(&owner, "team", String::new());
    let id = group.await.unwrap().id;
    let terms = GroupRuleTerms {
        name: "ours".to_owned(),
        realm: OWN_REALM.to_owned(),
        expiration_hours: 24,
        conditions: conditions(),
    };
    let rule = iam.create_group_rule(&owner, id, terms.clone()).await;
    let rule = rule.unwrap();
    let late = world.node().await;

    iam.delete_group_rule(&owner, id, rule.id).await.unwrap();
    for if_match in [group_rule_tag(&rule), "*".to_owned()] {
        let changed = late.replace_group_rule(&owner, (id, rule.id), &if_match, terms.clone());
        assert_eq!(code(changed.await), "not_found", "{if_match}");
    }
    let group = late.access_group(&owner, id).await.unwrap();
    iam.delete_access_group(&owner, id, true).await.unwrap();
    for if_match in [access_group_tag(&group), "*".to_owned()] {
        let change = AccessGroupChange {
            name: Some("late".to_owned()),
            description: None,
        };
        let changed = late.update_access_group(&owner, id, &if_match, change);
        assert_eq!(code(changed.await), "not_found", "{if_match}");
    }
    late.close().await;
}

async fn a_policy_and_a_role(world: World) {
    let (owner, iam, account) = (world.owner(), &world.iam, world.made.account);
    let (subject, _) = world.service().await;
    let terms = PolicyTerms {
        condition: ConditionTerms::NotInForm,
        subject: PolicySubject::Principal(subject),
        grant: PolicyGrant {
            description: String::new(),
            roles: vec![PolicyRole::Named(NamedRole::Viewer)],
            attributes: vec![Attribute::read("accountId", None, &account.to_string()).unwrap()],
        },
    };
    let policy = iam.create_policy(&owner, terms).await.unwrap();
    let terms = |name: &str| CustomRoleTerms {
        display_name: name.to_owned(),
        description: String::new(),
        actions: vec!["domain.write".to_owned()],
    };
    let new = NewCustomRole {
        name: "Sender".to_owned(),
        terms: terms("Sends"),
    };
    let role = iam.create_custom_role(&owner, new).await.unwrap();
    let late = world.node().await;

    iam.delete_policy(&owner, policy.id).await.unwrap();
    iam.delete_custom_role(&owner, role.id).await.unwrap();
    let tag = policy_tag(&policy);
    let switched = late.switch_policy(&owner, policy.id, &tag, false).await;
    assert_eq!(code(switched), "not_found");
    let tag = custom_role_tag(&role);
    let changed = late.replace_custom_role(&owner, role.id, &tag, terms("Late"));
    assert_eq!(code(changed.await), "not_found");
    late.close().await;
}

async fn an_api_key(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let (id, _) = world.key(&owner, NewKey::default()).await;
    let key = iam.api_key(&owner, id).await.unwrap();
    let tag = iam::manage::api_key::entity_tag(&key);
    let late = world.node().await;
    let change = async || {
        let change = KeyChange {
            name: Some("late".to_owned()),
            ..KeyChange::default()
        };
        late.update_api_key(&owner, id, &tag, change).await
    };
    let switch = |on| iam.switch_api_key(&owner, id, Switch::Locked, on);
    switch(true).await.unwrap();
    assert_eq!(code(change().await), "locked");
    switch(false).await.unwrap();
    iam.delete_api_key(&owner, id).await.unwrap();
    assert_eq!(code(change().await), "not_found");
    late.close().await;
}
