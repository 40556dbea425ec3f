//! The routes of trusted profiles, their rules, links and identities: an Administrator manages them, and nobody else finds any.

use super::identity::{
    Attempt, Column, Relation, administers_own, administrator, column, everyone,
};
use super::policies::own_account;
use super::world::World;
use crate::harness::Request;
use serde_json::{Value, json};

/// A new profile of the owner.
fn create_profile(world: &World) -> String {
    let body = json!({"account_id": world.account, "name": world.new_name()});
    let made = world.manage("POST", "/v1/profiles", &body);
    made["id"].as_str().unwrap().to_owned()
}

fn kept(world: &World) -> String {
    let kept = &world.kept.trusted_profile;
    kept.get_or_init(|| create_profile(world)).clone()
}

/// Whoever may has a profile of their own to change.
fn one_profile(yes: u16, ask: fn(&Attempt<'_>, &str) -> Request) -> Vec<Column> {
    let ask = move |attempt: &Attempt<'_>| match attempt.may {
        true => ask(attempt, &create_profile(attempt.world)),
        false => ask(attempt, &kept(attempt.world)),
    };
    vec![column(
        "the account's",
        (administrator, administrator),
        yes,
        ask,
    )]
}

fn rule() -> Value {
    json!({
        "type": "Profile-SAML", "realm_name": "IBMid", "expiration": 900,
        "conditions": [{"claim": "email", "operator": "EQUALS", "value": "\"nobody@example.org\""}],
    })
}

fn link() -> Value {
    json!({"cr_type": "IKS_SA", "link": {"namespace": "prod"}})
}

fn identity(world: &World) -> Value {
    json!({"identifier": world.owner_iam_id, "type": "user"})
}

/// The same with something that belongs to the profile, which is made below this part of its path: the profile, and its id.
fn one_part(
    yes: u16,
    part: &'static str,
    body: fn() -> Value,
    ask: fn(&Attempt<'_>, (&str, &str)) -> Request,
) -> Vec<Column> {
    let ask = move |attempt: &Attempt<'_>| {
        let world = attempt.world;
        if !attempt.may {
            let nothing = "Link-00000000-0000-4000-8000-000000000000";
            return ask(attempt, (&kept(world), nothing));
        }
        let profile = create_profile(world);
        let made = world.manage("POST", &format!("/v1/profiles/{profile}/{part}"), &body());
        ask(attempt, (&profile, made["id"].as_str().unwrap()))
    };
    vec![column(
        "the account's",
        (administrator, administrator),
        yes,
        ask,
    )]
}

/// The same with the owner as an identity.
fn one_identity(yes: u16) -> Vec<Column> {
    let ask = move |attempt: &Attempt<'_>| {
        let world = attempt.world;
        let profile = match attempt.may {
            true => create_profile(world),
            false => kept(world),
        };
        if attempt.may {
            let path = format!("/v1/profiles/{profile}/identities/user");
            world.manage("POST", &path, &identity(world));
        }
        let owner = ("identifier", world.owner_iam_id.as_str());
        attempt.with(&[("id", &profile), ("kind", "user"), owner])
    };
    vec![column(
        "the account's",
        (administrator, administrator),
        yes,
        ask,
    )]
}

/// How a route is tried; none when this file does not know it.
pub(super) fn columns(method: &str, path: &str) -> Option<Vec<Column>> {
    let relation: (Relation, Relation) = (everyone, administers_own);
    let part = path.strip_prefix("/v1/profiles")?;
    let columns = match (method, part) {
        ("GET", "") => vec![column("own account", relation, 200, |a| a.with(&[]))],
        ("POST", "") => vec![column("own account", relation, 201, |a| {
            let body = json!({"account_id": own_account(a), "name": a.world.new_name()});
            a.with(&[]).json(&body)
        })],
        ("GET", "/{id}" | "/{id}/rules" | "/{id}/links" | "/{id}/identities") => {
            one_profile(200, |a, id| a.with(&[("id", id)]))
        }
        ("PUT", "/{id}") => one_profile(200, |a, id| {
            let request = a.with(&[("id", id)]).header("If-Match", "*");
            request.json(&json!({"name": a.world.new_name()}))
        }),
        ("DELETE", "/{id}") => one_profile(204, |a, id| a.with(&[("id", id)])),
        ("POST", "/{id}/rules") => one_profile(201, |a, id| a.with(&[("id", id)]).json(&rule())),
        ("GET", "/{id}/rules/{rule}") => one_part(200, "rules", rule, |a, (id, rule_id)| {
            a.with(&[("id", id), ("rule", rule_id)])
        }),
        ("PUT", "/{id}/rules/{rule}") => one_part(200, "rules", rule, |a, (id, rule_id)| {
            let request = a.with(&[("id", id), ("rule", rule_id)]);
            request.header("If-Match", "*").json(&rule())
        }),
        ("DELETE", "/{id}/rules/{rule}") => one_part(204, "rules", rule, |a, (id, rule_id)| {
            a.with(&[("id", id), ("rule", rule_id)])
        }),
        ("POST", "/{id}/links") => one_profile(201, |a, id| a.with(&[("id", id)]).json(&link())),
        ("DELETE", "/{id}/links") => one_part(204, "links", link, |a, (id, _)| {
            let path = format!("/v1/profiles/{id}/links?type=IKS_SA&namespace=prod");
            a.world.call(a.user, a.credential, a.method, &path)
        }),
        ("GET", "/{id}/links/{link}") => one_part(200, "links", link, |a, (id, link_id)| {
            a.with(&[("id", id), ("link", link_id)])
        }),
        ("DELETE", "/{id}/links/{link}") => one_part(204, "links", link, |a, (id, link_id)| {
            a.with(&[("id", id), ("link", link_id)])
        }),
        ("PUT", "/{id}/identities") => one_profile(200, |a, id| {
            let request = a.with(&[("id", id)]).header("If-Match", "*");
            request.json(&json!({"identities": [identity(a.world)]}))
        }),
        ("POST", "/{id}/identities/{kind}") => one_profile(200, |a, id| {
            let request = a.with(&[("id", id), ("kind", "user")]);
            request.json(&identity(a.world))
        }),
        ("GET", "/{id}/identities/{kind}/{identifier}") => one_identity(200),
        ("DELETE", "/{id}/identities/{kind}/{identifier}") => one_identity(204),
        _ => return None,
    };
    Some(columns)
}
