//! The addresses that one of several accounts lets in, and a UAA token that is for all of them.

use super::world::{ADA, CARL, World, by_name, code, on_both, secret};
use crate::world::at;
use base::id::OrgId;
use base::scope::Domain;
use base::source::Source;
use iam::audit::Origin;
use iam::flow::grant::Grant;
use iam::flow::uaa::UaaGrant;
use iam::manage::account_settings::SettingsChange;
use iam::manage::invitation::Choice;
use iam::manage::page::PageRequest;
use iam::role::Role;
use iam::{AuthError, Credential, IamError, Identity};

const ALL: PageRequest = PageRequest { skip: 0, take: 9 };

/// A UAA token of Ada that is for both accounts.
async fn uaa(world: &World) -> String {
    let password = Grant::Password {
        username: ADA.to_owned(),
        password: secret(&world.a.password),
    };
    let grant = UaaGrant::Proof(password);
    let tokens = world.iam.uaa_token(Source::here(), grant).await.unwrap();
    tokens.access_token.expose().clone()
}

/// Bea's account lets nobody in but from these.
async fn allow(world: &World, addresses: &str) {
    let change = SettingsChange {
        allowed_addresses: Some(addresses.parse().unwrap()),
        ..SettingsChange::default()
    };
    let (bea, account) = (world.bea().await, world.b.account);
    let changed = (world.iam).change_account_settings(&bea, account, "*", change);
    changed.await.unwrap();
}

/// The caller as at the request; what follows may be on a thread that does not know where it came from.
fn identity_from(world: &World, number: u8, credential: Credential<'_>) -> Identity {
    let enter = || world.iam.verifier().identity(credential).unwrap();
    Origin::new(at(number), "t").sync_scope(enter)
}

fn refused<T>(result: Result<T, IamError>) {
    let Err(error) = result else {
        panic!("it was let in");
    };
    let message = error.to_string();
    assert!(message.contains("allowed_ip_addresses"), "{message}");
    assert_eq!(code(error), "credential");
}

/// How many of Bea's accounts, organizations, spaces and deleted spaces the caller is shown.
fn listed(world: &World, caller: &Identity) -> [u64; 4] {
    let (iam, b) = (&world.iam, &world.b);
    let all = iam.accounts(caller, by_name, ALL).entries;
    let accounts = all.iter().filter(|account| account.id == b.account).count();
    [
        accounts as u64,
        iam.orgs(caller, |org| org.account == b.account, ALL).total,
        iam.spaces(caller, Some(b.org), |_| true, ALL).total,
        iam.deleted(caller, ALL).total,
    ]
}

/// Only what is about metrics was refused.
#[test]
fn a_uaa_token_opens_no_account_that_does_not_let_its_address_in() {
    on_both("uaa_addresses", &async |world: &World| {
        world.invite_ada(Some(Role::Administrator)).await;
        let (iam, b) = (&world.iam, &world.b);
        let token = uaa(world).await;
        allow(world, "192.0.2.0/28").await;
        let near = identity_from(world, 7, Credential::Uaa(&token));
        let far = identity_from(world, 77, Credential::Uaa(&token));
        let brief = iam.create_space(&near, b.org, "brief").await.unwrap();
        iam.delete_space(&near, brief.id).await.unwrap();
        assert_eq!(listed(world, &near), [1, 1, 1, 1]);
        assert_eq!(listed(world, &far), [0; 4]);

        let (org, space) = (Domain::Org(b.org), Domain::Space(b.space));
        let account_domain = Domain::Account(b.account);
        refused(iam.account(&far, b.account));
        refused(iam.org(&far, b.org).await);
        refused(iam.space(&far, b.space).await);
        refused(iam.holders(&far, space, Role::Manager, ALL));
        refused(iam.members(&far, b.account, ALL));
        refused(iam.may_restore(&far, Domain::Space(brief.id)).await);
        refused(iam.restore_space(&far, brief.id, None).await);
        refused(iam.create_space(&far, b.org, "further").await);
        refused(iam.rename_space(&far, b.space, "other").await);
        refused(iam.delete_space(&far, b.space).await);
        refused(iam.rename_org(&far, b.org, "other").await);
        refused(iam.delete_org(&far, b.org, true).await);
        for (domain, role) in [
            (account_domain, Role::Editor),
            (org, Role::Auditor),
            (space, Role::Auditor),
        ] {
            refused(iam.set_role(&far, domain, role, ADA).await);
            refused(iam.unset_role(&far, domain, role, ADA).await);
        }
        refused(iam.remove_member(&far, b.account, world.a.owner).await);
        refused(iam.remove_member(&far, b.account, b.owner).await);
        // What nobody may see is not there, as before.
        let nobodys = OrgId(base::id::Guid::from_random([9; 16]));
        let unknown = iam.org(&far, nobodys).await.unwrap_err();
        assert_eq!(code(unknown), "not_found");

        // The first account is open to both, and so is the other one from where it lets in.
        iam.org(&far, world.a.org).await.unwrap();
        iam.space(&near, b.space).await.unwrap();
        iam.restore_space(&near, brief.id, None).await.unwrap();
        allow(world, "").await;
        assert_eq!(listed(world, &far), [1, 1, 2, 0]);
        iam.rename_space(&far, b.space, "other").await.unwrap();
    });
}

/// Its name, its owner and its organizations were shown by a token for the first account.
#[test]
fn an_account_that_does_not_let_the_address_in_is_not_among_ones_own() {
    on_both("own_accounts_addresses", &async |world: &World| {
        world.invite_ada(None).await;
        let tokens = world.ada(None).await;
        let token = Credential::Iam(tokens.access_token.expose());
        allow(world, "192.0.2.0/28").await;
        let (near, far) = (
            identity_from(world, 7, token),
            identity_from(world, 77, token),
        );
        for (caller, accounts) in [(&near, 2), (&far, 1)] {
            assert_eq!(world.iam.accounts(caller, by_name, ALL).total, accounts);
        }
        world.iam.account(&near, world.b.account).unwrap();
        refused(world.iam.account(&far, world.b.account));
    });
}

/// It was refused everywhere, by the setting of the first account.
#[test]
fn a_uaa_token_opens_the_other_accounts_where_the_first_does_not_let_it_in() {
    on_both("first_account_closed", &async |world: &World| {
        world.invite_ada(Some(Role::Administrator)).await;
        let (iam, a, b) = (&world.iam, &world.a, &world.b);
        let token = uaa(world).await;
        let token = Credential::Uaa(&token);
        let ada = world.identity(&world.ada(None).await).unwrap();
        let change = SettingsChange {
            allowed_addresses: Some("192.0.2.0/28".parse().unwrap()),
            ..SettingsChange::default()
        };
        let changed = iam.change_account_settings(&ada, a.account, "*", change);
        changed.await.unwrap();
        let (near, far) = (
            identity_from(world, 7, token),
            identity_from(world, 77, token),
        );
        assert_eq!((near.account(), far.account()), (a.account, b.account));
        iam.space(&near, a.space).await.unwrap();
        iam.rename_space(&far, b.space, "other").await.unwrap();
        refused(iam.space(&far, a.space).await);
        refused(iam.require_default_account(&far, a.account));
        // Where no account lets it in, the first says so.
        allow(world, "192.0.2.0/28").await;
        let enter = || iam.verifier().identity(token);
        let entered = Origin::new(at(77), "t").sync_scope(enter);
        let Err(AuthError::AddressNotAllowed { account, .. }) = entered else {
            panic!("{entered:?}");
        };
        assert_eq!(account, a.account);
    });
}

/// Whoever was invited came in from anywhere, and had the roles of the invitation from then on.
#[test]
fn an_invitation_is_answered_from_the_addresses_of_its_account_alone() {
    on_both("invited_addresses", &async |world: &World| {
        let (iam, b) = (&world.iam, &world.b);
        let id = world.invite(ADA, Some(Role::Editor)).await.id;
        let tokens = world.ada(None).await;
        let token = Credential::Iam(tokens.access_token.expose());
        allow(world, "192.0.2.0/28").await;
        let (near, far) = (
            identity_from(world, 7, token),
            identity_from(world, 77, token),
        );
        for choice in [Choice::Id(id), Choice::Account(b.account)] {
            refused(iam.accept(&far, choice, None).await);
            refused(iam.decline(&far, choice).await);
        }
        for caller in [&near, &far] {
            let waiting = iam.invitations_of(caller, None, ALL).await.unwrap();
            assert_eq!((waiting.total, &*waiting.entries[0].account_name), (1, "b"));
        }
        iam.accept(&near, Choice::Id(id), None).await.unwrap();
        iam.account(&near, b.account).unwrap();
        // Only who is invited learns of the addresses.
        let again = iam.accept(&far, Choice::Account(b.account), None).await;
        assert_eq!(code(again.unwrap_err()), "not_found");
    });
}

/// The code of a new person, too: it makes them a member.
#[test]
fn a_code_is_redeemed_from_the_addresses_of_its_account_alone() {
    on_both("redeemed_addresses", &async |world: &World| {
        let (iam, b) = (&world.iam, &world.b);
        world.invite(CARL, Some(Role::Editor)).await;
        let made = iam.operators_code(CARL, Some(b.account)).await.unwrap();
        allow(world, "192.0.2.0/28").await;
        let redeem = |number: u8, text| {
            let redeemed = iam.redeem(Source::here(), CARL, text, secret("of carl, his own"));
            Origin::new(at(number), "t").scope(redeemed)
        };
        let wrong = secret("vgc-0000-0000-0000-0000-0000");
        assert_eq!(code(redeem(77, &wrong).await.unwrap_err()), "wrong_code");
        refused(redeem(77, &made.code).await);
        assert!(iam.directory().user_by_email(CARL).is_none());
        // It is not used up.
        redeem(7, &made.code).await.unwrap();
        assert!(iam.directory().user_by_email(CARL).is_some());
    });
}
