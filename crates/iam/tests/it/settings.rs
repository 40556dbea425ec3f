//! A setting of a domain takes a caller who reaches every series of it.

use crate::world::{World, on_both_databases};
use base::scope::{Action, Domain, Grants, Reach, Scope};
use base::selector::{NameFilter, Selector};
use iam::Credential;
use iam::audit::Credential as AuditedCredential;
use iam::manage::settings::DomainChange;
use std::sync::Arc;

on_both_databases![a_caller_of_some_series_sets_nothing_for_all];

async fn a_caller_of_some_series_sets_nothing_for_all(world: World) {
    let (iam, domain) = (&world.iam, Domain::Space(world.made.space));
    let key = Credential::ApiKey(world.made.api_key.expose());
    let scope = iam.verifier().scope(key, Some(domain)).unwrap();
    let to_a_minute = DomainChange {
        resolution_seconds: Some(Some(60)),
        ..DomainChange::default()
    };
    let some = NameFilter::any(vec![Selector::parse("app.*").unwrap()]).unwrap();
    let grants = Grants::default().with(Action::Configure, Reach::Names(Arc::new(some)));
    #[expect(
        clippy::disallowed_methods,
        reason = "no credential is limited to names yet"
    )]
    let limited = Scope::granted(scope.principal(), scope.tenant(), domain, grants);
    let configure = async |scope: &Scope| {
        let who = (scope, AuditedCredential::ApiKey);
        let still = || Ok(scope.clone());
        iam.configure(who, &to_a_minute, still).await
    };
    let refused = configure(&limited).await.unwrap_err();
    assert!(refused.to_string().contains("every series"), "{refused}");
    assert_eq!(iam.resolution_seconds(domain), None);
    configure(&scope).await.unwrap();
    assert_eq!(iam.resolution_seconds(domain), Some(60));
}
