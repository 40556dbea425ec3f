//! Workloads that take on a trusted profile: on every node, for an hour, and until it ends.

use crate::world::{START, World, access_token, code, on_postgres, on_sqlite, secret, source};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base::id::{AccountId, Guid, ProfileLinkId};
use base::principal::Principal;
use base::scope::Domain;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use iam::audit::{Origin, Page};
use iam::claim_condition::ClaimCondition;
use iam::directory::{Profile, ProfileRuleKind};
use iam::flow::grant::Tokens;
use iam::flow::wanted_profile::WantedProfile;
use iam::flow::workload::WorkloadLogin;
use iam::manage::api_key::NewKey;
use iam::manage::profile::NewProfile;
use iam::manage::profile_link::LinkTerms;
use iam::manage::profile_rule::ProfileRuleTerms;
use iam::role::Role;
use iam::workload::{AccountOf, CrType, KeyFetch, WorkloadIssuer};
use iam::{AuthError, Credential, Iam, IamConfig, IamError};
use serde_json::json;
use std::sync::{Arc, OnceLock};

const ISSUER: &str = "https://cluster.example";

/// The key pair of the issuer.
fn pair() -> &'static Ed25519KeyPair {
    static PAIR: OnceLock<Ed25519KeyPair> = OnceLock::new();
    PAIR.get_or_init(|| {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Ed25519KeyPair::from_pkcs8(made.as_ref()).unwrap()
    })
}

#[derive(Debug)]
struct Published;

impl KeyFetch for Published {
    fn fetch(&self) -> Result<Vec<u8>, String> {
        let x = BASE64.encode(pair().public_key().as_ref());
        let key = json!({"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": x});
        Ok(json!({"keys": [key]}).to_string().into_bytes())
    }
}

fn with_issuer(config: IamConfig) -> IamConfig {
    let issuer = WorkloadIssuer {
        issuer: ISSUER.to_owned(),
        audience: "vigie".to_owned(),
        cr_type: CrType::IksSa,
        account: AccountOf::Claim("account".parse().unwrap()),
        crn: None,
        namespace: Some("namespace".parse().unwrap()),
        name: Some("name".parse().unwrap()),
        keys: Arc::new(Published),
    };
    IamConfig {
        workload_issuers: vec![issuer],
        access_token_seconds: 43_200,
        ..config
    }
}

macro_rules! with_issuer_on_both_databases {
    ($($story:ident),* $(,)?) => {$(
        mod $story {
            #[test]
            fn on_sqlite() {
                super::on_sqlite(super::with_issuer, super::$story);
            }

            #[test]
            fn on_postgres() {
                super::on_postgres(stringify!($story), super::with_issuer, super::$story);
            }
        }
    )*};
}

with_issuer_on_both_databases!(
    a_workload_acts_as_its_profile_on_every_node_until_the_profile_ends,
    what_was_got_by_a_rule_ends_when_the_rule_is_another,
    a_profile_is_for_workloads_of_its_own_account_alone,
    a_login_of_a_workload_is_good_for_an_hour_and_makes_nothing_that_lasts,
    what_a_workload_gets_ends_with_the_token_that_it_shows,
    a_key_that_a_workload_makes_for_a_service_id_does_not_end_with_its_token,
    a_login_of_a_workload_is_in_the_audit_with_its_source,
    a_refused_workload_is_in_the_audit_as_far_as_it_is_known,
);

/// The token of the workload `prod/web` in an account, until this time.
fn cr_token(account: AccountId, end: i64) -> String {
    let claims = json!({
        "iss": ISSUER, "aud": "vigie", "iat": START, "exp": end,
        "account": account.to_string(), "namespace": "prod", "name": "web",
    });
    let encode = |json: serde_json::Value| BASE64.encode(json.to_string());
    let header = json!({"alg": "EdDSA", "kid": "k"});
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = pair().sign(message.as_bytes());
    format!("{message}.{}", BASE64.encode(signature.as_ref()))
}

/// Shows a token that is good for a day.
async fn log_in(iam: &Iam, account: AccountId, profile: WantedProfile) -> Result<Tokens, IamError> {
    log_in_by(iam, &cr_token(account, START + 86_400), profile).await
}

async fn log_in_by(iam: &Iam, token: &str, profile: WantedProfile) -> Result<Tokens, IamError> {
    let login = WorkloadLogin {
        token: secret(token),
        profile,
        account: None,
        client: None,
        source: source(),
    };
    iam.workload_token(login).await
}

fn collector() -> WantedProfile {
    WantedProfile {
        name: Some("collector".to_owned()),
        ..WantedProfile::default()
    }
}

/// The profile `collector`, which is for `prod/web`, and the link that says so.
async fn linked(world: &World) -> (Profile, ProfileLinkId) {
    let owner = world.owner();
    let new = NewProfile {
        name: "collector".to_owned(),
        ..NewProfile::default()
    };
    let made = world.iam.create_profile(&owner, new).await.unwrap();
    let link = link_to(world, &made).await;
    (made, link)
}

/// Links a profile to `prod/web`.
async fn link_to(world: &World, profile: &Profile) -> ProfileLinkId {
    let terms = LinkTerms {
        cr_type: "IKS_SA".to_owned(),
        crn: None,
        namespace: Some("prod".to_owned()),
        resource_name: Some("web".to_owned()),
    };
    let owner = world.owner();
    let made = world
        .iam
        .create_profile_link(&owner, profile.id, String::new(), terms);
    made.await.unwrap().id
}

async fn a_workload_acts_as_its_profile_on_every_node_until_the_profile_ends(world: World) {
    let account = world.made.account;
    let other = world.node().await;
    let (profile, link) = linked(&world).await;
    // Also on one that has not heard of the profile yet.
    world.tell_if_alone(&other).await;
    log_in(&other, account, collector()).await.unwrap();
    let tokens = log_in(&world.iam, account, collector()).await.unwrap();
    assert!(tokens.refresh_token.is_none() && tokens.session.is_none());
    let token = access_token(&tokens);
    let enters = |iam: &Iam| iam.verifier().identity(Credential::Iam(&token)).map(drop);
    let holder = world.enter(&token).unwrap();
    assert_eq!(holder.principal(), Principal::Profile(profile.id));
    assert_eq!(holder.claims().unwrap().authn.name, "prod/web");
    assert_eq!(enters(&other), Ok(()));
    log_in(&other, account, collector()).await.unwrap();

    let owner = world.owner();
    let deleted = world.iam.delete_profile_link(&owner, profile.id, link);
    deleted.await.unwrap();
    other.sync().await.unwrap();
    for iam in [&world.iam, &other] {
        let refused = log_in(iam, account, collector()).await;
        assert_eq!(code(refused), "not_authorized");
        assert!(matches!(enters(iam), Err(AuthError::Revoked(_))));
    }
    // Not even another link to the same brings it back.
    link_to(&world, &profile).await;
    other.sync().await.unwrap();
    let token = access_token(&log_in(&world.iam, account, collector()).await.unwrap());
    let now_enters = |iam: &Iam| iam.verifier().identity(Credential::Iam(&token)).map(drop);
    for iam in [&world.iam, &other] {
        assert!(enters(iam).is_err());
        assert_eq!(now_enters(iam), Ok(()));
    }
    let deleted = world.iam.delete_profile(&owner, profile.id);
    deleted.await.unwrap();
    other.sync().await.unwrap();
    for iam in [&world.iam, &other] {
        assert!(matches!(now_enters(iam), Err(AuthError::Revoked(_))));
    }
    other.close().await;
}

async fn what_was_got_by_a_rule_ends_when_the_rule_is_another(world: World) {
    let (owner, account) = (world.owner(), world.made.account);
    let new = NewProfile {
        name: "collector".to_owned(),
        ..NewProfile::default()
    };
    let profile = world.iam.create_profile(&owner, new).await.unwrap().id;
    let terms = |namespace: &str| ProfileRuleTerms {
        name: "ours".to_owned(),
        kind: ProfileRuleKind::ComputeResource {
            cr_type: "IKS_SA".to_owned(),
        },
        conditions: vec![ClaimCondition::new("namespace", "EQUALS", namespace).unwrap()],
    };
    let made = world
        .iam
        .create_profile_rule(&owner, profile, terms("prod"));
    let rule = made.await.unwrap().id;
    let token = access_token(&log_in(&world.iam, account, collector()).await.unwrap());
    world.enter(&token).unwrap();
    let changed = world
        .iam
        .replace_profile_rule(&owner, (profile, rule), "*", terms("test"));
    changed.await.unwrap();
    let refused = log_in(&world.iam, account, collector()).await;
    assert_eq!(code(refused), "not_authorized");
    let gone = world.enter(&token).map(drop);
    assert!(matches!(gone, Err(AuthError::Revoked(_))), "{gone:?}");
}

async fn a_profile_is_for_workloads_of_its_own_account_alone(world: World) {
    let (profile, _) = linked(&world).await;
    let by_id = || WantedProfile {
        id: Some(format!("Profile-{}", profile.id.0)),
        ..WantedProfile::default()
    };
    let account = world.made.account;
    log_in(&world.iam, account, by_id()).await.unwrap();
    let elsewhere = AccountId(Guid::from_random([9; 16]));
    for wanted in [by_id(), collector()] {
        let refused = log_in(&world.iam, elsewhere, wanted).await;
        assert_eq!(code(refused), "not_authorized");
    }
}

async fn a_login_of_a_workload_is_good_for_an_hour_and_makes_nothing_that_lasts(world: World) {
    linked(&world).await;
    let account = world.made.account;
    let tokens = log_in(&world.iam, account, collector()).await.unwrap();
    assert_eq!(tokens.expires_in, 3600);
    let token = access_token(&tokens);
    let holder = world.enter(&token).unwrap();
    let new = NewKey {
        name: "for good".to_owned(),
        ..NewKey::default()
    };
    let key = world.iam.create_api_key(&holder, new).await;
    assert_eq!(code(key.map(|(key, _)| key)), "not_allowed");
    world.wait(3599);
    world.enter(&token).unwrap();
    world.wait(1);
    let over = world.enter(&token).map(drop);
    assert_eq!(over, Err(AuthError::Expired { seconds_ago: 0 }));
    // The token of what it runs on is shown again, and is good for as long as it says.
    log_in(&world.iam, account, collector()).await.unwrap();
    world.wait(86_400);
    let late = log_in(&world.iam, account, collector()).await;
    assert_eq!(code(late), "wrong_token");
}

async fn what_a_workload_gets_ends_with_the_token_that_it_shows(world: World) {
    linked(&world).await;
    let shown = cr_token(world.made.account, START + 300);
    world.wait(200);
    let tokens = log_in_by(&world.iam, &shown, collector()).await.unwrap();
    assert_eq!(tokens.expires_in, 100);
    let token = access_token(&tokens);
    world.wait(99);
    world.enter(&token).unwrap();
    world.wait(1);
    let over = world.enter(&token).map(drop);
    assert_eq!(over, Err(AuthError::Expired { seconds_ago: 0 }));
}

/// As one that a person makes: what may be done with it is the Administrator's right to give.
async fn a_key_that_a_workload_makes_for_a_service_id_does_not_end_with_its_token(world: World) {
    let (profile, link) = linked(&world).await;
    let (owner, account) = (world.owner(), world.made.account);
    let (service, _) = world.service().await;
    let token = access_token(&log_in(&world.iam, account, collector()).await.unwrap());
    let make = async || {
        let holder = world.enter(&token).unwrap();
        let new = NewKey {
            name: "for good".to_owned(),
            owner: Some(service),
            ..NewKey::default()
        };
        world.iam.create_api_key(&holder, new).await
    };
    assert_eq!(code(make().await.map(|(key, _)| key)), "not_found");
    let whom = Principal::Profile(profile.id);
    let (domain, iam_id) = (Domain::Account(account), whom.to_string());
    let given = world
        .iam
        .set_role(&owner, domain, Role::Administrator, &iam_id);
    given.await.unwrap();
    let (key, text) = make().await.unwrap();
    assert_eq!((key.expires_at, key.made_by), (None, Some(whom)));
    let deleted = world.iam.delete_profile_link(&owner, profile.id, link);
    deleted.await.unwrap();
    assert!(world.enter(&token).is_err());
    world.wait(86_400);
    assert!(world.enter_key(text.expose()).is_ok());
}

async fn a_login_of_a_workload_is_in_the_audit_with_its_source(world: World) {
    let (profile, _) = linked(&world).await;
    let login = log_in(&world.iam, world.made.account, collector());
    let tokens = Origin::new(source(), "id").scope(login).await.unwrap();
    let entries = world.iam.audit(Page::default()).await.unwrap();
    let entry = entries
        .iter()
        .rfind(|entry| entry.event == "signed_in")
        .unwrap();
    assert_eq!(entry.who, Principal::Profile(profile.id).to_string());
    assert_eq!(entry.credential, "cr_token");
    assert_eq!(entry.source, "192.0.2.1");
    assert_eq!(entry.account, world.made.account.to_string());
    assert!(entry.details.contains("prod/web"), "{}", entry.details);
    assert!(entry.details.contains(ISSUER), "{}", entry.details);
    assert!(!entry.details.contains(&access_token(&tokens)));
}

async fn a_refused_workload_is_in_the_audit_as_far_as_it_is_known(world: World) {
    let (profile, link) = linked(&world).await;
    let account = world.made.account;
    let expired = cr_token(account, START - 10);
    let good = cr_token(account, START + 3_600);
    let elsewhere = cr_token(AccountId(Guid::from_random([9; 16])), START + 3_600);
    let unknown = WantedProfile {
        name: Some("hunter2".to_owned()),
        ..WantedProfile::default()
    };
    let owner = world.owner();
    let deleted = world.iam.delete_profile_link(&owner, profile.id, link);
    deleted.await.unwrap();
    let id = profile.id.to_string();
    for (token, wanted, why, told, hidden) in [
        (
            "no token",
            collector(),
            "cr_token_malformed",
            vec![],
            ISSUER,
        ),
        (
            expired.as_str(),
            collector(),
            "cr_token_expired",
            vec![ISSUER],
            "prod/web",
        ),
        (
            &good,
            collector(),
            "profile_not_for_workload",
            vec![ISSUER, "prod/web", "IKS_SA", &id],
            "token",
        ),
        // A name that is not there may be a password in the wrong field.
        (
            &good,
            unknown,
            "profile_unknown",
            vec![ISSUER, "prod/web"],
            "hunter2",
        ),
        (
            &elsewhere,
            collector(),
            "profile_unknown",
            vec![ISSUER, "prod/web"],
            &id,
        ),
    ] {
        assert!(log_in_by(&world.iam, token, wanted).await.is_err());
        let entries = world.iam.audit_pending(Page::default());
        let because = format!("\"{why}\"");
        let is_it = |entry: &&iam::audit::Recorded| entry.details.contains(&because);
        let entry = entries.iter().rfind(is_it).unwrap();
        assert_eq!(
            (entry.event.as_str(), entry.credential.as_str()),
            ("proof_refused", "cr_token")
        );
        let text = format!("{} {}", entry.target, entry.details);
        for part in told {
            assert!(text.contains(part), "{why}: {part}: {text}");
        }
        assert!(!text.contains(hidden), "{why}: {text}");
        // The account of `elsewhere` is not there.
        let is_in_account = token == good;
        assert_eq!(!entry.account.is_empty(), is_in_account, "{why}");
        world.wait(60);
    }
}
