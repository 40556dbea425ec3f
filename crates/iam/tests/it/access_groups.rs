//! Access groups through their interface: who is in one, by name, by a rule or because all are, and what its policies give them, from
//! when and until when, on every node.

use crate::world::Whole as _;
use crate::world::{OWNER, World, access_token, code, on_both_databases, secret, source};
use base::id::{AccessGroupId, GroupRuleId};
use base::limit;
use base::principal::Principal;
use base::scope::{Action, Actions, Domain};
use iam::claim_condition::ClaimCondition;
use iam::directory::{
    AccessGroup, Attribute, CLAIMS, MembershipKind, NamedRole, OWN_REALM, Policy, PolicyRole,
    PolicySubject,
};
use iam::manage::access_group::{AccessGroupChange, GroupsOf, access_group_tag};
use iam::manage::access_policy::{PolicyGrant, PolicyTerms};
use iam::manage::account_user::NameChange;
use iam::manage::group_member::{MemberOrder, MemberSelection};
use iam::manage::group_rule::{GroupRuleTerms, group_rule_tag};
use iam::manage::invitation::Invitee;
use iam::manage::page::PageRequest;
use iam::manage::policy_condition::ConditionTerms;
use iam::{AuthError, Credential, Iam, IamError, Identity, Reason};
use std::cmp::Ordering;

on_both_databases!(
    members_have_what_the_policies_of_their_group_give_on_every_node,
    each_wish_has_its_own_outcome,
    a_rule_lets_in_whom_it_describes,
    a_rule_compares_what_the_tokens_of_users_say,
    a_rule_that_only_a_newer_node_knows_is_left_out,
    everybody_is_in_the_public_group_while_there_is_one,
    a_group_goes_with_its_policies_and_the_account_with_its_groups,
    of_two_changes_of_one_version_one_happens,
);

async fn group(world: &World, name: &str) -> AccessGroupId {
    let owner = world.owner();
    let made = world.iam.create_access_group(&owner, name, String::new());
    made.await.unwrap().id
}

/// Gives a group the role of a viewer in the whole account.
async fn give(world: &World, group: AccessGroupId) -> Result<Policy, IamError> {
    let account = world.made.account.to_string();
    let terms = PolicyTerms {
        condition: ConditionTerms::NotInForm,
        subject: PolicySubject::Group(group),
        grant: PolicyGrant {
            description: String::new(),
            roles: vec![PolicyRole::Named(NamedRole::Viewer)],
            attributes: vec![Attribute::read("accountId", None, &account).unwrap()],
        },
    };
    world.iam.create_policy(&world.owner(), terms).await
}

fn actions(iam: &Iam, key: &str, domain: Domain) -> Actions {
    let scope = iam.verifier().scope(Credential::ApiKey(key), Some(domain));
    match scope {
        Ok(scope) => scope.actions(),
        Err(AuthError::DomainNotFound(_)) => Actions::NONE,
        Err(other) => panic!("{other}"),
    }
}

async fn members_have_what_the_policies_of_their_group_give_on_every_node(world: World) {
    let owner = world.owner();
    let space = Domain::Space(world.space());
    let (member, key) = world.service().await;
    let (other, other_key) = world.service().await;
    let team = group(&world, "team").await;
    let node = world.node().await;
    give(&world, team).await.unwrap();
    assert!(actions(&world.iam, &key, space).is_empty());

    let wish = [(team, member)];
    let added = world.iam.add_to_groups(&owner, &wish).await.unwrap();
    assert_eq!(added[0].as_ref().unwrap().by, owner.principal());
    node.sync().await.unwrap();
    for iam in [&world.iam, &node] {
        assert_eq!(
            actions(iam, &key, space),
            NamedRole::Viewer.actions(),
            "at once"
        );
        assert!(actions(iam, &other_key, space).is_empty(), "of nobody else");
    }
    // Who is in it sees it, and nothing else of it.
    let caller = world.enter_key(&key).unwrap();
    assert_eq!(
        world.iam.access_group(&caller, team).await.unwrap().name,
        "team"
    );
    world
        .iam
        .check_group_member(&caller, team, member)
        .await
        .unwrap();
    let selection = MemberSelection {
        kind: None,
        order: MemberOrder::Id,
        reverse: false,
    };
    let all = |caller: &Identity| {
        let window = PageRequest::WHOLE;
        world
            .iam
            .group_members(caller, team, selection, |_| true, window)
    };
    assert_eq!(code(all(&caller)), "not_allowed");
    let listed = all(&owner).unwrap();
    assert_eq!((listed.total, listed.entries[0].principal), (1, member));
    assert_eq!(listed.entries[0].kind, MembershipKind::Static);
    let joins = world.iam.add_to_groups(&caller, &[(team, other)]).await;
    assert_eq!(code(joins), "not_allowed");
    let stranger = world.enter_key(&other_key).unwrap();
    assert_eq!(
        code(world.iam.access_group(&stranger, team).await),
        "not_found",
        "as if it were not there"
    );
    let any = |_: &AccessGroup, _: &AccessGroup| Ordering::Equal;
    let groups_of = |caller: &Identity, principal| {
        let kind = None;
        let whose = Some(GroupsOf { principal, kind });
        let window = PageRequest::WHOLE;
        world
            .iam
            .access_groups(caller, whose, |_| true, any, window)
    };
    assert_eq!(groups_of(&caller, member).unwrap().total, 1);
    assert_eq!(code(groups_of(&caller, other)), "not_allowed");
    assert_eq!(groups_of(&owner, other).unwrap().total, 0);

    // By another node, and out again.
    let removed = node.remove_from_groups(&owner, &wish).await.unwrap();
    assert_eq!(removed, [Ok(())]);
    world.iam.sync().await.unwrap();
    for iam in [&world.iam, &node] {
        assert!(actions(iam, &key, space).is_empty());
    }
    assert!(iam::inspect::matches_database(&node).await.unwrap());
    node.close().await;
}

async fn each_wish_has_its_own_outcome(world: World) {
    let owner = world.owner();
    let (member, _) = world.service().await;
    let team = group(&world, "team").await;
    let nobody = Principal::User(base::id::UserId(team.0));
    let nowhere = AccessGroupId(world.made.account.0);
    let wishes = [
        (team, member),
        (team, nobody),
        (nowhere, member),
        (team, member),
    ];
    let outcomes = world.iam.add_to_groups(&owner, &wishes).await.unwrap();
    let is_in: Vec<bool> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(is_in, [true, false, false, true]);
    for refused in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        assert_eq!(refused.reason, Reason::NotFound);
    }
    world.wait(60);
    let in_team = [(team, member)];
    let again = world.iam.add_to_groups(&owner, &in_team).await.unwrap();
    assert_eq!(again[0], outcomes[0], "who is in it stays as they came");

    // In as many as one may be, and in no further one.
    let most = limit::GROUPS_PER_MEMBER.default;
    let mut groups = vec![team];
    for number in 1..=most {
        groups.push(group(&world, &format!("team {number}")).await);
    }
    let wishes: Vec<_> = groups.iter().map(|group| (*group, member)).collect();
    let outcomes = world.iam.add_to_groups(&owner, &wishes).await.unwrap();
    let (last, first) = outcomes.split_last().unwrap();
    assert_eq!(first.len() as u64, most);
    assert!(first.iter().all(Result::is_ok));
    let refused = last.as_ref().unwrap_err();
    assert_eq!(
        refused.limit.map(|limit| limit.name),
        Some("groups_per_member")
    );
    assert_eq!(world.iam.directory().groups_of(member).count() as u64, most);

    let gone = world.iam.remove_from_all_groups(&owner, member).await;
    assert_eq!(gone.unwrap().len() as u64, most);
    assert_eq!(world.iam.directory().groups_of(member).count(), 0);
    let gone = world.iam.remove_from_all_groups(&owner, member).await;
    assert_eq!(code(gone), "not_found");
    let removed = world.iam.remove_from_groups(&owner, &in_team).await;
    let refused = removed.unwrap().remove(0).unwrap_err();
    assert_eq!(refused.reason, Reason::NotFound);
}

fn rule(claim: &str, operator: &str, value: &str) -> GroupRuleTerms {
    GroupRuleTerms {
        name: "ours".to_owned(),
        realm: OWN_REALM.to_owned(),
        expiration_hours: 24,
        conditions: vec![ClaimCondition::new(claim, operator, value).unwrap()],
    }
}

async fn a_rule_compares_what_the_tokens_of_users_say(world: World) {
    let (owner, account) = (world.owner(), world.made.account);
    let id = owner.principal().user().unwrap();
    let user = world.iam.account_user(&owner, account, id).await.unwrap();
    let change = NameChange {
        given_name: Some("Ada".to_owned()),
        family_name: Some("L".to_owned()),
    };
    let renamed = world.iam.rename_user(&owner, account, &user, change);
    renamed.await.unwrap();
    let token = access_token(&world.log_in().await);
    let (claims, _) = world.iam.introspect(Credential::Iam(&token)).unwrap();
    let claims = serde_json::to_value(&claims).unwrap();
    for claim in CLAIMS {
        let group = group(&world, claim).await;
        let terms = rule(claim, "EQUALS", &claims[claim].to_string());
        let made = world.iam.create_group_rule(&owner, group, terms).await;
        made.unwrap();
        let directory = world.iam.directory();
        assert!(directory.is_in_group(owner.principal(), group), "{claim}");
    }
}

async fn a_rule_that_only_a_newer_node_knows_is_left_out(world: World) {
    let owner = world.owner();
    let group = group(&world, "ops").await;
    for operator in ["EQUALS", "CONTAINS"] {
        let terms = rule("email", operator, OWNER);
        let made = world.iam.create_group_rule(&owner, group, terms).await;
        made.unwrap();
    }
    let db = world.database().await;
    let sql =
        "UPDATE access_group_rules SET conditions = REPLACE(conditions, 'CONTAINS', 'RESEMBLES')";
    #[expect(clippy::disallowed_methods, reason = "as a newer node would")]
    db.execute(sql, &[]).await.unwrap();
    db.close().await;
    let node = world.node().await;
    let rules = node.group_rules(&owner, group).await.unwrap();
    assert_eq!(rules.len(), 1);
    assert_eq!(rules[0].conditions[0].operator().name(), "EQUALS");
    node.close().await;
}

async fn a_rule_lets_in_whom_it_describes(world: World) {
    const BEA: &str = "bea@example.org";
    let (owner, account) = (world.owner(), world.made.account);
    let wanted = [Invitee {
        email: BEA.to_owned(),
        role: None,
    }];
    let invited = world.iam.invite(&owner, account, &wanted);
    let one_time_code = invited.await.unwrap().remove(0).code.unwrap();
    let chosen = secret("chosen at the beginning");
    let redeemed = world
        .iam
        .redeem(source(), BEA, &one_time_code, chosen.clone());
    redeemed.await.unwrap();
    let tokens = world.password(BEA, chosen.expose()).await.unwrap();
    let bea = world.enter(&access_token(&tokens)).unwrap().principal();
    let space = Domain::Space(world.space());
    let node = world.node().await;
    let can_render = |iam: &Iam| iam.directory().actions(bea, space).contains(Action::Render);

    let team = group(&world, "team").await;
    give(&world, team).await.unwrap();
    assert!(!can_render(&world.iam));
    let of_team = rule("email", "EQUALS", "\"bea@example.org\"");
    let made = world.iam.create_group_rule(&owner, team, of_team);
    let made = made.await.unwrap();
    node.sync().await.unwrap();
    for iam in [&world.iam, &node] {
        assert!(can_render(iam));
        let directory = iam.directory();
        assert!(!directory.is_in_group(owner.principal(), team));
        let kind = directory.membership_kind(bea, team);
        assert_eq!(kind, Some(MembershipKind::Dynamic));
    }
    // Nobody is taken out who was not put in.
    let removed = world.iam.remove_from_groups(&owner, &[(team, bea)]).await;
    assert!(removed.unwrap()[0].is_err() && can_render(&world.iam));

    let of_owner = rule("email", "IN", &format!("[\"{OWNER}\"]"));
    let stale = group_rule_tag(&made);
    let changed = world
        .iam
        .replace_group_rule(&owner, (team, made.id), &stale, of_owner.clone());
    changed.await.unwrap();
    assert!(!can_render(&world.iam));
    let directory = world.iam.directory();
    assert!(directory.is_in_group(owner.principal(), team));
    let late = world
        .iam
        .replace_group_rule(&owner, (team, made.id), &stale, of_owner);
    assert_eq!(code(late.await), "conflict");
    let second = rule("email", "CONTAINS", "bea@");
    let second = world.iam.create_group_rule(&owner, team, second).await;
    let second: GroupRuleId = second.unwrap().id;
    assert!(can_render(&world.iam));
    let deleted = world.iam.delete_group_rule(&owner, team, second).await;
    deleted.unwrap();
    assert!(!can_render(&world.iam));
    assert_eq!(world.iam.group_rules(&owner, team).await.unwrap().len(), 1);

    // What is never met, or always, is not stored.
    let elsewhere = GroupRuleTerms {
        realm: "https://idp.example".to_owned(),
        ..rule("email", "EQUALS", "a")
    };
    let boundless = GroupRuleTerms {
        conditions: Vec::new(),
        ..rule("email", "EQUALS", "a")
    };
    let endless = GroupRuleTerms {
        expiration_hours: 25,
        ..rule("email", "EQUALS", "a")
    };
    let unknown = rule("isManager", "EQUALS", "true");
    for (wrong, field) in [
        (elsewhere, "realm_name"),
        (boundless, "conditions"),
        (endless, "expiration"),
        (unknown, "claim"),
    ] {
        let refused = world.iam.create_group_rule(&owner, team, wrong).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.refusal().unwrap().field, Some(field));
    }
    node.sync().await.unwrap();
    assert!(iam::inspect::matches_database(&node).await.unwrap());
    node.close().await;
}

async fn everybody_is_in_the_public_group_while_there_is_one(world: World) {
    let owner = world.owner();
    let (_, key) = world.service().await;
    let public = AccessGroupId::public(world.made.account);
    let space = Domain::Space(world.space());
    // There is none at first, and no policy for it.
    assert_eq!(
        code(world.iam.access_group(&owner, public).await),
        "not_found"
    );
    assert_eq!(code(give(&world, public).await), "field");
    world.iam.switch_public_access(&owner, true).await.unwrap();
    assert!(world.iam.has_public_access(&owner).unwrap());
    let policy = give(&world, public).await.unwrap();
    assert!(actions(&world.iam, &key, space).contains(Action::Render));
    let change = AccessGroupChange::default();
    let changed = world.iam.update_access_group(&owner, public, "*", change);
    assert_eq!(code(changed.await), "not_allowed");
    let deleted = world.iam.delete_access_group(&owner, public, true).await;
    assert_eq!(code(deleted), "not_allowed");
    world.iam.switch_public_access(&owner, false).await.unwrap();
    assert!(actions(&world.iam, &key, space).is_empty());
    assert_eq!(code(world.iam.policy(&owner, policy.id).await), "not_found");
    // It does not come back with another one.
    world.iam.switch_public_access(&owner, true).await.unwrap();
    assert!(actions(&world.iam, &key, space).is_empty());
}

async fn a_group_goes_with_its_policies_and_the_account_with_its_groups(world: World) {
    let (owner, account) = (world.owner(), world.made.account);
    let (member, key) = world.service().await;
    let space = Domain::Space(world.space());
    let team = group(&world, "team").await;
    let policy = give(&world, team).await.unwrap();
    let added = world.iam.add_to_groups(&owner, &[(team, member)]).await;
    assert!(added.unwrap()[0].is_ok());
    let held = world.iam.delete_access_group(&owner, team, false).await;
    assert_eq!(code(held), "conflict");
    assert!(actions(&world.iam, &key, space).contains(Action::Render));
    let gone = world.iam.delete_access_group(&owner, team, true).await;
    gone.unwrap();
    assert!(actions(&world.iam, &key, space).is_empty());
    assert_eq!(code(world.iam.policy(&owner, policy.id).await), "not_found");
    assert_eq!(code(give(&world, team).await), "field");

    // Who leaves the account leaves its groups.
    let team = group(&world, "team").await;
    let (leaver, _) = world.service().await;
    let wishes = [(team, member), (team, leaver)];
    let added = world.iam.add_to_groups(&owner, &wishes).await.unwrap();
    assert_eq!(added.len(), 2);
    assert!(added.iter().all(Result::is_ok));
    let Principal::Service(id) = leaver else {
        panic!("{leaver}");
    };
    world.iam.delete_service_id(&owner, id).await.unwrap();
    give(&world, team).await.unwrap();
    let terms = rule("email", "EQUALS", OWNER);
    let made = world.iam.create_group_rule(&owner, team, terms).await;
    made.unwrap();
    world.iam.switch_public_access(&owner, true).await.unwrap();

    world.second_account().await;
    world.iam.delete_account(account).await.unwrap();
    assert!(world.iam.directory().actions(member, space).is_empty());
    assert_eq!(world.iam.directory().groups_of(member).count(), 0);
    world.iam.restore_account(account, None).await.unwrap();
    assert!(actions(&world.iam, &key, space).contains(Action::Render));
    assert_eq!(world.iam.directory().groups_of(member).count(), 2);
    world.iam.delete_account(account).await.unwrap();
    world.remove_deleted().await;
    let db = world.database().await;
    for sql in [
        "SELECT guid AS own FROM access_groups",
        "SELECT principal AS own FROM access_group_members",
        "SELECT guid AS own FROM access_group_rules",
        "SELECT account AS own FROM public_access",
        "SELECT guid AS own FROM policies",
    ] {
        let left = db.all(sql, &[]).await.unwrap();
        assert_eq!(left.len(), 0, "{sql}");
    }
    db.close().await;
}

async fn of_two_changes_of_one_version_one_happens(world: World) {
    let owner = world.owner();
    let made = world
        .iam
        .create_access_group(&owner, "team", "of old".to_owned());
    let made = made.await.unwrap();
    let (id, tag) = (made.id, access_group_tag(&made));
    let other = world.node().await;
    let rename = |iam: Iam, name: &str| {
        let (owner, tag, name) = (owner.clone(), tag.clone(), name.to_owned());
        async move {
            let change = AccessGroupChange {
                name: Some(name),
                description: None,
            };
            iam.update_access_group(&owner, id, &tag, change).await
        }
    };
    let first = rename(world.iam.clone(), "first");
    let (one, two) = tokio::join!(first, rename(other.clone(), "second"));
    let refused = match (one, two) {
        (Ok(changed), refused) | (refused, Ok(changed)) => {
            assert_eq!(changed.description, "of old");
            refused
        }
        (one, two) => panic!("{one:?} {two:?}"),
    };
    assert_eq!(code(refused), "conflict");
    world.iam.sync().await.unwrap();
    let group = world.iam.access_group(&owner, id).await.unwrap();
    assert!(matches!(group.name.as_str(), "first" | "second"));
    // A name is one group's.
    let twice = world
        .iam
        .create_access_group(&owner, &group.name, String::new());
    assert_eq!(code(twice.await), "conflict");
    let third = rename(world.iam.clone(), "third").await;
    assert_eq!(code(third), "conflict");
    other.close().await;
}
