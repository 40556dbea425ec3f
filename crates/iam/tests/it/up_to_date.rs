//! A change of data at a node that has not read what others have changed: it is judged by all that was changed before, and not refused
//! for what is changed elsewhere meanwhile.

use crate::world::{World, access_token, on_both_databases, on_postgres};
use base::scope::Domain;
use iam::audit::Credential as AuditedCredential;
use iam::manage::settings::DomainChange;
use iam::{AuthError, Credential, Iam, IamError, Reason};

on_both_databases!(a_session_that_ended_elsewhere_sets_nothing);

/// Sets the resolution of the domain by this credential.
async fn set(
    node: &Iam,
    credential: Credential<'_>,
    domain: Domain,
    seconds: u32,
) -> Result<(), IamError> {
    let scope_now = || node.verifier().scope(credential, Some(domain));
    let scope = scope_now().expect("the node does not let it in");
    let change = DomainChange {
        resolution_seconds: Some(Some(seconds)),
        ..DomainChange::default()
    };
    let who = (&scope, AuditedCredential::ApiKey);
    node.configure(who, &change, scope_now).await
}

async fn a_session_that_ended_elsewhere_sets_nothing(world: World) {
    let domain = Domain::Space(world.made.space);
    let begun = world.key_session(world.made.api_key.expose()).await;
    let token = access_token(&begun.unwrap());
    let node = world.node().await;
    let caller = world.enter(&token).unwrap();
    world.iam.log_out(&caller).await.unwrap();
    let done = set(&node, Credential::Iam(&token), domain, 60).await;
    let refusal = done.as_ref().err().and_then(IamError::refusal);
    let is_revoked = refusal.is_some_and(|refusal| {
        matches!(&refusal.reason, Reason::Credential(why) if matches!(**why, AuthError::Revoked(_)))
    });
    assert!(is_revoked, "{done:?}");
    assert_eq!(node.resolution_seconds(domain), None);
    node.close().await;
}

#[test]
fn a_change_is_made_while_others_change_theirs() {
    let name = "a_change_is_made_while_others_change_theirs";
    on_postgres(name, |config| config, beside_others);
}

/// With SQLite nobody else changes anything while a transaction is open.
async fn beside_others(world: World) {
    let domain = Domain::Space(world.made.space);
    let node = world.node().await;
    node.watch();
    // A change that is nobody's, and is read like one of another account.
    let change = || world.iam.probe_disk_space();
    let others = async {
        loop {
            // So many at once that there is always one between two looks.
            let (first, second, third) = tokio::join!(change(), change(), change());
            first.and(second).and(third).unwrap();
        }
    };
    let own = async {
        for seconds in 1..=5 {
            let key = Credential::ApiKey(world.made.api_key.expose());
            let done = set(&node, key, domain, seconds).await;
            assert!(done.is_ok(), "{done:?}");
        }
    };
    tokio::select! {
        () = others => unreachable!("others go on"),
        () = own => {}
    }
    assert_eq!(node.resolution_seconds(domain), Some(5));
    node.close().await;
}
