//! For how long a dynamic rule of an access group lets in: some hours after its holder has proven who they are. What is got for a
//! credential counts from the proof of that.

use crate::delegated::delegate;
use crate::world::{
    Person, World, access_token, code, on_both_databases, refresh_token, secret, source,
};
use base::id::AccessGroupId;
use base::principal::Principal;
use base::scope::{Action, Domain};
use iam::claim_condition::ClaimCondition;
use iam::directory::{Attribute, NamedRole, OWN_REALM, PolicyRole, PolicySubject};
use iam::flow::grant::{Client, Grant, TokenRequest, Tokens};
use iam::flow::token_body::TokenBody;
use iam::flow::uaa::UaaGrant;
use iam::manage::access_policy::{PolicyGrant, PolicyTerms};
use iam::manage::api_key::NewKey;
use iam::manage::group_rule::GroupRuleTerms;
use iam::manage::policy_condition::ConditionTerms;
use iam::{AuthError, Credential, Iam, IamError};

on_both_databases!(
    a_rule_lets_in_for_its_hours_after_the_login,
    what_a_login_gives_has_its_proof_and_no_later_one,
    what_a_key_gives_counts_from_when_it_was_shown,
    other_memberships_and_policies_do_not_end,
    a_rule_takes_one_to_24_hours,
);

const BEA: &str = "bea@example.org";
const PASSWORD: &str = "chosen at the beginning";

fn rule(hours: u32) -> GroupRuleTerms {
    let condition = ClaimCondition::new("email", "EQUALS", "\"bea@example.org\"");
    GroupRuleTerms {
        name: "ours".to_owned(),
        realm: OWN_REALM.to_owned(),
        expiration_hours: hours,
        conditions: vec![condition.unwrap()],
    }
}

/// Lets whoever the policy is for query the whole account.
async fn give(world: &World, subject: PolicySubject) {
    let account = world.made.account.to_string();
    let terms = PolicyTerms {
        condition: ConditionTerms::NotInForm,
        subject,
        grant: PolicyGrant {
            description: String::new(),
            roles: vec![PolicyRole::Named(NamedRole::Viewer)],
            attributes: vec![Attribute::read("accountId", None, &account).unwrap()],
        },
    };
    let made = world.iam.create_policy(&world.owner(), terms).await;
    made.unwrap();
}

/// A user whom a rule of this many hours lets into a group that may query.
async fn ruled(world: &World, hours: u32) -> (Person, AccessGroupId) {
    let bea = world.person(BEA, None).await;
    let owner = world.owner();
    let made = world.iam.create_access_group(&owner, "team", String::new());
    let team = made.await.unwrap().id;
    give(world, PolicySubject::Group(team)).await;
    let made = world.iam.create_group_rule(&owner, team, rule(hours));
    made.await.unwrap();
    (bea, team)
}

async fn log_in(world: &World) -> Tokens {
    world.password(BEA, PASSWORD).await.unwrap()
}

/// Whether the credential may query the first space.
fn may_query(iam: &Iam, world: &World, credential: Credential<'_>) -> bool {
    let space = Domain::Space(world.space());
    match iam.verifier().scope(credential, Some(space)) {
        Ok(scope) => scope.actions().contains(Action::Render),
        Err(AuthError::DomainNotFound(_)) => false,
        Err(other) => panic!("{other}"),
    }
}

fn token_may_query(world: &World, tokens: &Tokens) -> bool {
    may_query(&world.iam, world, Credential::Iam(&access_token(tokens)))
}

fn auth_time(world: &World, tokens: &Tokens) -> i64 {
    let token = access_token(tokens);
    let (claims, _) = world.iam.introspect(Credential::Iam(&token)).unwrap();
    claims.auth_time.unwrap()
}

async fn renewed(world: &World, tokens: &Tokens) -> Tokens {
    world.renew(&refresh_token(tokens)).await.unwrap()
}

async fn a_rule_lets_in_for_its_hours_after_the_login(world: World) {
    let (bea, team) = ruled(&world, 2).await;
    let (_, key) = world.key(&bea.identity, NewKey::default()).await;
    let node = world.node().await;
    let first = log_in(&world).await;
    world.wait(3000);
    let second = renewed(&world, &first).await;
    world.wait(3000);
    let last = renewed(&world, &second).await;
    world.wait(1199);
    let token = access_token(&last);
    let caller = world.enter(&token).unwrap();
    world.iam.access_group(&caller, team).await.unwrap();
    for iam in [&world.iam, &node] {
        assert!(may_query(iam, &world, Credential::Iam(&token)));
    }

    // A renewed token states the second of its proof, and counts from the end of that.
    world.wait(2);
    for iam in [&world.iam, &node] {
        assert!(!may_query(iam, &world, Credential::Iam(&token)));
        assert!(may_query(iam, &world, Credential::ApiKey(&key)));
    }
    let caller = world.enter(&token).unwrap();
    assert_eq!(
        code(world.iam.access_group(&caller, team).await),
        "not_found"
    );
    assert!(token_may_query(&world, &log_in(&world).await));
    // Whoever asks about somebody is told of them as if they logged in now.
    let directory = world.iam.directory();
    assert!(directory.is_in_group(bea.id.into(), team));
    node.close().await;
}

async fn what_a_login_gives_has_its_proof_and_no_later_one(world: World) {
    ruled(&world, 1).await;
    let begun = world.clock_now().secs();
    let login = log_in(&world).await;
    assert_eq!(auth_time(&world, &login), begun);
    world.wait(3000);
    let refresh = refresh_token(&login);
    let presented = secret(&refresh);
    let (delegated, _) = delegate(&world, &refresh, 3600).await;
    let request = TokenRequest {
        source: source(),
        grant: Grant::RefreshToken(presented),
        client: Some(Client::Bx),
        account: None,
        with_uaa: false,
        delegated_seconds: None,
    };
    let passcode = world.iam.passcode(request).await.unwrap();
    let by_passcode = World::ask(&world.iam, Grant::Passcode(passcode), Some(Client::Bx)).await;
    let delegate = Grant::RefreshToken(secret(&delegated));
    let by_delegate = World::ask(&world.iam, delegate, Some(Client::Kube)).await;
    let all = [
        renewed(&world, &login).await,
        by_passcode.unwrap(),
        by_delegate.unwrap(),
    ];
    let for_uaa = UaaGrant::IamToken(secret(&access_token(&all[0])));
    let uaa = world.iam.uaa_token(source(), for_uaa).await.unwrap();
    let uaa = Credential::Uaa(uaa.access_token.expose());
    for tokens in &all {
        assert_eq!(auth_time(&world, tokens), begun);
        assert!(token_may_query(&world, tokens));
    }
    assert!(may_query(&world.iam, &world, uaa));
    world.wait(601);
    for tokens in &all {
        assert!(!token_may_query(&world, tokens));
    }
    assert!(!may_query(&world.iam, &world, uaa));
    let later = renewed(&world, &all[1]).await;
    assert_eq!(auth_time(&world, &later), begun);
    assert!(!token_may_query(&world, &later));
}

async fn what_a_key_gives_counts_from_when_it_was_shown(world: World) {
    let (bea, _) = ruled(&world, 1).await;
    let (_, key) = world.key(&bea.identity, NewKey::default()).await;
    let session = world.key_session(&key).await.unwrap();
    world.wait(3000);
    let exchanged = World::ask(&world.iam, Grant::ApiKey(secret(&key)), None).await;
    let exchanged = exchanged.unwrap();
    assert_eq!(auth_time(&world, &exchanged), world.clock_now().secs());
    let second = renewed(&world, &session).await;
    assert!(token_may_query(&world, &second));
    world.wait(601);
    assert!(!token_may_query(&world, &second), "the session's first");
    assert!(token_may_query(&world, &exchanged), "a new one");
    assert!(may_query(&world.iam, &world, Credential::ApiKey(&key)));
}

async fn other_memberships_and_policies_do_not_end(world: World) {
    let (bea, team) = ruled(&world, 1).await;
    let login = log_in(&world).await;
    world.wait(3000);
    let second = renewed(&world, &login).await;
    world.wait(1200);
    let owner = world.owner();
    assert!(!token_may_query(&world, &second));
    let space = Domain::Space(world.space());
    let body = |claims: serde_json::Value| {
        let body = TokenBody::read(claims.to_string().as_bytes()).unwrap();
        world
            .iam
            .permitted_by(&body, space)
            .contains(Action::Render)
    };
    let iam_id = bea.identity.principal().to_string();
    let now = world.clock_now().secs();
    for (auth_time, expected) in [(now - 3000, true), (now - 4200, false)] {
        let claims = serde_json::json!({"iam_id": iam_id, "iat": now - 60, "auth_time": auth_time});
        assert_eq!(body(claims), expected, "{auth_time}");
    }
    assert!(body(serde_json::json!({"iam_id": iam_id, "iat": now - 60})));

    // A longer rule of the same group, a membership by name, a policy for the user.
    let longer = world.iam.create_group_rule(&owner, team, rule(2)).await;
    let longer = longer.unwrap().id;
    assert!(token_may_query(&world, &second));
    let deleted = world.iam.delete_group_rule(&owner, team, longer).await;
    deleted.unwrap();
    assert!(!token_may_query(&world, &second));
    let wish = [(team, Principal::from(bea.id))];
    let added = world.iam.add_to_groups(&owner, &wish).await.unwrap();
    assert!(added[0].is_ok() && token_may_query(&world, &second));
    let removed = world.iam.remove_from_groups(&owner, &wish).await.unwrap();
    assert!(removed[0].is_ok() && !token_may_query(&world, &second));
    give(&world, PolicySubject::Principal(bea.id.into())).await;
    assert!(token_may_query(&world, &second));
}

async fn a_rule_takes_one_to_24_hours(world: World) {
    let (_, team) = ruled(&world, 1).await;
    let owner = world.owner();
    let made = world.iam.create_group_rule(&owner, team, rule(24)).await;
    assert_eq!(made.unwrap().expiration_hours, 24);
    for hours in [0, 25] {
        let refused = world.iam.create_group_rule(&owner, team, rule(hours)).await;
        let Err(IamError::Refused(refusal)) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(refusal.field, Some("expiration"));
        assert!(refusal.message.contains("from 1 to 24"), "{refusal:?}");
    }
}
