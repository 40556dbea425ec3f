//! Who has read the newest version changes it at either node, though the node has not heard of it; an older one is refused at both.

use crate::world::{World, code, on_both_databases};
use base::principal::Principal;
use iam::claim_condition::ClaimCondition;
use iam::directory::{Attribute, NamedRole, OWN_REALM, PolicyRole, PolicySubject, ProfileRuleKind};
use iam::manage::access_group::{AccessGroupChange, access_group_tag};
use iam::manage::access_policy::{PolicyGrant, PolicyTerms, policy_tag};
use iam::manage::api_key::{self, KeyChange, NewKey};
use iam::manage::custom_role::{CustomRoleTerms, NewCustomRole, custom_role_tag};
use iam::manage::group_rule::{GroupRuleTerms, group_rule_tag};
use iam::manage::policy_condition::ConditionTerms;
use iam::manage::profile::{NewProfile, ProfileChange, profile_tag};
use iam::manage::profile_identity::{NewProfileIdentity, profile_identities_tag};
use iam::manage::profile_rule::{ProfileRuleTerms, profile_rule_tag};
use iam::manage::service_id::{self, NewService, ServiceChange};
use iam::manage::service_id_group;
use iam::{Iam, IamError};

on_both_databases!(
    of_keys_service_ids_and_their_groups,
    of_profiles_their_rules_and_identities,
    of_access_groups_and_their_rules,
    of_policies_and_roles,
);

/// Changes something at one node and the other in turn, each time in the version that the other has just made. No node listens: what it
/// knows of the other it has asked for.
async fn in_turn(
    (here, there): (&Iam, &Iam),
    first: String,
    change: impl AsyncFn(&Iam, &str, String) -> Result<String, IamError>,
) {
    let mut tags = vec![first];
    for (turn, node) in [there, here, there, here].into_iter().enumerate() {
        let newest = tags.last().unwrap();
        let changed = change(node, newest, format!("change {turn}")).await;
        tags.push(changed.unwrap());
    }
    let newest = tags.pop().unwrap();
    for stale in &tags {
        assert_ne!(*stale, newest);
        for node in [here, there] {
            let late = change(node, stale, "late".to_owned()).await;
            assert_eq!(code(late), "conflict", "{stale}");
        }
    }
}

async fn of_keys_service_ids_and_their_groups(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let node = world.node().await;
    let (key, _) = world.key(&owner, NewKey::default()).await;
    let first = api_key::entity_tag(&iam.api_key(&owner, key).await.unwrap());
    in_turn((iam, &node), first, async |node, tag, text| {
        let change = KeyChange {
            description: Some(text),
            ..KeyChange::default()
        };
        let changed = node.update_api_key(&owner, key, tag, change).await?;
        Ok(api_key::entity_tag(&changed))
    })
    .await;

    let new = NewService {
        name: "ci".to_owned(),
        ..NewService::default()
    };
    let made = iam.create_service_id(&owner, new, None).await.unwrap();
    let made = made.service;
    in_turn(
        (iam, &node),
        service_id::entity_tag(&made),
        async |node, tag, text| {
            let change = ServiceChange {
                description: Some(text),
                ..ServiceChange::default()
            };
            let changed = node.update_service_id(&owner, made.id, tag, change).await?;
            Ok(service_id::entity_tag(&changed))
        },
    )
    .await;

    let made = iam.create_service_id_group(&owner, "ci", String::new());
    let made = made.await.unwrap();
    let first = service_id_group::entity_tag(&made);
    in_turn((iam, &node), first, async |node, tag, text| {
        let changed = node.update_service_id_group(&owner, made.id, tag, (&text, None));
        Ok(service_id_group::entity_tag(&changed.await?))
    })
    .await;
    node.close().await;
}

async fn of_profiles_their_rules_and_identities(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let (subject, _) = world.service().await;
    let node = world.node().await;
    let new = NewProfile {
        name: "ops".to_owned(),
        ..NewProfile::default()
    };
    let made = iam.create_profile(&owner, new).await.unwrap();
    let profile = made.id;
    in_turn((iam, &node), profile_tag(&made), async |node, tag, text| {
        let change = ProfileChange {
            description: Some(text),
            ..ProfileChange::default()
        };
        let changed = node.update_profile(&owner, profile, tag, change).await?;
        Ok(profile_tag(&changed))
    })
    .await;

    let first = profile_identities_tag(&made);
    in_turn((iam, &node), first, async |node, tag, text| {
        let all = [NewProfileIdentity {
            principal: subject,
            description: text,
        }];
        let changed = node.set_profile_identities(&owner, profile, tag, &all);
        Ok(profile_identities_tag(&changed.await?))
    })
    .await;

    let terms = |name: String| ProfileRuleTerms {
        name,
        kind: ProfileRuleKind::Saml {
            realm: OWN_REALM.to_owned(),
            expiration_seconds: 900,
        },
        conditions: conditions(),
    };
    let made = iam.create_profile_rule(&owner, profile, terms("first".to_owned()));
    let made = made.await.unwrap();
    in_turn(
        (iam, &node),
        profile_rule_tag(&made),
        async |node, tag, text| {
            let rule = (profile, made.id);
            let changed = node.replace_profile_rule(&owner, rule, tag, terms(text));
            Ok(profile_rule_tag(&changed.await?))
        },
    )
    .await;
    node.close().await;
}

fn conditions() -> Vec<ClaimCondition> {
    vec![ClaimCondition::new("email", "EQUALS", "a@example.org").unwrap()]
}

async fn of_access_groups_and_their_rules(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let node = world.node().await;
    let made = iam.create_access_group(&owner, "team", String::new());
    let made = made.await.unwrap();
    let group = made.id;
    in_turn(
        (iam, &node),
        access_group_tag(&made),
        async |node, tag, text| {
            let change = AccessGroupChange {
                name: None,
                description: Some(text),
            };
            let changed = node.update_access_group(&owner, group, tag, change).await?;
            Ok(access_group_tag(&changed))
        },
    )
    .await;

    let terms = |name: String| GroupRuleTerms {
        name,
        realm: OWN_REALM.to_owned(),
        expiration_hours: 24,
        conditions: conditions(),
    };
    let made = iam.create_group_rule(&owner, group, terms("first".to_owned()));
    let made = made.await.unwrap();
    in_turn(
        (iam, &node),
        group_rule_tag(&made),
        async |node, tag, text| {
            let rule = (group, made.id);
            let changed = node.replace_group_rule(&owner, rule, tag, terms(text));
            Ok(group_rule_tag(&changed.await?))
        },
    )
    .await;
    node.close().await;
}

async fn of_policies_and_roles(world: World) {
    let (owner, iam, account) = (world.owner(), &world.iam, world.made.account);
    let (subject, _): (Principal, String) = world.service().await;
    let node = world.node().await;
    let terms = |description: String| PolicyTerms {
        condition: ConditionTerms::NotInForm,
        subject: PolicySubject::Principal(subject),
        grant: PolicyGrant {
            description,
            roles: vec![PolicyRole::Named(NamedRole::Viewer)],
            attributes: vec![Attribute::read("accountId", None, &account.to_string()).unwrap()],
        },
    };
    let made = iam.create_policy(&owner, terms("first".to_owned())).await;
    let made = made.unwrap();
    in_turn((iam, &node), policy_tag(&made), async |node, tag, text| {
        let changed = node.replace_policy(&owner, made.id, tag, terms(text));
        Ok(policy_tag(&changed.await?))
    })
    .await;

    // Out of force at one node, in force again at the other.
    let off = iam.switch_policy(&owner, made.id, "*", false).await;
    let off = policy_tag(&off.unwrap());
    let on = node.switch_policy(&owner, made.id, &off, true).await;
    assert!(on.unwrap().active);

    let terms = |display_name: String| CustomRoleTerms {
        display_name,
        description: String::new(),
        actions: vec!["domain.write".to_owned()],
    };
    let new = NewCustomRole {
        name: "Sender".to_owned(),
        terms: terms("Sender".to_owned()),
    };
    let made = iam.create_custom_role(&owner, new).await.unwrap();
    in_turn(
        (iam, &node),
        custom_role_tag(&made),
        async |node, tag, text| {
            let changed = node.replace_custom_role(&owner, made.id, tag, terms(text));
            Ok(custom_role_tag(&changed.await?))
        },
    )
    .await;
    node.close().await;
}
