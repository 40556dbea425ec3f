//! The addresses that an account lets in: whatever opens it, and who says so.

use crate::world::{
    OWNER, World, access_token, at, code, on_both_databases, refresh_token, secret, source,
};
use base::scope::Domain;
use iam::audit::{Origin, Page};
use iam::flow::grant::{Client, Grant, TokenRequest};
use iam::flow::uaa::UaaGrant;
use iam::manage::account_settings::{AllowedAddresses, SettingsChange};
use iam::{AuthError, Credential};

on_both_databases!(
    what_opens_an_account_does_so_from_the_allowed_addresses_alone,
    whoever_allows_addresses_does_not_lock_themselves_out,
    a_right_proof_from_an_address_that_is_not_allowed_stands_in_the_audit,
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

async fn a_right_proof_from_an_address_that_is_not_allowed_stands_in_the_audit(world: World) {
    const BEA: &str = "bea@example.org";
    let (owner, account) = (world.owner(), world.made.account);
    let login = world.log_in().await;
    let renewal = || Grant::RefreshToken(secret(&refresh_token(&login)));
    let request = TokenRequest {
        grant: renewal(),
        client: Some(Client::Bx),
        account: None,
        with_uaa: false,
        delegated_seconds: None,
        source: source(),
    };
    let passcode = world.iam.passcode(request).await.unwrap();
    let invited = world.invited(BEA).await;
    let change = SettingsChange {
        allowed_addresses: Some("192.0.2.0/28".parse().unwrap()),
        ..SettingsChange::default()
    };
    let changed = (world.iam).change_account_settings(&owner, account, "*", change);
    changed.await.unwrap();

    let far = Origin::new(at(77), "t");
    let ask = |grant| World::ask(&world.iam, grant, Some(Client::Bx));
    for grant in [renewal(), Grant::Passcode(passcode)] {
        let refused = far.clone().scope(ask(grant)).await;
        assert_eq!(code(refused), "not_allowed");
    }
    let chosen = secret("chosen at the beginning");
    let redeemed = world.iam.redeem(at(77), BEA, &invited, chosen.clone());
    let refused = far.clone().scope(redeemed).await.unwrap_err();
    assert!(refused.to_string().contains("192.0.2.77"), "{refused}");

    let entries = world.iam.audit_pending(Page::default());
    let refused = entries
        .iter()
        .filter(|entry| entry.event == "proof_refused");
    let refused: Vec<_> = refused
        .map(|entry| (&*entry.credential, &*entry.source, &*entry.account))
        .collect();
    let account = account.to_string();
    for credential in ["refresh_token", "passcode", "one_time_code"] {
        let entry = (credential, "192.0.2.77", account.as_str());
        assert!(refused.contains(&entry), "{entry:?}: {refused:?}");
    }
    // None of them is used up.
    let redeemed = world.iam.redeem(at(7), BEA, &invited, chosen);
    let near = Origin::new(at(7), "t");
    near.clone().scope(redeemed).await.unwrap();
    near.scope(ask(renewal())).await.unwrap();
}
