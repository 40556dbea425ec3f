//! The lifetime of an access token, and the change of the signing key.

use crate::world::{
    ACCESS, OWNER, START, World, access_token, on_both_databases, on_postgres, on_sqlite,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use iam::manage::invitation::InvitationConfig;
use iam::manage::quota::AccountLimits;
use iam::sync::key_store::Begins;
use iam::token::keyring::SigningAlgorithm;
use iam::{AuthError, Credential, Iam, IamConfig, IamError, SigningConfig};
use std::path::Path;

const RS256: SigningAlgorithm = SigningAlgorithm::Rs256;

on_both_databases!(
    a_token_lives_as_long_as_it_says,
    a_new_key_signs_and_the_old_one_is_good_until_it_is_taken_away,
    a_new_key_is_public_before_it_signs,
    a_key_signs_no_sooner_than_every_node_can_know_it,
    a_key_of_each_algorithm_signs_and_those_before_it_stay_good,
    a_node_needs_the_encryption_key_of_the_others,
    where_all_keys_were_retired_a_start_makes_one_unless_a_running_node_does,
    no_signing_key_can_be_read_from_the_database,
);

async fn a_token_lives_as_long_as_it_says(world: World) {
    let tokens = world.log_in().await;
    let token = access_token(&tokens);
    let claims = world.enter(&token).unwrap().claims().unwrap().clone();
    assert_eq!((claims.iat, claims.exp), (START, START + ACCESS));
    assert_eq!(tokens.expires_in, ACCESS);
    assert_eq!(tokens.expires_at, START + ACCESS);
    world.clock.advance(ACCESS * 1000 - 1);
    world.enter(&token).unwrap();
    world.clock.advance(1);
    assert_eq!(
        world.enter(&token).map(drop),
        Err(AuthError::Expired { seconds_ago: 0 })
    );
}

/// The range of `tokens.access_token_seconds`.
mod from_thirty_seconds_to_twelve_hours {
    use super::*;

    fn shortest(config: IamConfig) -> IamConfig {
        IamConfig {
            access_token_seconds: 30,
            ..config
        }
    }

    fn longest(config: IamConfig) -> IamConfig {
        IamConfig {
            access_token_seconds: 43_200,
            ..config
        }
    }

    async fn lives(world: World) {
        let life = world.config.access_token_seconds;
        let tokens = world.log_in().await;
        assert_eq!(tokens.expires_in, life);
        world.clock.advance(life * 1000 - 1);
        world.enter(&access_token(&tokens)).unwrap();
        world.clock.advance(1);
        let entry = world.enter(&access_token(&tokens));
        assert!(matches!(entry, Err(AuthError::Expired { .. })), "{entry:?}");
    }

    #[test]
    fn on_sqlite() {
        super::on_sqlite(shortest, lives);
        super::on_sqlite(longest, lives);
    }

    #[test]
    fn on_postgres() {
        super::on_postgres("from_thirty_seconds", shortest, lives);
        super::on_postgres("to_twelve_hours", longest, lives);
    }
}

async fn a_new_key_signs_and_the_old_one_is_good_until_it_is_taken_away(world: World) {
    let old = access_token(&world.log_in().await);
    let folder = world.config.keys.clone();
    let old_kid = world.iam.public_keys()[0].kid.clone();
    let node = world.node().await;
    let kids = |iam: &Iam| -> Vec<String> { iam.signing_keys() };
    assert_eq!(kids(&node), std::slice::from_ref(&old_kid));
    let enters = |iam: &Iam, token: &str| iam.verifier().identity(Credential::Iam(token)).map(drop);
    enters(&node, &old).unwrap();
    // The last one cannot be retired.
    let error = world.iam.retire_signing_key(&old_kid).await.unwrap_err();
    assert!(matches!(error, IamError::LastKey), "{error}");

    // The clock went back: the new key is the newest all the same.
    world.wait(-60);
    let made = world
        .iam
        .make_signing_key(&folder, None, RS256, Begins::Now);
    let kid = made.await.unwrap().kid;
    world.wait(60);
    assert_eq!(kids(&world.iam), [old_kid.clone(), kid.clone()]);
    let new = access_token(&world.log_in().await);
    // A node that has not learned of the key refuses its tokens at first.
    assert!(matches!(enters(&node, &new), Err(AuthError::Signature(_))));
    node.sync().await.unwrap();
    assert_eq!(kids(&node), [old_kid.clone(), kid.clone()]);
    enters(&node, &old).unwrap();
    enters(&node, &new).unwrap();

    world.iam.retire_signing_key(&old_kid).await.unwrap();
    assert!(matches!(
        enters(&world.iam, &old),
        Err(AuthError::Signature(_))
    ));
    enters(&node, &old).unwrap();
    node.sync().await.unwrap();
    assert!(matches!(enters(&node, &old), Err(AuthError::Signature(_))));
    enters(&node, &new).unwrap();
    let error = node.retire_signing_key("../iam").await.unwrap_err();
    assert!(matches!(error, IamError::NoSuchKey { .. }), "{error}");
    // Only the name of the retired one is left.
    let stored = node.stored_signing_keys().await.unwrap();
    assert_eq!(stored.len(), 2);
    assert!(stored[0].retired_at.is_some() && stored[1].retired_at.is_none());
    let row = world.database().await;
    let sql = "SELECT sealed FROM signing_keys WHERE retired_at IS NOT NULL";
    let row = row.one(sql, &[]).await.unwrap().unwrap();
    assert!(row.blob("sealed").unwrap().is_empty());
    node.close().await;
    let node = world.node().await;
    assert_eq!(kids(&node), [kid]);
    node.close().await;
}

/// A field of a token's header.
fn header(token: &str, field: &str) -> String {
    let header = BASE64.decode(token.split('.').next().unwrap()).unwrap();
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    header[field].as_str().unwrap().to_owned()
}

async fn a_new_key_is_public_before_it_signs(world: World) {
    let folder = world.config.keys.clone();
    let old = world.iam.public_keys()[0].kid.clone();
    let made =
        (world.iam).make_signing_key(&folder, None, SigningAlgorithm::Es256, Begins::Announced);
    let made = made.await.unwrap();
    let signs = async || header(&access_token(&world.log_in().await), "kid");
    let public: Vec<String> = world.iam.signing_keys();
    assert_eq!(public, [old.clone(), made.kid.clone()]);
    let by_name = world.iam.signing_key_algorithms(&folder, None);
    let by_name = by_name.await.unwrap();
    assert_eq!(by_name[&old], RS256);
    assert_eq!(by_name[&made.kid], SigningAlgorithm::Es256);
    // Whoever has read the public keys just before may keep them for a minute.
    world.wait(119);
    assert_eq!(signs().await, old);
    // Nothing would sign without it, but what is only announced goes.
    match world.iam.retire_signing_key(&old).await {
        Err(IamError::NoSuccessorYet {
            successor,
            signs_from,
        }) => assert_eq!((successor, signs_from), (made.kid.clone(), made.signs_from)),
        other => panic!("{other:?}"),
    }
    let later = (world.iam).make_signing_key(&folder, None, RS256, Begins::Announced);
    let later = later.await.unwrap();
    world.iam.retire_signing_key(&later.kid).await.unwrap();
    world.wait(1);
    assert_eq!(signs().await, made.kid);
    world.iam.retire_signing_key(&old).await.unwrap();
    assert_eq!(signs().await, made.kid);
    assert_eq!(made.signs_from.secs(), START + 120);
}

/// Another node refused what this one had signed with it, until it had heard of the key.
async fn a_key_signs_no_sooner_than_every_node_can_know_it(world: World) {
    let (folder, node) = (world.config.keys.clone(), world.node().await);
    let made = (world.iam).make_signing_key(&folder, None, RS256, Begins::Now);
    let kid = made.await.unwrap().kid;
    let before = access_token(&world.log_in().await);
    assert_ne!(header(&before, "kid"), kid);
    node.verifier().identity(Credential::Iam(&before)).unwrap();
    world.wait(1);
    node.sync().await.unwrap();
    let after = access_token(&world.log_in().await);
    assert_eq!(header(&after, "kid"), kid);
    node.verifier().identity(Credential::Iam(&after)).unwrap();
    node.close().await;
}

async fn a_key_of_each_algorithm_signs_and_those_before_it_stay_good(world: World) {
    let folder = world.config.keys.clone();
    let node = world.node().await;
    let mut held = vec![access_token(&world.log_in().await)];
    for algorithm in SigningAlgorithm::ALL {
        let made = (world.iam).make_signing_key(&folder, None, algorithm, Begins::Now);
        let kid = made.await.unwrap().kid;
        world.wait(1);
        let token = access_token(&world.log_in().await);
        assert_eq!(header(&token, "alg"), algorithm.name());
        assert_eq!(header(&token, "kid"), kid);
        held.push(token);
        node.sync().await.unwrap();
        for iam in [&world.iam, &node] {
            for token in &held {
                let verifier = iam.verifier();
                verifier.identity(Credential::Iam(token)).unwrap();
                assert!(iam.introspect(Credential::Iam(token)).is_some());
            }
        }
        let public = node.public_keys();
        assert_eq!(public.last().unwrap().algorithm, algorithm);
    }
    node.close().await;
}

mod by_schedule {
    use super::*;

    fn monthly(config: IamConfig) -> IamConfig {
        let signing = SigningConfig {
            algorithm: SigningAlgorithm::Es256,
            key_days: 30,
        };
        IamConfig { signing, ..config }
    }

    async fn one_key_follows_another_and_no_token_is_refused(world: World) {
        let node = world.node().await;
        let kept = async || {
            for iam in [&world.iam, &node] {
                iam.keep_signing_keys_fresh().await.unwrap();
                iam.sync().await.unwrap();
            }
            world.iam.sync().await.unwrap();
            assert_eq!(world.iam.signing_keys(), node.signing_keys());
            world.iam.signing_keys()
        };
        let enters = |token: &str| {
            for iam in [&world.iam, &node] {
                let verifier = iam.verifier();
                verifier.identity(Credential::Iam(token)).unwrap();
            }
        };
        let first = kept().await;
        assert_eq!(first.len(), 1);
        world.wait(30 * 86_400 - 121);
        assert_eq!(kept().await, first);
        world.wait(1);
        // It is known before it signs.
        let both = kept().await;
        assert_eq!(both.len(), 2);
        let old = access_token(&world.log_in().await);
        assert_eq!(header(&old, "kid"), first[0]);
        enters(&old);
        world.wait(120);
        let new = access_token(&world.log_in().await);
        assert_eq!(header(&new, "kid"), both[1]);
        assert_eq!(header(&new, "alg"), "ES256");
        enters(&new);
        // The old one stays as long as what it has signed.
        world.wait(ACCESS - 121);
        assert_eq!(kept().await, both);
        enters(&old);
        enters(&new);
        world.wait(600 + 120);
        assert_eq!(kept().await, both);
        world.wait(1);
        assert_eq!(kept().await, both[1..]);
        enters(&access_token(&world.log_in().await));
        node.close().await;
    }

    async fn a_clock_that_was_ahead_puts_off_no_key_once_it_is_right(world: World) {
        const YEAR: i64 = 365 * 86_400;
        let kept = async || {
            world.iam.keep_signing_keys_fresh().await.unwrap();
            world.iam.sync().await.unwrap();
            world.iam.signing_keys()
        };
        let signs = async || header(&access_token(&world.log_in().await), "kid");
        let first = kept().await;
        world.wait(YEAR);
        let both = kept().await;
        assert_eq!(both.len(), 2);
        world.wait(-YEAR);
        assert_eq!(signs().await, first[0]);
        // It is announced anew, once, and then followed by others as any key is.
        assert_eq!(kept().await, both);
        world.wait(119);
        assert_eq!(kept().await, both);
        assert_eq!(signs().await, both[0]);
        world.wait(1);
        assert_eq!(signs().await, both[1]);
        world.wait(ACCESS + 600);
        assert_eq!(kept().await, both[1..]);
        world.wait(30 * 86_400 - ACCESS - 600 - 120);
        let next = kept().await;
        assert_eq!((next.len(), &next[0]), (2, &both[1]));
        world.wait(120);
        assert_eq!(signs().await, next[1]);
    }

    #[test]
    fn once_the_clock_is_right_on_sqlite() {
        super::on_sqlite(
            monthly,
            a_clock_that_was_ahead_puts_off_no_key_once_it_is_right,
        );
    }

    #[test]
    fn once_the_clock_is_right_on_postgres() {
        let story = a_clock_that_was_ahead_puts_off_no_key_once_it_is_right;
        super::on_postgres("clock_ahead_of_keys", monthly, story);
    }

    #[test]
    fn on_sqlite() {
        super::on_sqlite(monthly, one_key_follows_another_and_no_token_is_refused);
    }

    #[test]
    fn on_postgres() {
        let story = one_key_follows_another_and_no_token_is_refused;
        super::on_postgres("by_schedule", monthly, story);
    }
}

/// Its key folder is another machine's.
async fn open_with(world: &World, folder: &Path) -> Result<Iam, IamError> {
    let config = IamConfig {
        keys: folder.to_owned(),
        ..world.config.clone()
    };
    Iam::open(world.database().await, config, world.clock.clone()).await
}

async fn a_node_needs_the_encryption_key_of_the_others(world: World) {
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = elsewhere.path().join("keys");
    let error = open_with(&world, &folder).await.unwrap_err();
    assert!(matches!(error, IamError::NoEncryptionKey { .. }), "{error}");
    assert!(!folder.join("encryption.key").exists(), "one was made");

    std::fs::write(
        folder.join("encryption.key"),
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
    )
    .unwrap();
    let error = open_with(&world, &folder).await.unwrap_err();
    assert!(
        matches!(error, IamError::OtherEncryptionKey { .. }),
        "{error}"
    );
    // It cannot make a key either, which the others could not decrypt.
    let error = world
        .iam
        .make_signing_key(&folder, None, RS256, Begins::Now)
        .await
        .unwrap_err();
    assert!(
        matches!(error, IamError::OtherEncryptionKey { .. }),
        "{error}"
    );

    let right = world.config.keys.join("encryption.key");
    std::fs::copy(right, folder.join("encryption.key")).unwrap();
    let node = open_with(&world, &folder).await.unwrap();
    let token = access_token(&world.log_in().await);
    node.verifier().identity(Credential::Iam(&token)).unwrap();
    node.close().await;
}

/// The database alone is not enough to sign.
async fn no_signing_key_can_be_read_from_the_database(world: World) {
    let db = world.database().await;
    let row = db.one("SELECT kid, sealed FROM signing_keys", &[]).await;
    let row = row.unwrap().unwrap();
    let sealed = row.blob("sealed").unwrap();
    // An RSA key in PKCS#8 begins like this, and contains this.
    let rsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    assert!(sealed.len() > 1000 && !sealed.windows(rsa.len()).any(|part| part == rsa));
}

/// A node that started beside running ones made an encryption key of its own, and with it a signing key that they could not open: nobody
/// could log in at them any more.
async fn where_all_keys_were_retired_a_start_makes_one_unless_a_running_node_does(world: World) {
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = elsewhere.path().join("keys");
    let keys = &world.config.keys;
    let retired = world.iam.retire_unreadable_signing_keys(keys, None);
    assert!(retired.await.unwrap().kids.is_empty());
    let retire = async || {
        let operator = Iam::open_without_keys(
            world.database().await,
            AccountLimits::default(),
            InvitationConfig::default(),
            0,
            world.clock.clone(),
        );
        let operator = operator.await.unwrap();
        let found = operator.retire_unreadable_signing_keys(&folder, None);
        let found = found.await.unwrap();
        operator.close().await;
        assert_eq!((found.kids.len(), found.has_encryption_key), (1, false));
    };
    retire().await;
    if world.address().starts_with("postgres") {
        let makes = async {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            world.iam.sync().await.unwrap();
            assert!(!world.iam.has_signing_key());
            world.iam.keep_signing_keys_fresh().await.unwrap();
        };
        let (started, ()) = tokio::join!(open_with(&world, &folder), makes);
        let refused = started.unwrap_err();
        assert!(
            matches!(refused, IamError::NoEncryptionKey { .. }),
            "{refused}"
        );
        assert!(!folder.join("encryption.key").exists(), "one was made");
        access_token(&world.log_in().await);
        retire().await;
    }
    // No login begins for tokens that nobody can sign.
    world.iam.sync().await.unwrap();
    let begun = count_sessions(&world).await;
    let password = world.made.password.expose();
    let refused = world.password(OWNER, password).await.unwrap_err();
    assert!(matches!(refused, IamError::Key(_)), "{refused}");
    assert_eq!(count_sessions(&world).await, begun);
    let node = open_with(&world, &folder).await.unwrap();
    assert!(node.has_signing_key() && folder.join("encryption.key").exists());
    node.close().await;
}

async fn count_sessions(world: &World) -> i64 {
    let db = world.database().await;
    let row = db
        .one("SELECT COUNT(*) AS counted FROM sessions", &[])
        .await;
    let counted = row.unwrap().unwrap().int("counted").unwrap();
    db.close().await;
    counted
}
