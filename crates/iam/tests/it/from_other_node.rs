//! A credential that another node made a moment ago, and what rests on it, is good at a node that has not heard of it.

use crate::access_policies::{VIEWER, WRITER, terms};
use crate::world::{World, access_token, code, on_postgres, refresh_token, secret, source};
use base::scope::{Action, Domain};
use iam::audit::Origin;
use iam::flow::assume::{AssumerProof, ProfileLogin};
use iam::flow::grant::{Client, Grant};
use iam::flow::uaa::UaaGrant;
use iam::flow::wanted_profile::WantedProfile;
use iam::manage::api_key::NewKey;
use iam::manage::profile::NewProfile;
use iam::manage::profile_identity::NewProfileIdentity;
use iam::{AuthError, Credential, FromOtherNode, Iam};

#[test]
fn credentials_and_what_rests_on_them() {
    let name = "credentials_and_what_rests_on_them";
    on_postgres(name, |config| config, they_are_good);
}

async fn they_are_good(world: World) {
    let (owner, iam, node) = (world.owner(), &world.iam, world.node().await);
    let key = async || world.key(&owner, NewKey::default()).await.1;
    let by_key = Grant::ApiKey(secret(&key().await));
    World::ask(&node, by_key, None).await.unwrap();
    let (service, text) = world.service().await;
    let by_service = Grant::Client {
        id: service.to_string(),
        secret: secret(&text),
    };
    World::ask(&node, by_service, None).await.unwrap();
    let begun = world.key_session(&key().await).await.unwrap();
    let renewal = Grant::RefreshToken(secret(&refresh_token(&begun)));
    let renewed = World::ask(&node, renewal, Some(Client::Bx)).await;
    renewed.unwrap();
    let begun = world.key_session(&key().await).await.unwrap();
    let exchanged = UaaGrant::IamToken(secret(&access_token(&begun)));
    node.uaa_token(source(), exchanged).await.unwrap();
    let begun = world.key_session(&key().await).await.unwrap();
    node.revoke(&begun.access_token).await.unwrap();
    iam.sync().await.unwrap();
    let ended = world.enter(&access_token(&begun));
    assert!(matches!(ended, Err(AuthError::Revoked(_))), "{ended:?}");

    // So does the guard of the routes.
    let text = key().await;
    hears_of(&node, Credential::ApiKey(&text)).await;
    let (service, text) = world.service().await;
    let token = async || {
        let tokens = World::ask(iam, Grant::ApiKey(secret(&text)), None).await;
        access_token(&tokens.unwrap())
    };
    hears_of(&node, Credential::Iam(&token().await)).await;

    // A trusted profile that whoever the node knows takes on.
    let new = NewProfile {
        name: "ops".to_owned(),
        ..NewProfile::default()
    };
    let profile = iam.create_profile(&owner, new).await.unwrap().id;
    let named = [NewProfileIdentity {
        principal: service,
        description: String::new(),
    }];
    let set = iam.set_profile_identities(&owner, profile, "*", &named);
    set.await.unwrap();
    let taken_on = ProfileLogin {
        proof: AssumerProof::AccessToken(secret(&token().await)),
        profile: WantedProfile {
            id: Some(profile.to_string()),
            ..WantedProfile::default()
        },
        account: None,
        client: None,
        source: source(),
    };
    node.profile_token(taken_on).await.unwrap();
    node.close().await;
}

async fn ask(node: &Iam, from: FromOtherNode) {
    let FromOtherNode::Ask(moment) = from else {
        panic!("{from:?}");
    };
    assert!(node.ask_other_nodes(moment).await);
}

async fn hears_of(node: &Iam, credential: Credential<'_>) {
    let unheard = node.verifier().identity(credential).unwrap_err();
    let from = node.may_be_from_other_node(credential, &unheard);
    ask(node, from).await;
    node.verifier().identity(credential).unwrap();
}

#[test]
fn an_unknown_credential_is_asked_for_once() {
    let name = "an_unknown_credential_is_asked_for_once";
    on_postgres(name, |config| config, it_is_asked_for);
}

async fn it_is_asked_for(world: World) {
    let iam = &world.iam;
    let may_ask = |text: &str| {
        let credential = Credential::ApiKey(text);
        let refused = iam.verifier().identity(credential).unwrap_err();
        let from = iam.may_be_from_other_node(credential, &refused);
        matches!(from, FromOtherNode::Ask(_))
    };
    let guess = iam::key_text::generate();
    let credential = Credential::ApiKey(guess.expose());
    let from = iam.may_be_from_other_node(credential, &AuthError::KeyUnknown);
    // Who shows it before the answer waits for that.
    assert!(may_ask(guess.expose()));
    ask(iam, from).await;
    assert!(!may_ask(guess.expose()));
    world.wait(1);
    assert!(may_ask(guess.expose()));
    // Not whole: nobody has made it.
    assert!(!may_ask(&format!("{}x", guess.expose())));
    // Whoever guesses more is not asked for, and no other source pays for it.
    let guesser = Origin::new(crate::world::at(7), "guessing");
    let asked = guesser.sync_scope(|| {
        let guesses = (0..100).map(|number| format!("guess {number}"));
        guesses.filter(|text| may_ask(text)).count()
    });
    assert!((1..100).contains(&asked), "{asked}");
    let other = Origin::new(crate::world::at(8), "asking");
    assert!(other.sync_scope(|| may_ask("a key of another source")));
    // What is refused is refused as before.
    let refused = World::ask(iam, Grant::ApiKey(guess), None).await;
    assert_eq!(code(refused), "wrong_key");
}

#[test]
fn who_shows_the_same_meanwhile_waits_for_the_same_answer() {
    let name = "who_shows_the_same_meanwhile_waits_for_the_same_answer";
    on_postgres(name, |config| config, it_is_shown_three_times);
}

/// The second was told that there is no such key, while the first waited to hear of it.
async fn it_is_shown_three_times(world: World) {
    let (owner, node) = (world.owner(), world.node().await);
    let (_, key) = world.key(&owner, NewKey::default()).await;
    let show = || World::ask(&node, Grant::ApiKey(secret(&key)), None);
    let (first, second, third) = tokio::join!(show(), show(), show());
    for shown in [first, second, third] {
        shown.unwrap();
    }
    node.close().await;
}

#[test]
fn what_a_new_policy_gives() {
    on_postgres("what_a_new_policy_gives", |config| config, a_new_policy);
}

/// A policy was refused at the other nodes until they heard of it by themselves, and a sender that was told so was disconnected.
async fn a_new_policy(world: World) {
    let (owner, node) = (world.owner(), world.node().await);
    let (service, text) = world.service().await;
    let credential = Credential::ApiKey(&text);
    hears_of(&node, credential).await;
    let give = async |role| {
        let terms = terms(world.made.account, service, role, &[]);
        world.iam.create_policy(&owner, terms).await.unwrap();
    };
    let space = Some(Domain::Space(world.space()));
    let scope = || node.verifier().scope(credential, space);

    give(VIEWER).await;
    let hidden = scope().unwrap_err();
    ask(&node, node.may_be_from_other_node(credential, &hidden)).await;
    let missing = scope().unwrap().require(Action::Write).unwrap_err();

    give(WRITER).await;
    ask(&node, node.role_may_be_from_other_node(&missing)).await;
    scope().unwrap().require(Action::Write).unwrap();
    // What is not there is asked for once in a second.
    let from = node.role_may_be_from_other_node(&missing);
    assert_eq!(from, FromOtherNode::No);
    node.close().await;
}

#[test]
fn a_node_with_a_database_of_its_own_asks_nobody() {
    crate::world::on_sqlite(|config| config, it_asks_nobody);
}

async fn it_asks_nobody(world: World) {
    let guess = Credential::ApiKey("a guess");
    let from = (world.iam).may_be_from_other_node(guess, &AuthError::KeyUnknown);
    assert_eq!(from, FromOtherNode::No);
}
