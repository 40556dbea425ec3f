//! A space is isolated from the members of another, and lists show only what the caller may see.

use crate::access::world::{ELSEWHERE, User, World, ok};
use serde_json::{Value, json};

/// No route, header or wildcard shows or changes another space's metrics.
#[test]
fn no_way_leads_from_one_space_to_another() {
    let world = World::start();
    let developer = world.user("own space", "Developer");
    let other = &world.domains["other space"];
    let stamp = crate::harness::now() - 5;
    let plant = world
        .server
        .request("POST", "/v1/metrics")
        .header("X-Auth-User-Token", &format!("iam {}", world.owner_token))
        .header("X-Auth-Scope-Id", other)
        .json(&json!([{"name": "vault.secret", "value": 42, "timestamp": stamp}]));
    ok(&plant.send());
    let iam = format!("iam {}", developer.credentials["iam"]);
    let by_owner = |method: &str, path: &str| {
        world
            .server
            .request(method, path)
            .header("X-Auth-User-Token", &iam)
            .header("X-Auth-Scope-Id", &world.domains["own space"])
    };
    let bare = &other[2..];
    for pattern in [
        "*",
        "*.*",
        "vault.*",
        "vault.secret",
        "{vault,x}.*",
        "[a-z]*.*",
        "?ault.*",
    ] {
        let encoded =
            wire::query::encode(&[("target", pattern), ("query", pattern), ("from", "1")]);
        assert_eq!(
            by_owner("GET", &format!("/v1/metrics?{encoded}"))
                .send()
                .json(),
            json!([]),
            "{pattern}"
        );
        assert_eq!(
            by_owner("GET", &format!("/v1/metrics/list?{encoded}"))
                .send()
                .json(),
            json!([]),
            "{pattern}"
        );
        let encoded = wire::query::encode(&[("query", pattern), ("from", "1")]);
        assert_eq!(
            by_owner("DELETE", &format!("/v1/metrics/list?{encoded}"))
                .send()
                .json()["deleted"],
            json!(0),
            "{pattern}"
        );
    }
    for path in [
        format!("{bare}.vault.*"),
        format!("s-{bare}.vault.*"),
        format!("..{bare}.*"),
        format!("../{bare}/*"),
    ] {
        let encoded = wire::query::encode(&[("target", &path)]);
        let reply = by_owner("GET", &format!("/v1/metrics?{encoded}")).send();
        assert!(
            reply.status == 400 || reply.json() == json!([]),
            "{path}: {}",
            reply.text()
        );
    }
    // A second scope header, or one smuggled into the credential, does not widen the first.
    for value in [
        format!("{other}, {}", world.domains["own space"]),
        other.to_uppercase(),
        format!(" {other}"),
        bare.to_owned(),
    ] {
        let reply = world
            .server
            .request("GET", "/v1/metrics/list")
            .header("X-Auth-User-Token", &iam)
            .header("X-Auth-Scope-Id", &value)
            .send();
        assert!(
            matches!(reply.status, 400 | 404),
            "`{value}` answered {}: {}",
            reply.status,
            reply.text()
        );
    }
    let both = world
        .server
        .request("GET", "/v1/metrics/list")
        .header("X-Auth-User-Token", &iam)
        .header("X-Auth-Scope-Id", &world.domains["own space"])
        .header("X-Auth-Scope-Id", other)
        .send();
    assert!(!both.text().contains("vault"), "{}", both.text());
    let still = world
        .server
        .request("GET", "/v1/metrics?target=vault.secret")
        .header("X-Auth-User-Token", &format!("iam {}", world.owner_token))
        .header("X-Auth-Scope-Id", other)
        .send();
    assert_eq!(
        still.json(),
        json!([{"target": "vault.secret", "datapoints": [[42, stamp]]}])
    );
}

/// The GUIDs a list of Cloud Foundry's form holds, sorted.
fn listed(world: &World, user: &User, path: &str) -> Vec<String> {
    let reply = ok(&world.call(user, "iam", "GET", path).send());
    let guid = |item: &Value| item["metadata"]["guid"].as_str().unwrap().to_owned();
    let items = reply["resources"].as_array().unwrap();
    assert_eq!(reply["total_results"], json!(items.len()), "{path}");
    let mut guids: Vec<String> = items.iter().map(guid).collect();
    guids.sort();
    guids
}

#[test]
fn lists_show_what_may_be_seen_and_nothing_else() {
    let world = World::start();
    let (home, other) = (&world.home, &world.other);
    for user in &world.users {
        let (_, elsewhere) = &world.elsewhere;
        let visible = |in_home: bool, home: &String, other: &String, elsewhere: &String| {
            let mut guids = match (user.has_role("account", "Administrator"), in_home) {
                _ if user.domain == ELSEWHERE => vec![elsewhere.clone()],
                (true, _) => vec![home.clone(), other.clone()],
                (false, true) => vec![home.clone()],
                (false, false) => Vec::new(),
            };
            guids.sort();
            guids
        };
        let name = user.name();
        let in_org = matches!(user.domain, "own org" | "own space");
        let in_space = user.domain == "own space" || user.has_role("own org", "Manager");
        let orgs = visible(in_org, &home.org, &other.org, &elsewhere.org);
        let spaces = visible(in_space, &home.space, &other.space, &elsewhere.space);
        assert_eq!(listed(&world, user, "/v2/organizations"), orgs, "{name}");
        assert_eq!(listed(&world, user, "/v2/spaces"), spaces, "{name}");
        for org in &orgs {
            let path = format!("/v2/organizations/{org}/spaces");
            let places = [home, other, elsewhere];
            let here = places.into_iter().find(|place| place.org == *org).unwrap();
            let here: Vec<_> = spaces
                .iter()
                .filter(|space| **space == here.space)
                .cloned()
                .collect();
            assert_eq!(listed(&world, user, &path), here, "{name}");
        }
        let accounts = ok(&world.call(user, "iam", "GET", "/coe/v2/accounts").send());
        let mut listed: Vec<String> = accounts["resources"][0]["entity"]["organizations_region"]
            .as_array()
            .unwrap()
            .iter()
            .map(|org| org["guid"].as_str().unwrap().to_owned())
            .collect();
        listed.sort();
        assert_eq!(listed, orgs, "{name}");
        let keys = ok(&world
            .call(user, "iam", "GET", "/v1/apikeys?pagesize=100")
            .send());
        let keys = keys["apikeys"].as_array().unwrap();
        assert!(!keys.is_empty(), "{name}");
        for key in keys {
            assert_eq!(key["iam_id"], json!(user.iam_id), "{name}");
            assert_eq!(key["apikey"], json!(""), "{name}");
        }
    }
}
