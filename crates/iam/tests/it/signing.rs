//! The life of an access token, and the change of the signing key.

use crate::world::{ACCESS, START, World, access_token, on_both_databases, on_postgres, on_sqlite};
use base::time::{ManualClock, Millis};
use db::Db;
use iam::{AuthError, Credential, Iam, IamConfig};
use std::sync::Arc;

on_both_databases!(
    a_token_lives_as_long_as_it_says,
    a_new_key_signs_and_the_old_one_is_good_until_it_is_taken_away,
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

/// The ends of what `tokens.access_token_seconds` may be.
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
    // A key as another folder would make it a minute later, put beside the first one.
    let elsewhere = tempfile::tempdir().unwrap();
    let config = IamConfig {
        keys: elsewhere.path().join("keys"),
        ..world.config.clone()
    };
    let file = elsewhere.path().join("iam.db");
    let db = Db::open(file.to_str().unwrap());
    let later = Arc::new(ManualClock::at(Millis::from_secs(START + 60)));
    let other = Iam::open(db.await.unwrap(), config.clone(), later);
    let other = other.await.unwrap();
    let kid = other.public_keys()[0].kid.clone();
    other.close().await;
    let name = format!("{kid}.pem");
    std::fs::copy(config.keys.join(&name), folder.join(&name)).unwrap();

    let node = world.node().await;
    let kids: Vec<_> = node.public_keys().into_iter().map(|key| key.kid).collect();
    assert_eq!(kids, [old_kid.clone(), kid.clone()]);
    let grant = iam::token::grant::Grant::ApiKey(crate::world::secret(world.made.api_key.expose()));
    let new = access_token(&World::ask(&node, grant, None).await.unwrap());
    let enters = |iam: &Iam, token: &str| iam.verifier().identity(Credential::Iam(token)).map(drop);
    enters(&node, &old).unwrap();
    enters(&node, &new).unwrap();
    // A node that has not read the new key refuses what it signed.
    assert!(matches!(
        enters(&world.iam, &new),
        Err(AuthError::Signature(_))
    ));
    node.close().await;

    std::fs::remove_file(folder.join(format!("{old_kid}.pem"))).unwrap();
    let node = world.node().await;
    assert!(matches!(enters(&node, &old), Err(AuthError::Signature(_))));
    enters(&node, &new).unwrap();
    node.close().await;
}
