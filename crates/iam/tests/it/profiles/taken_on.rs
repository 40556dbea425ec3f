//! Who takes on a profile, what they get, and with what it ends.

use super::{create_profile, let_in, rule};
use crate::world::{OWNER, World, access_token, code, on_both_databases, secret, source};
use base::id::ProfileId;
use base::principal::Principal;
use base::scope::{Action, Domain};
use iam::bounds::Narrowing;
use iam::directory::{OWN_REALM, ProfileRuleKind};
use iam::flow::assume::{AssumerProof, ProfileLogin};
use iam::flow::grant::{Grant, Tokens};
use iam::flow::wanted_profile::WantedProfile;
use iam::manage::api_key::NewKey;
use iam::manage::profile_rule::ProfileRuleTerms;
use iam::role::Role;
use iam::{AuthError, Credential, Iam, IamError};

on_both_databases!(
    who_is_named_has_the_rights_of_the_profile_alone,
    nobody_else_takes_it_on_or_learns_that_it_is_there,
    its_token_ends_with_everything_that_it_came_from,
    what_is_shown_bounds_what_is_issued,
    a_rule_lets_users_in_and_bounds_how_long,
    who_is_named_and_ruled_has_a_token_by_the_name_alone,
    no_profile_takes_on_another_or_has_a_key,
    one_after_the_other_that_another_node_has_just_made_is_taken_on,
);

fn wanted(profile: ProfileId) -> WantedProfile {
    WantedProfile {
        id: Some(profile.to_string()),
        ..WantedProfile::default()
    }
}

fn login(token: &str, profile: WantedProfile) -> ProfileLogin {
    ProfileLogin {
        proof: AssumerProof::AccessToken(secret(token)),
        profile,
        account: None,
        client: None,
        source: source(),
    }
}

async fn assume(iam: &Iam, token: &str, profile: ProfileId) -> Result<Tokens, IamError> {
    iam.profile_token(login(token, wanted(profile))).await
}

/// The token of an API key.
async fn by_key(world: &World, key: &str) -> String {
    let grant = Grant::ApiKey(secret(key));
    access_token(&World::ask(&world.iam, grant, None).await.unwrap())
}

/// A profile with a role in the space, by which nobody else is admitted there.
async fn auditor(world: &World, name: &str) -> ProfileId {
    let profile = create_profile(world, name).await;
    let (owner, space) = (world.owner(), Domain::Space(world.space()));
    let id = profile.id.to_string();
    let given = world.iam.set_role(&owner, space, Role::Auditor, &id);
    given.await.unwrap();
    profile.id
}

fn refused(iam: &Iam, token: &str) -> &'static str {
    match iam.verifier().identity(Credential::Iam(token)) {
        Err(AuthError::Revoked(why)) => why,
        other => panic!("{other:?}"),
    }
}

async fn who_is_named_has_the_rights_of_the_profile_alone(world: World) {
    let profile = auditor(&world, "ops").await;
    let space = Domain::Space(world.space());
    let (job, key) = world.service().await;
    let_in(&world, profile, job).await;
    let presented = by_key(&world, &key).await;
    let tokens = assume(&world.iam, &presented, profile).await.unwrap();
    assert!(tokens.refresh_token.is_none() && tokens.session.is_none());
    let token = access_token(&tokens);
    let node = world.node().await;
    for iam in [&world.iam, &node] {
        let (claims, _) = iam.introspect(Credential::Iam(&token)).unwrap();
        let name = format!("Profile-{}", profile.0);
        assert_eq!(claims.iam_id, profile.to_string());
        assert_eq!((claims.sub, claims.identifier), (name.clone(), name));
        assert_eq!(
            (claims.sub_type.as_deref(), claims.name.as_str()),
            (Some("Profile"), "ops")
        );
        assert_eq!(claims.authn.iam_id, job.to_string());
        assert_eq!(claims.authn.sub_type.as_deref(), Some("ServiceId"));
        assert_eq!(claims.grant_type, "urn:ibm:params:oauth:grant-type:assume");
        let scope = iam.verifier().scope(Credential::Iam(&token), Some(space));
        let scope = scope.unwrap();
        assert_eq!(scope.principal(), Principal::from(profile));
        assert_eq!(scope.actions(), Role::Auditor.actions());
        let scope = iam
            .verifier()
            .scope(Credential::Iam(&presented), Some(space));
        assert!(
            matches!(scope, Err(AuthError::DomainNotFound(_))),
            "its own rights stay"
        );
    }
    let caller = world.enter(&token).unwrap();
    assert_eq!(caller.bounds().assumed_by(), Some(job));
    assert_eq!(
        world.iam.profile(&caller, profile).await.unwrap().name,
        "ops"
    );

    // By its other names.
    let account = world.made.account.to_string();
    let crn = format!(
        "crn:v1:bluemix:public:iam-identity::a/{account}::profile:Profile-{}",
        profile.0
    );
    let by_crn = WantedProfile {
        crn: Some(crn),
        ..WantedProfile::default()
    };
    let by_name = WantedProfile {
        name: Some("ops".to_owned()),
        ..WantedProfile::default()
    };
    for named in [by_crn, by_name] {
        let wanted = ProfileLogin {
            account: Some(account.clone()),
            ..login(&presented, named)
        };
        world.iam.profile_token(wanted).await.unwrap();
    }
    node.close().await;
}

async fn nobody_else_takes_it_on_or_learns_that_it_is_there(world: World) {
    let profile = auditor(&world, "ops").await;
    let (_, key) = world.service().await;
    let presented = by_key(&world, &key).await;
    let refused = assume(&world.iam, &presented, profile).await;
    let nothing = ProfileId(world.made.account.0);
    let unknown = assume(&world.iam, &presented, nothing).await;
    let refusal_of = |answer: Result<Tokens, IamError>| {
        let error = answer.unwrap_err();
        let refusal = error.refusal().unwrap();
        (refusal.reason.name(), refusal.message.to_string())
    };
    let refused = refusal_of(refused);
    assert_eq!(refused.0, "not_authorized");
    assert_eq!(refused, refusal_of(unknown));

    // Not even who made it, nor somebody of another account whose profile it is not.
    let owner = by_key(&world, world.made.api_key.expose()).await;
    assert_eq!(
        refusal_of(assume(&world.iam, &owner, profile).await).0,
        "not_authorized"
    );
    assert_eq!(
        refusal_of(assume(&world.iam, "eyJ.x.y", profile).await).0,
        "wrong_token"
    );
    let (job, key) = world.service().await;
    let_in(&world, profile, job).await;
    let presented = by_key(&world, &key).await;
    let elsewhere = ProfileLogin {
        account: Some("0".repeat(32)),
        ..login(&presented, wanted(profile))
    };
    assert_eq!(
        code(world.iam.profile_token(elsewhere).await),
        "not_a_member"
    );
}

async fn its_token_ends_with_everything_that_it_came_from(world: World) {
    let owner = world.owner();
    let profile = auditor(&world, "ops").await;
    let node = world.node().await;
    let (job, key) = world.service().await;
    let_in(&world, profile, job).await;
    let presented = by_key(&world, &key).await;
    let token = async || access_token(&assume(&world.iam, &presented, profile).await.unwrap());

    // Taken out; let in again, it needs another one: somebody else may hold the old one by now.
    let first = token().await;
    let gone = world.iam.remove_profile_identity(&owner, profile, job);
    gone.await.unwrap();
    node.sync().await.unwrap();
    for iam in [&world.iam, &node] {
        assert!(refused(iam, &first).contains("trusted profile"));
        assert!(iam.introspect(Credential::Iam(&first)).is_none());
    }
    assert_eq!(
        code(assume(&world.iam, &presented, profile).await),
        "not_authorized"
    );
    // In the same millisecond, for this clock stands still.
    let_in(&world, profile, job).await;
    node.sync().await.unwrap();
    for iam in [&world.iam, &node] {
        assert!(refused(iam, &first).contains("trusted profile"));
    }
    let second = token().await;
    world.enter(&second).unwrap();

    // The key behind what was shown.
    let Principal::Service(service) = job else {
        panic!("{job}")
    };
    let keys = world.enter_key(&key).unwrap();
    let key = keys.bounds().root().key.unwrap();
    world.iam.delete_api_key(&owner, key).await.unwrap();
    assert_eq!(refused(&world.iam, &second), "its API key was deleted");
    world.iam.delete_service_id(&owner, service).await.unwrap();
    let left = world.iam.profile(&owner, profile).await.unwrap();
    assert!(left.identities.is_empty());

    // A session.
    let_in(&world, profile, owner.principal()).await;
    let session = access_token(&world.log_in().await);
    let tokens = assume(&world.iam, &session, profile).await.unwrap();
    assert!(tokens.session.is_some() && tokens.refresh_token.is_none());
    let in_session = access_token(&tokens);
    world.enter(&in_session).unwrap();
    let caller = world.enter(&session).unwrap();
    world.iam.log_out(&caller).await.unwrap();
    assert_eq!(refused(&world.iam, &in_session), "its session has ended");

    // A membership, and the profile itself.
    let bea = world.person("bea@example.org", None).await;
    let_in(&world, profile, bea.id.into()).await;
    let chosen = world.password(&bea.email, "chosen at the beginning").await;
    let of_bea = assume(&world.iam, &access_token(&chosen.unwrap()), profile).await;
    let of_bea = access_token(&of_bea.unwrap());
    world.enter(&of_bea).unwrap();
    let account = world.made.account;
    world
        .iam
        .remove_member(&owner, account, bea.id)
        .await
        .unwrap();
    assert!(world.enter(&of_bea).is_err());
    let session = access_token(&world.log_in().await);
    let last = access_token(&assume(&world.iam, &session, profile).await.unwrap());
    node.sync().await.unwrap();
    node.delete_profile(&owner, profile).await.unwrap();
    world.iam.sync().await.unwrap();
    for iam in [&world.iam, &node] {
        assert_eq!(refused(iam, &last), "its profile is gone");
    }
    node.close().await;
}

async fn what_is_shown_bounds_what_is_issued(world: World) {
    let owner = world.owner();
    let space = Domain::Space(world.space());
    let profile = create_profile(&world, "ops").await;
    let id = profile.id.to_string();
    let given = world.iam.set_role(&owner, space, Role::Developer, &id);
    given.await.unwrap();
    let_in(&world, profile.id, owner.principal()).await;
    let narrowing = Narrowing {
        domain: Some(space),
        send_only: true,
    };
    let limited = NewKey {
        narrowing,
        ..NewKey::default()
    };
    let (_, key) = world.key(&owner, limited).await;
    let presented = by_key(&world, &key).await;
    let token = access_token(&assume(&world.iam, &presented, profile.id).await.unwrap());
    let scope = world
        .iam
        .verifier()
        .scope(Credential::Iam(&token), Some(space));
    let actions = scope.unwrap().actions();
    assert!(actions.contains(Action::Write) && !actions.contains(Action::Render));
    assert!(matches!(
        world.enter(&token),
        Err(AuthError::ForMetricsOnly)
    ));
    let account = Domain::Account(world.made.account);
    let beyond = world
        .iam
        .verifier()
        .scope(Credential::Iam(&token), Some(account));
    assert!(matches!(beyond, Err(AuthError::OutOfReach { .. })));

    // No longer than what is shown, however often it is shown.
    let grant = Grant::ApiKey(world.made.api_key.clone());
    let first = World::ask(&world.iam, grant, None).await.unwrap();
    world.wait(3000);
    let late = assume(&world.iam, &access_token(&first), profile.id)
        .await
        .unwrap();
    assert_eq!(late.expires_at, first.expires_at);
    world.enter(&access_token(&late)).unwrap();
    world.wait(700);
    assert_eq!(
        code(assume(&world.iam, &access_token(&first), profile.id).await),
        "wrong_token"
    );
    let ended = world.enter(&access_token(&late));
    assert!(matches!(ended, Err(AuthError::Expired { .. })));
}

async fn a_rule_lets_users_in_and_bounds_how_long(world: World) {
    let owner = world.owner();
    let profile = auditor(&world, "ops").await;
    let presented = by_key(&world, world.made.api_key.expose()).await;
    assert_eq!(
        code(assume(&world.iam, &presented, profile).await),
        "not_authorized"
    );
    let made = world
        .iam
        .create_profile_rule(&owner, profile, rule("email", OWNER));
    let made = made.await.unwrap();
    let tokens = assume(&world.iam, &presented, profile).await.unwrap();
    assert_eq!(tokens.expires_in, 900);
    let token = access_token(&tokens);
    world.enter(&token).unwrap();
    // A service has no such claims.
    let (_, key) = world.service().await;
    let other = by_key(&world, &key).await;
    assert_eq!(
        code(assume(&world.iam, &other, profile).await),
        "not_authorized"
    );
    let deleted = world.iam.delete_profile_rule(&owner, profile, made.id);
    deleted.await.unwrap();
    assert!(refused(&world.iam, &token).contains("trusted profile"));
    // The same rule made anew lets in whoever asks again, and not who holds the old token; nor does one that was changed.
    let made = (world.iam).create_profile_rule(&owner, profile, rule("email", OWNER));
    let made = made.await.unwrap();
    let node = world.node().await;
    for iam in [&world.iam, &node] {
        assert!(refused(iam, &token).contains("trusted profile"));
    }
    let long = ProfileRuleTerms {
        kind: ProfileRuleKind::Saml {
            realm: OWN_REALM.to_owned(),
            expiration_seconds: 86_400,
        },
        ..rule("email", OWNER)
    };
    let one = (profile, made.id);
    let changed = (world.iam).replace_profile_rule(&owner, one, "*", long);
    changed.await.unwrap();
    let tokens = assume(&world.iam, &presented, profile).await.unwrap();
    assert!(tokens.expires_in > 900);
    let token = access_token(&tokens);
    world.enter(&token).unwrap();
    let shorter = (world.iam).replace_profile_rule(&owner, one, "*", rule("email", OWNER));
    shorter.await.unwrap();
    node.sync().await.unwrap();
    for iam in [&world.iam, &node] {
        assert!(refused(iam, &token).contains("trusted profile"));
    }
    node.close().await;
}

async fn who_is_named_and_ruled_has_a_token_by_the_name_alone(world: World) {
    let owner = world.owner();
    let profile = auditor(&world, "ops").await;
    let_in(&world, profile, owner.principal()).await;
    let made = (world.iam).create_profile_rule(&owner, profile, rule("email", OWNER));
    made.await.unwrap();
    let presented = by_key(&world, world.made.api_key.expose()).await;
    let by_name = assume(&world.iam, &presented, profile).await.unwrap();
    assert!(by_name.expires_in > 900);
    let by_name = access_token(&by_name);
    world.enter(&by_name).unwrap();
    let gone = (world.iam).remove_profile_identity(&owner, profile, owner.principal());
    gone.await.unwrap();
    assert!(refused(&world.iam, &by_name).contains("trusted profile"));
    let by_rule = assume(&world.iam, &presented, profile).await.unwrap();
    assert_eq!(by_rule.expires_in, 900);
    world.enter(&access_token(&by_rule)).unwrap();
}

async fn no_profile_takes_on_another_or_has_a_key(world: World) {
    let owner = world.owner();
    let profile = auditor(&world, "ops").await;
    let other = auditor(&world, "other").await;
    let account = Domain::Account(world.made.account);
    let id = profile.to_string();
    let given = world
        .iam
        .set_role(&owner, account, Role::Administrator, &id);
    given.await.unwrap();
    for id in [profile, other] {
        let_in(&world, id, owner.principal()).await;
    }
    let presented = by_key(&world, world.made.api_key.expose()).await;
    let token = access_token(&assume(&world.iam, &presented, profile).await.unwrap());
    assert_eq!(
        code(assume(&world.iam, &token, other).await),
        "not_authorized"
    );
    assert_eq!(
        code(assume(&world.iam, &token, profile).await),
        "not_authorized"
    );
    let caller = world.enter(&token).unwrap();
    let key = NewKey {
        name: "own".to_owned(),
        ..NewKey::default()
    };
    let key = world.iam.create_api_key(&caller, key).await;
    assert_eq!(code(key.map(|(key, _)| key)), "not_allowed");
    // What it may do else, it does, and the audit has both.
    let gone = world.iam.delete_profile(&caller, other).await;
    gone.unwrap();
    let history = world.iam.history(&owner, other, None).await.unwrap();
    let last = history.first().unwrap();
    assert_eq!(
        (last.event.as_str(), last.who.as_str()),
        ("trusted_profile_deleted", profile.to_string().as_str())
    );
    assert!(
        last.details.contains(&owner.principal().to_string()),
        "{}",
        last.details
    );
}

async fn one_after_the_other_that_another_node_has_just_made_is_taken_on(world: World) {
    let (job, key) = world.service().await;
    let presented = by_key(&world, &key).await;
    let node = world.node().await;
    // Within a second, by the same token.
    for name in ["ops", "dev"] {
        let profile = auditor(&world, name).await;
        let_in(&world, profile, job).await;
        world.tell_if_alone(&node).await;
        assume(&node, &presented, profile).await.unwrap();
    }
    node.close().await;
}
