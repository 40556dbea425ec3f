//! The addresses that an account lets in: whatever opens it, and who says so.

use crate::world::{OWNER, World, access_token, at, code, on_both_databases, source};
use base::scope::Domain;
use iam::audit::Origin;
use iam::flow::grant::Grant;
use iam::flow::uaa::UaaGrant;
use iam::manage::account_settings::{AllowedAddresses, SettingsChange};
use iam::{AuthError, Credential};

on_both_databases!(
    what_opens_an_account_does_so_from_the_allowed_addresses_alone,
    whoever_allows_addresses_does_not_lock_themselves_out,
);

async fn what_opens_an_account_does_so_from_the_allowed_addresses_alone(world: World) {
    let token = access_token(&world.log_in().await);
    let key = world.made.api_key.expose().clone();
    let password = Grant::Password {
        username: OWNER.to_owned(),
        password: world.made.password.clone(),
    };
    let grant = UaaGrant::Proof(password);
    let uaa = world.iam.uaa_token(source(), grant).await.unwrap();
    let uaa = uaa.access_token.expose().clone();
    let (near, far) = (Origin::new(at(7), "t"), Origin::new(at(77), "t"));
    let space = Domain::Space(world.made.space);
    let lets_in = |origin: &Origin| {
        let verifier = world.iam.verifier();
        let all = || {
            let introspected = |credential| world.iam.introspect(credential).is_some();
            [
                world.enter(&token).is_ok(),
                world.enter_key(&key).is_ok(),
                world.enter_uaa(&uaa).is_ok(),
                verifier.scope(Credential::Uaa(&uaa), Some(space)).is_ok(),
                verifier
                    .scope(Credential::ApiKey(&key), Some(space))
                    .is_ok(),
                introspected(Credential::Iam(&token)),
                introspected(Credential::ApiKey(&key)),
            ]
        };
        origin.clone().sync_scope(all)
    };
    assert_eq!(lets_in(&far), [true; 7]);
    let change = SettingsChange {
        allowed_addresses: Some("192.0.2.0/28".parse().unwrap()),
        ..SettingsChange::default()
    };
    let (owner, account) = (world.owner(), world.made.account);
    let changed = (world.iam).change_account_settings(&owner, account, "*", change);
    changed.await.unwrap();
    assert_eq!(lets_in(&near), [true; 7]);
    assert_eq!(lets_in(&far), [false; 7]);
    let refused = far.clone().sync_scope(|| world.enter_key(&key));
    assert!(matches!(
        refused,
        Err(AuthError::AddressNotAllowed { account, .. }) if account == world.made.account
    ));
    // The operator lets everybody in again.
    let everybody = AllowedAddresses::default();
    let changed = world.iam.set_allowed_addresses(account, everybody);
    changed.await.unwrap();
    assert_eq!(lets_in(&far), [true; 7]);
}

async fn whoever_allows_addresses_does_not_lock_themselves_out(world: World) {
    let (owner, account) = (world.owner(), world.made.account);
    let allowed = || SettingsChange {
        allowed_addresses: Some("192.0.2.0/28".parse().unwrap()),
        ..SettingsChange::default()
    };
    let change = || (world.iam).change_account_settings(&owner, account, "*", allowed());
    let far = Origin::new(at(77), "t").scope(change()).await;
    assert_eq!(code(far), "field");
    let near = Origin::new(at(7), "t").scope(change()).await;
    near.unwrap();
}
