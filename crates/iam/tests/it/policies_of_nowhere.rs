//! Access policies whose attributes nothing in the account has together.

use crate::access_policies::give;
use crate::world::{World, code, on_both_databases};
use iam::directory::{Attribute, NamedRole, PolicyRole, PolicySubject};
use iam::manage::access_policy::{PolicyGrant, PolicyTerms};
use iam::manage::invitation::{InvitedAccess, Invitee};
use iam::manage::policy_condition::ConditionTerms;

on_both_databases!(
    one_that_could_be_met_nowhere_is_refused,
    one_for_a_deleted_space_is_changed_beside_its_attributes,
    one_for_what_another_node_has_just_deleted_is_refused,
);

async fn one_for_a_deleted_space_is_changed_beside_its_attributes(world: World) {
    let owner = world.owner();
    let (subject, _) = world.service().await;
    let space = world.iam.create_space(&owner, world.org(), "later gone");
    let space = space.await.unwrap().id;
    let named = space.to_string();
    let attributes = [("spaceId", named.as_str())];
    let made = give(&world, subject, &attributes).await.unwrap();
    world.iam.delete_space(&owner, space).await.unwrap();
    let terms_with = |description: &str, attributes| PolicyTerms {
        condition: ConditionTerms::NotInForm,
        subject: made.subject,
        grant: PolicyGrant {
            description: description.to_owned(),
            roles: made.roles.clone(),
            attributes,
        },
    };
    let terms = terms_with("of what was", made.attributes.clone());
    let replaced = world.iam.replace_policy(&owner, made.id, "*", terms).await;
    assert_eq!(replaced.unwrap().description, "of what was");
    // What is named anew has to be there.
    let mut others = made.attributes.clone();
    others.reverse();
    let terms = terms_with("of what was", others);
    let refused = world.iam.replace_policy(&owner, made.id, "*", terms).await;
    assert_eq!(code(refused), "field");
}

async fn one_for_what_another_node_has_just_deleted_is_refused(world: World) {
    let (owner, iam, account) = (world.owner(), &world.iam, world.made.account);
    let (subject, _) = world.service().await;
    let made = give(&world, subject, &[]).await.unwrap();
    let org = iam.create_org(&owner, "soon gone", None).await.unwrap().id;
    let space = iam.create_space(&owner, org, "soon gone").await.unwrap().id;
    let group = iam.create_resource_group(&owner, "soon gone").await;
    let group = group.unwrap().id;
    let node = world.node().await;
    iam.delete_org(&owner, org, true).await.unwrap();
    iam.delete_resource_group(&owner, group).await.unwrap();
    let (org, space, group) = (org.to_string(), space.to_string(), group.to_string());
    for named in [
        vec![("organizationId", &org)],
        vec![("spaceId", &space)],
        vec![("resourceGroupId", &group)],
        vec![("resourceType", &"space".to_owned()), ("resource", &space)],
    ] {
        let whole = [("accountId", &account.to_string())];
        let attributes = whole.iter().chain(&named);
        let attributes = attributes.map(|(key, value)| Attribute::read(key, None, value).unwrap());
        let grant = PolicyGrant {
            description: String::new(),
            roles: vec![PolicyRole::Named(NamedRole::Editor)],
            attributes: attributes.collect(),
        };
        let terms = PolicyTerms {
            condition: ConditionTerms::NotInForm,
            subject: PolicySubject::Principal(subject),
            grant: grant.clone(),
        };
        let created = node.create_policy(&owner, terms.clone()).await;
        assert_eq!(code(created), "field", "{named:?}");
        let replaced = node.replace_policy(&owner, made.id, "*", terms).await;
        assert_eq!(code(replaced), "field", "{named:?}");
        let invitee = Invitee {
            email: "erin@example.org".to_owned(),
            role: None,
        };
        let access = InvitedAccess {
            policies: vec![grant],
            groups: Vec::new(),
        };
        let invited = node.invite_with(&owner, account, &[invitee], access).await;
        assert_eq!(code(invited), "field", "{named:?}");
    }
    // It is refused by the transaction: this node still has all of them in its directory.
    let group = node.resource_group(&owner, group.parse().unwrap()).await;
    group.unwrap();
    node.close().await;
}

async fn one_that_could_be_met_nowhere_is_refused(world: World) {
    let owner = world.owner();
    let (subject, _) = world.service().await;
    let other = world.iam.create_org(&owner, "other", None).await;
    let other = other.unwrap().id;
    let (space, org) = (world.space().to_string(), world.org().to_string());
    let (space, org, other) = (space.as_str(), org.as_str(), other.to_string());
    let other = other.as_str();
    let kind = |kind| ("resourceType", kind);
    let in_space = ("spaceId", space);
    for (more, named) in [
        (
            vec![in_space, ("organizationId", other)],
            ["spaceId", "organizationId"],
        ),
        (
            vec![in_space, kind("organization")],
            ["spaceId", "resourceType"],
        ),
        (vec![in_space, kind("account")], ["spaceId", "resourceType"]),
        (
            vec![in_space, kind("organization"), ("resource", org)],
            ["spaceId", "resourceType"],
        ),
        (
            vec![("organizationId", org), kind("account")],
            ["organizationId", "resourceType"],
        ),
        (
            vec![
                ("organizationId", org),
                kind("organization"),
                ("resource", other),
            ],
            ["organizationId", "resource"],
        ),
        (
            vec![
                ("organizationId", other),
                kind("space"),
                ("resource", space),
            ],
            ["organizationId", "resource"],
        ),
    ] {
        let refused = give(&world, subject, &more).await.unwrap_err();
        let refused = refused.refusal().unwrap().to_string();
        for name in named {
            assert!(refused.contains(&format!("`{name}`")), "{refused}");
        }
    }
    let both = [in_space, kind("space"), ("resource", space)];
    give(&world, subject, &both).await.unwrap();
    let both = [("organizationId", org), kind("space")];
    give(&world, subject, &both).await.unwrap();
}
