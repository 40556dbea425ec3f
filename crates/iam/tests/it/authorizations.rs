//! Authorizations: as what the service ID of an instance's key acts by them, where, from when and until when, on every node.

use crate::resources::instance;
use crate::world::{World, access_token, code, on_both_databases, secret, source};
use base::id::{AccessGroupId, InstanceId, ResourceGroupId};
use base::principal::Principal;
use base::scope::{Actions, Domain};
use iam::bounds::Narrowing;
use iam::directory::{
    Attribute, AuthorizationSource, Instance, NamedRole, Plan, Policy, PolicyRole, PolicySubject,
    ResourceGroup,
};
use iam::flow::assume::{AssumerProof, ProfileLogin};
use iam::flow::authorization::InstanceLogin;
use iam::flow::grant::{Grant, Tokens};
use iam::flow::wanted_profile::WantedProfile;
use iam::manage::access_policy::{PolicyGrant, PolicyTerms, policy_tag};
use iam::manage::api_key::NewKey;
use iam::manage::instance::NewInstance;
use iam::manage::policy_condition::ConditionTerms;
use iam::manage::resource_key::{CreatedResourceKey, NewResourceKey};
use iam::{AuthError, Credential, Iam, IamError};

on_both_databases!(
    an_instance_acts_where_its_authorizations_say_on_every_node,
    nobody_else_acts_as_it_or_learns_that_it_is_there,
    its_token_ends_with_each_of_what_it_rests_on,
    what_is_shown_bounds_what_is_issued,
    it_manages_nothing_and_takes_on_nothing,
    sources_are_of_the_account_and_go_with_what_they_name,
);

/// An instance of the world's space, with a key.
struct Acting {
    instance: Instance,
    key: CreatedResourceKey,
    crn: String,
}

impl Acting {
    async fn new(world: &World) -> Self {
        let instance = instance(world, Plan::Premium).await;
        let new = NewResourceKey {
            instance: instance.id,
            name: "ci".to_owned(),
            role: NamedRole::Manager,
        };
        let key = world.iam.create_resource_key(&world.owner(), &new).await;
        let region = world.iam.regions().first().unwrap().name.clone();
        Self {
            crn: instance.crn(&region),
            key: key.unwrap(),
            instance,
        }
    }

    /// The token of its key.
    async fn presented(&self, world: &World) -> String {
        by_key(world, self.key.text.expose()).await
    }
}

/// The token of an API key.
async fn by_key(world: &World, key: &str) -> String {
    let grant = Grant::ApiKey(secret(key));
    access_token(&World::ask(&world.iam, grant, None).await.unwrap())
}

async fn act(iam: &Iam, token: &str, crn: &str) -> Result<Tokens, IamError> {
    let login = InstanceLogin {
        token: secret(token),
        crn: crn.to_owned(),
        client: None,
        source: source(),
    };
    iam.instance_token(login).await
}

fn terms(
    world: &World,
    source: AuthorizationSource,
    role: NamedRole,
    more: &[(&str, &str)],
) -> PolicyTerms {
    let account = world.made.account.to_string();
    let all = [("accountId", account.as_str())];
    let all = all.iter().chain(more);
    let read = |(key, value): &(&str, &str)| Attribute::read(key, None, value).unwrap();
    PolicyTerms {
        subject: PolicySubject::Source(source),
        grant: PolicyGrant {
            description: String::new(),
            roles: vec![PolicyRole::Named(role)],
            attributes: all.map(read).collect(),
        },
        condition: ConditionTerms::NotInForm,
    }
}

async fn authorize(
    world: &World,
    source: AuthorizationSource,
    role: NamedRole,
    more: &[(&str, &str)],
) -> Policy {
    let terms = terms(world, source, role, more);
    let made = world.iam.create_policy(&world.owner(), terms).await;
    made.unwrap()
}

fn actions(iam: &Iam, token: &str, domain: Domain) -> Actions {
    let scope = iam.verifier().scope(Credential::Iam(token), Some(domain));
    match scope {
        Ok(scope) => scope.actions(),
        Err(AuthError::DomainNotFound(_)) => Actions::NONE,
        Err(other) => panic!("{other}"),
    }
}

/// Why the token opens nothing.
fn refused(iam: &Iam, token: &str, domain: Domain) -> &'static str {
    match iam.verifier().scope(Credential::Iam(token), Some(domain)) {
        Err(AuthError::Revoked(why)) => why,
        other => panic!("{other:?}"),
    }
}

async fn an_instance_acts_where_its_authorizations_say_on_every_node(world: World) {
    let (owner, account) = (world.owner(), world.made.account);
    let second = world.iam.create_space(&owner, world.org(), "second").await;
    let second = second.unwrap().id;
    let (own, other) = (Domain::Space(world.space()), Domain::Space(second));
    let acting = Acting::new(&world).await;
    let presented = acting.presented(&world).await;
    let node = world.node().await;
    let none = act(&world.iam, &presented, &acting.crn).await;
    assert_eq!(code(none), "not_authorized");

    let id = second.to_string();
    let source = AuthorizationSource::Instance(acting.instance.id);
    let reader = authorize(&world, source, NamedRole::Reader, &[("spaceId", &id)]).await;
    let tokens = act(&world.iam, &presented, &acting.crn).await.unwrap();
    assert!(tokens.refresh_token.is_none() && tokens.session.is_none());
    let token = access_token(&tokens);
    // That has not heard of the authorization, and asks.
    world.tell_if_alone(&node).await;
    act(&node, &presented, &acting.crn).await.unwrap();
    for iam in [&world.iam, &node] {
        let (claims, subject) = iam.introspect(Credential::Iam(&token)).unwrap();
        assert_eq!(claims.iam_id, format!("crn-{}", acting.crn));
        assert_eq!(
            (&claims.id, claims.realmid.as_str()),
            (&claims.iam_id, "crn")
        );
        assert_eq!(
            (&claims.identifier, &claims.sub),
            (&acting.crn, &acting.crn)
        );
        assert_eq!(claims.sub_type.as_deref(), Some("CRN"));
        assert_eq!((claims.acr, claims.amr.len()), (0, 0));
        assert_eq!(claims.account.bss, account.to_string());
        assert_eq!(claims.authn.iam_id, acting.key.key.service.to_string());
        assert_eq!(
            claims.grant_type,
            "urn:ibm:params:oauth:grant-type:iam-authz"
        );
        assert_eq!(subject.principal(), Principal::from(acting.instance.id));
        assert_eq!(actions(iam, &token, other), NamedRole::Reader.actions());
        // What the service ID has itself does not go over to the instance.
        assert_eq!(actions(iam, &presented, own), Actions::ALL);
        for beyond in [own, Domain::Org(world.org()), Domain::Account(account)] {
            assert_eq!(actions(iam, &token, beyond), Actions::NONE, "{beyond}");
        }
        let scope = iam.verifier().scope(Credential::Iam(&token), Some(other));
        assert_eq!(scope.unwrap().principal(), acting.instance.id.into());
    }

    // All that are for it count together, at once, with the token that it has.
    let all = AuthorizationSource::All;
    let writer = authorize(&world, all, NamedRole::Writer, &[("spaceId", &id)]).await;
    node.sync().await.unwrap();
    assert_eq!(actions(&node, &token, other), NamedRole::Writer.actions());
    let tag = policy_tag(&writer);
    let off = node.switch_policy(&owner, writer.id, &tag, false);
    off.await.unwrap();
    world.iam.sync().await.unwrap();
    assert_eq!(
        actions(&world.iam, &token, other),
        NamedRole::Reader.actions()
    );
    world.iam.delete_policy(&owner, reader.id).await.unwrap();
    node.sync().await.unwrap();
    for iam in [&world.iam, &node] {
        assert!(refused(iam, &token, other).contains("no authorization"));
        assert!(iam.introspect(Credential::Iam(&token)).is_none());
        assert!(iam::inspect::matches_database(iam).await.unwrap());
    }
    node.close().await;
}

async fn nobody_else_acts_as_it_or_learns_that_it_is_there(world: World) {
    let owner = world.owner();
    let acting = Acting::new(&world).await;
    authorize(&world, AuthorizationSource::All, NamedRole::Reader, &[]).await;
    let presented = acting.presented(&world).await;
    let second = world.iam.create_space(&owner, world.org(), "second").await;
    let region = world.iam.regions().first().unwrap().name.clone();
    let other = NewInstance {
        name: "other".to_owned(),
        space: second.unwrap().id,
        region: region.clone(),
        group: ResourceGroup::default_of(world.made.account),
        plan: Plan::Premium,
        locked: false,
    };
    let other = world.iam.create_instance(&owner, &other).await.unwrap();
    let (_, key) = world.service().await;
    let of_service = by_key(&world, &key).await;
    let of_owner = by_key(&world, world.made.api_key.expose()).await;
    let itself = access_token(&act(&world.iam, &presented, &acting.crn).await.unwrap());
    let elsewhere = world.second_account_of("zoe@example.org").await;
    let message = |answer: Result<Tokens, IamError>| {
        let error = answer.unwrap_err();
        let refusal = error.refusal().unwrap();
        (refusal.reason.name(), refusal.message.to_string())
    };
    let none = acting.crn.replace(
        &acting.instance.id.to_string(),
        "01234567-89ab-cdef-0123-456789abcdef",
    );
    let expected = message(act(&world.iam, &presented, &none).await);
    assert_eq!(expected.0, "not_authorized");
    let in_other_account = acting
        .crn
        .replace(&world.made.account.to_string(), &elsewhere.to_string());
    for (token, crn) in [
        (&of_service, &acting.crn),
        (&of_owner, &acting.crn),
        (&itself, &acting.crn),
        (&presented, &other.crn(&region)),
        (&presented, &in_other_account),
        (&presented, &acting.instance.crn("atlantis")),
        (
            &presented,
            &acting.crn.replace("ibmcloud-monitoring", "kms"),
        ),
    ] {
        assert_eq!(
            message(act(&world.iam, token, crn).await),
            expected,
            "{crn}"
        );
    }
    for token in ["eyJ.x.y", acting.key.text.expose().as_str()] {
        assert_eq!(
            code(act(&world.iam, token, &acting.crn).await),
            "wrong_token"
        );
    }
}

async fn its_token_ends_with_each_of_what_it_rests_on(world: World) {
    let owner = world.owner();
    let node = world.node().await;
    let space = Domain::Space(world.space());
    let acting = Acting::new(&world).await;
    let source = AuthorizationSource::Instance(acting.instance.id);
    authorize(&world, source, NamedRole::Reader, &[]).await;
    let new = |name: &str| NewResourceKey {
        instance: acting.instance.id,
        name: name.to_owned(),
        role: NamedRole::Reader,
    };
    let mut others = Vec::new();
    for name in ["second", "third"] {
        let made = world.iam.create_resource_key(&owner, &new(name)).await;
        others.push(made.unwrap());
    }
    let token = async |key: &CreatedResourceKey| {
        let presented = by_key(&world, key.text.expose()).await;
        let tokens = act(&world.iam, &presented, &acting.crn).await;
        access_token(&tokens.unwrap())
    };
    let first = token(&acting.key).await;
    let [second, third] = others.as_slice() else {
        panic!("{others:?}")
    };
    let (of_second, of_third) = (token(second).await, token(third).await);
    assert_eq!(
        actions(&world.iam, &first, space),
        NamedRole::Reader.actions()
    );

    // The API key, then the key of the instance with its service ID, of which nothing else is left.
    let api_key = acting.key.api_key.id;
    world.iam.delete_api_key(&owner, api_key).await.unwrap();
    node.sync().await.unwrap();
    let deleted = node.delete_resource_key(&owner, second.key.id).await;
    deleted.unwrap();
    world.iam.sync().await.unwrap();
    for iam in [&world.iam, &node] {
        assert_eq!(refused(iam, &first, space), "its API key was deleted");
        assert!(!refused(iam, &of_second, space).is_empty());
        assert_eq!(actions(iam, &of_third, space), NamedRole::Reader.actions());
    }

    // The instance, which takes the authorizations for it alone with it.
    let deleted = world
        .iam
        .delete_instance(&owner, acting.instance.id, true)
        .await;
    deleted.unwrap();
    node.sync().await.unwrap();
    for iam in [&world.iam, &node] {
        assert!(!refused(iam, &of_third, space).is_empty());
        assert!(iam::inspect::matches_database(iam).await.unwrap());
    }
    node.close().await;
}

async fn what_is_shown_bounds_what_is_issued(world: World) {
    let owner = world.owner();
    let acting = Acting::new(&world).await;
    let space = Domain::Space(world.space());
    authorize(&world, AuthorizationSource::All, NamedRole::Manager, &[]).await;
    let limited = NewKey {
        owner: Some(acting.key.key.service.into()),
        narrowing: Narrowing {
            domain: Some(space),
            send_only: true,
        },
        ..NewKey::default()
    };
    let (_, key) = world.key(&owner, limited).await;
    let presented = by_key(&world, &key).await;
    let narrow = access_token(&act(&world.iam, &presented, &acting.crn).await.unwrap());
    let sends = Actions::of(&[base::scope::Action::Write]);
    assert_eq!(actions(&world.iam, &narrow, space), sends);
    let org = Domain::Org(world.org());
    let beyond = world
        .iam
        .verifier()
        .scope(Credential::Iam(&narrow), Some(org));
    assert!(matches!(beyond, Err(AuthError::OutOfReach { .. })));

    // No longer than what is shown, however often it is shown.
    let grant = Grant::ApiKey(acting.key.text.clone());
    let first = World::ask(&world.iam, grant, None).await.unwrap();
    world.wait(3000);
    let presented = access_token(&first);
    let late = act(&world.iam, &presented, &acting.crn).await.unwrap();
    assert_eq!(late.expires_at, first.expires_at);
    world.wait(700);
    let ended = act(&world.iam, &presented, &acting.crn).await;
    assert_eq!(code(ended), "wrong_token");
    let scope = (world.iam.verifier()).scope(Credential::Iam(&access_token(&late)), Some(space));
    assert!(matches!(scope, Err(AuthError::Expired { .. })));
}

async fn it_manages_nothing_and_takes_on_nothing(world: World) {
    let acting = Acting::new(&world).await;
    let (owner, space) = (world.owner(), Domain::Space(world.space()));
    let (whole, id) = (NamedRole::Manager, world.space().to_string());
    let place = [("spaceId", id.as_str())];
    authorize(&world, AuthorizationSource::All, whole, &place).await;
    let presented = acting.presented(&world).await;
    let token = access_token(&act(&world.iam, &presented, &acting.crn).await.unwrap());
    assert_eq!(actions(&world.iam, &token, space), whole.actions());
    assert!(matches!(
        world.enter(&token),
        Err(AuthError::InstanceForMetricsOnly)
    ));
    // Not even where the profile is for the service ID itself.
    let profile = crate::profiles::create_profile(&world, "ops").await;
    crate::profiles::let_in(&world, profile.id, acting.key.key.service.into()).await;
    let assume = async |shown: &str| {
        let login = ProfileLogin {
            proof: AssumerProof::AccessToken(secret(shown)),
            profile: WantedProfile {
                id: Some(profile.id.to_string()),
                ..WantedProfile::default()
            },
            account: None,
            client: None,
            source: source(),
        };
        world.iam.profile_token(login).await
    };
    assert_eq!(code(assume(&token).await), "not_authorized");
    // And by a profile nobody acts as the instance.
    let of_profile = access_token(&assume(&presented).await.unwrap());
    let refused = act(&world.iam, &of_profile, &acting.crn).await;
    assert_eq!(code(refused), "not_authorized");
    // It has no part in what everybody of the account has.
    world.iam.switch_public_access(&owner, true).await.unwrap();
    let everybody = PolicyTerms {
        subject: PolicySubject::Group(AccessGroupId::public(world.made.account)),
        ..terms(&world, AuthorizationSource::All, NamedRole::Viewer, &[])
    };
    world.iam.create_policy(&owner, everybody).await.unwrap();
    let org = Domain::Org(world.org());
    assert_eq!(
        actions(&world.iam, &presented, org),
        NamedRole::Viewer.actions()
    );
    assert_eq!(actions(&world.iam, &token, org), Actions::NONE);
    let directory = world.iam.directory();
    let all = directory.principals_of(world.made.account);
    assert!(!all.contains(&acting.instance.id.into()));
}

async fn sources_are_of_the_account_and_go_with_what_they_name(world: World) {
    let owner = world.owner();
    let group = world.iam.create_resource_group(&owner, "ops").await;
    let group = group.unwrap().id;
    let acting = Acting::new(&world).await;
    let presented = acting.presented(&world).await;
    let create = async |source: AuthorizationSource, role: NamedRole| {
        let terms = terms(&world, source, role, &[]);
        world.iam.create_policy(&owner, terms).await
    };
    let unknown = "01234567-89ab-cdef-0123-456789abcdef";
    let no_instance = AuthorizationSource::Instance(unknown.parse::<InstanceId>().unwrap());
    let no_group = AuthorizationSource::Group(ResourceGroupId(world.org().0));
    for (source, field) in [
        (no_instance, "serviceInstance"),
        (no_group, "resourceGroupId"),
    ] {
        let error = create(source, NamedRole::Reader).await.unwrap_err();
        assert_eq!(error.refusal().unwrap().field, Some(field));
    }
    for role in NamedRole::PLATFORM {
        let error = create(AuthorizationSource::All, role).await.unwrap_err();
        assert_eq!(error.refusal().unwrap().field, Some("roles"), "{role:?}");
    }

    // A group without it gives it nothing, and stays as long as it is named.
    let of_group = create(AuthorizationSource::Group(group), NamedRole::Reader).await;
    let of_group = of_group.unwrap();
    let none = act(&world.iam, &presented, &acting.crn).await;
    assert_eq!(code(none), "not_authorized");
    let held = world.iam.delete_resource_group(&owner, group).await;
    assert_eq!(code(held), "conflict");
    let again = create(AuthorizationSource::Group(group), NamedRole::Reader).await;
    assert_eq!(code(again), "same_policy");
    // A policy stays what it is.
    let access = PolicyTerms {
        subject: PolicySubject::Principal(acting.key.key.service.into()),
        ..terms(&world, AuthorizationSource::All, NamedRole::Reader, &[])
    };
    let tag = policy_tag(&of_group);
    let turned = world.iam.replace_policy(&owner, of_group.id, &tag, access);
    let turned = turned.await.unwrap_err();
    assert_eq!(turned.refusal().unwrap().field, Some("type"));
    let first = ResourceGroup::default_of(world.made.account);
    let wider = terms(
        &world,
        AuthorizationSource::Group(first),
        NamedRole::Reader,
        &[],
    );
    let moved = world.iam.replace_policy(&owner, of_group.id, &tag, wider);
    moved.await.unwrap();
    act(&world.iam, &presented, &acting.crn).await.unwrap();
    world
        .iam
        .delete_resource_group(&owner, group)
        .await
        .unwrap();

    // What is for the instance alone goes with it, also with its space, for good.
    let source = AuthorizationSource::Instance(acting.instance.id);
    let alone = create(source, NamedRole::Writer).await.unwrap();
    let deleted = world.iam.delete_instance(&owner, acting.instance.id, true);
    deleted.await.unwrap();
    assert!(world.iam.directory().policy(alone.id).is_none());
    let second = Acting::new(&world).await;
    let source = AuthorizationSource::Instance(second.instance.id);
    let alone = create(source, NamedRole::Writer).await.unwrap();
    world.iam.delete_space(&owner, world.space()).await.unwrap();
    assert!(world.iam.directory().policy(alone.id).is_some());
    world.remove_deleted().await;
    assert!(world.iam.directory().policy(alone.id).is_none());
    assert!(iam::inspect::matches_database(&world.iam).await.unwrap());
}
