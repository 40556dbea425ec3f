//! Who may do what, where: every route × credential × role × scope against the committed table `access.txt`.
//!
//! A route that the table does not hold fails the test. `VIGIE_UPDATE=1` writes the table anew, for review. The rights
//! of the monitoring routes are checked a second time against the rules written down here, so that a wrong table cannot
//! be committed by mistake.

use crate::harness::{Reply, Request, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// The kinds of credential, in the order of the table's cells.
const CREDENTIALS: [&str; 3] = ["iam", "apikey", "uaa"];

/// The scopes of the table's columns.
const SCOPES: [&str; 6] = [
    "own space",
    "other space",
    "own org",
    "other org",
    "account",
    "none",
];

/// Every role, with the domain it is held in, and what it allows there.
const ROLES: [(&str, &str, &str); 11] = [
    (
        "account",
        "Administrator",
        "write render find delete configure",
    ),
    ("account", "Editor", "write render find delete"),
    ("account", "Operator", "write delete"),
    ("account", "Viewer", "render"),
    ("own org", "Manager", "write render find delete configure"),
    ("own org", "BillingManager", ""),
    ("own org", "Auditor", "render find"),
    ("own space", "Manager", "write render find delete configure"),
    ("own space", "Developer", "write render find delete"),
    ("own space", "Auditor", "render find"),
    ("nowhere", "none", ""),
];

struct User {
    domain: &'static str,
    role: &'static str,
    allowed: &'static str,
    email: String,
    credentials: BTreeMap<&'static str, String>,
}

struct World {
    server: Server,
    owner_token: String,
    domains: BTreeMap<&'static str, String>,
    users: Vec<User>,
}

fn ok(reply: &Reply) -> Value {
    assert!(
        (200..300).contains(&reply.status),
        "{}: {}",
        reply.status,
        reply.text()
    );
    if reply.body.is_empty() {
        Value::Null
    } else {
        reply.json()
    }
}

/// Two organizations with a space each, and one user per role.
fn world() -> World {
    let server = Server::start();
    let owner_token = server.token();
    let manage = |method: &str, path: &str, body: Value| {
        ok(&server
            .request(method, path)
            .bearer(&owner_token)
            .json(&body)
            .send())
    };
    let guid = |created: &Value| created["metadata"]["guid"].as_str().unwrap().to_owned();
    let other_org = guid(&manage(
        "POST",
        "/v2/organizations",
        json!({"name": "other"}),
    ));
    let other_space = guid(&manage(
        "POST",
        "/v2/spaces",
        json!({"name": "prod", "organization_guid": other_org}),
    ));
    let (account, org, space) = (
        server.owner.account.clone(),
        server.owner.org.clone(),
        server.owner.space.clone(),
    );
    let mut users = Vec::new();
    for (domain, role, allowed) in ROLES {
        let email = format!(
            "{}-{}@example.org",
            domain.replace(' ', "-"),
            role.to_lowercase()
        );
        let invited = manage(
            "POST",
            &format!("/v2/accounts/{account}/users"),
            json!({"users": [{"email": email}]}),
        );
        let password = invited["resources"][0]["one_time_password"]
            .as_str()
            .unwrap()
            .to_owned();
        let place = match domain {
            "account" => Some(format!("/v2/accounts/{account}/roles/{role}")),
            "own org" => Some(format!("/v2/organizations/{org}/{}", plural(role))),
            "own space" => Some(format!("/v2/spaces/{space}/{}", plural(role))),
            _ => None,
        };
        if let Some(place) = place {
            manage("PUT", &place, json!({"username": email}));
        }
        let credentials = credentials(&server, &email, &password);
        users.push(User {
            domain,
            role,
            allowed,
            email,
            credentials,
        });
    }
    let domains = BTreeMap::from([
        ("own space", format!("s-{space}")),
        ("other space", format!("s-{other_space}")),
        ("own org", format!("o-{org}")),
        ("other org", format!("o-{other_org}")),
        ("account", format!("a-{account}")),
    ]);
    World {
        server,
        owner_token,
        domains,
        users,
    }
}

fn plural(role: &str) -> &'static str {
    match role {
        "Manager" => "managers",
        "BillingManager" => "billing_managers",
        "Auditor" => "auditors",
        _ => "developers",
    }
}

fn credentials(server: &Server, email: &str, password: &str) -> BTreeMap<&'static str, String> {
    let form = [
        ("grant_type", "password"),
        ("username", email),
        ("password", password),
    ];
    let iam = ok(&server
        .request("POST", "/identity/token")
        .basic("bx", "bx")
        .form(&form)
        .send());
    let iam = iam["access_token"].as_str().unwrap().to_owned();
    let uaa = ok(&server
        .request("POST", "/oauth/token")
        .basic("cf", "")
        .form(&form)
        .send());
    let uaa = uaa["access_token"].as_str().unwrap().to_owned();
    let info = ok(&server
        .request("GET", "/identity/userinfo")
        .bearer(&iam)
        .send());
    let wanted = json!({"name": "matrix", "iam_id": info["iam_id"]});
    let key = ok(&server
        .request("POST", "/v1/apikeys")
        .bearer(&iam)
        .json(&wanted)
        .send());
    BTreeMap::from([
        ("iam", iam),
        ("uaa", uaa),
        ("apikey", key["apikey"].as_str().unwrap().to_owned()),
    ])
}

/// The request by which the table tries a monitoring route, and the right it needs.
fn monitoring(world: &World, method: &str, path: &str) -> Option<(Request, &'static str)> {
    let request = |path: &str| world.server.request(method, path);
    Some(match (method, path) {
        ("POST", "/v1/metrics") => (
            request(path).json(&json!([{"name": "matrix.sent", "value": 1}])),
            "write",
        ),
        ("GET", "/v1/metrics") => (request("/v1/metrics?target=*.*"), "render"),
        ("GET", "/v1/metrics/list") => (request("/v1/metrics/list?query=*"), "find"),
        ("DELETE", "/v1/metrics/list") => (request("/v1/metrics/list?query=nothing.*"), "delete"),
        ("GET", "/v1/settings/domain") => (request(path), "render"),
        ("PUT", "/v1/settings/domain") => (
            request(path).json(&json!({"resolution_seconds": null})),
            "configure",
        ),
        _ => return None,
    })
}

/// What the rules say, independent of the table.
fn expected(user: &User, credential: &str, scope: &str, right: &str) -> u16 {
    let scope_is_account = matches!(scope, "account" | "none");
    if credential == "uaa" && scope_is_account {
        return if scope == "none" { 400 } else { 403 };
    }
    let meant = if scope == "none" { "account" } else { scope };
    if user.domain != meant {
        return 404;
    }
    if user.allowed.split(' ').any(|own| own == right) {
        200
    } else {
        403
    }
}

fn monitoring_row(world: &World, user: &User, method: &str, path: &str) -> String {
    let mut row = format!("  {:24}", format!("{} {}", user.domain, user.role));
    for scope in SCOPES {
        let mut cells = Vec::new();
        for credential in CREDENTIALS {
            let (mut request, right) = monitoring(world, method, path).unwrap();
            request = request.header(
                "X-Auth-User-Token",
                &format!("{credential} {}", user.credentials[credential]),
            );
            if let Some(domain) = world.domains.get(scope) {
                request = request.header("X-Auth-Scope-Id", domain);
            }
            let reply = request.send();
            let rule = expected(user, credential, scope, right);
            let what = format!(
                "{method} {path} as {} {} by {credential} in {scope}",
                user.domain, user.role
            );
            assert_eq!(reply.status, rule, "{what}: {}", reply.text());
            cells.push(reply.status.to_string());
        }
        let _ = write!(row, " {:12}", cells.join("/"));
    }
    row.trim_end().to_owned()
}

/// A path with its braces filled by ids that belong to the first space and its owner.
fn filled(world: &World, path: &str) -> String {
    let bare = |scope: &str| world.domains[scope][2..].to_owned();
    let parent = |path: &str| path.split('/').nth(2).unwrap_or_default().to_owned();
    let guid = match parent(path).as_str() {
        "organizations" => bare("own org"),
        "spaces" => bare("own space"),
        _ => "ApiKey-00000000-0000-4000-8000-000000000000".to_owned(),
    };
    path.replace("{account}", &bare("account"))
        .replace("{iam_id}", "IBMid-00000000-0000-4000-8000-000000000000")
        .replace("{guid}", &guid)
        .replace("{id}", &guid)
        .replace(
            "{role}",
            if path.contains("/roles/") {
                "Viewer"
            } else {
                "auditors"
            },
        )
}

/// Identity routes are tried by people who may change nothing: a stranger and an auditor of the space.
fn identity_row(world: &World, user: &User, method: &str, path: &str) -> String {
    let mut cells = Vec::new();
    for credential in CREDENTIALS {
        let mut request = world.server.request(method, &filled(world, path));
        request = request.header(
            "X-Auth-User-Token",
            &format!("{credential} {}", user.credentials[credential]),
        );
        if matches!(method, "POST" | "PUT") || path.ends_with("{role}") {
            request = request.json(&json!({"username": user.email}));
        }
        cells.push(request.send().status.to_string());
    }
    format!(
        "  {:24} {}",
        format!("{} {}", user.domain, user.role),
        cells.join("/")
    )
}

fn routes() -> Vec<(String, String, String)> {
    let output = std::process::Command::new(crate::harness::VIGIED)
        .args(["routes", "--output", "json"])
        .output()
        .unwrap();
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (text(row, "method"), text(row, "path"), text(row, "guard")))
        .collect()
}

#[test]
fn every_route_credential_role_and_scope_answers_as_the_table_says() {
    let world = world();
    let planted = world
        .server
        .metrics(&world.owner_token, "POST", "/v1/metrics");
    ok(&planted
        .json(
            &json!([{"name": "secret.plan", "value": 42, "timestamp": crate::harness::now() - 5}]),
        )
        .send());
    let mut table = String::from(
        "# Generated by the test `isolation`: statuses by credential iam/apikey/uaa; columns are the scopes\n# own space, other space, own org, other org, account, none (no header).\n",
    );
    for (method, path, guard) in routes() {
        let _ = writeln!(table, "\n{method} {path}  [{guard}]");
        let unknown = || format!("{method} {path} is not covered: teach this test how to try it");
        match guard.as_str() {
            "public" | "credential" => {}
            "identity" => {
                let refused = world.server.request(&method, &filled(&world, &path)).send();
                assert_eq!(
                    refused.status, 401,
                    "{method} {path} answers without a credential"
                );
                for user in &world.users {
                    if matches!(
                        (user.domain, user.role),
                        ("own space", "Auditor") | ("nowhere", "none")
                    ) {
                        let _ = writeln!(table, "{}", identity_row(&world, user, &method, &path));
                    }
                }
            }
            _ => {
                let (request, _) =
                    monitoring(&world, &method, &path).unwrap_or_else(|| panic!("{}", unknown()));
                assert_eq!(
                    request.send().status,
                    401,
                    "{method} {path} answers without a credential"
                );
                for user in &world.users {
                    let _ = writeln!(table, "{}", monitoring_row(&world, user, &method, &path));
                }
            }
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/access.txt");
    if std::env::var_os("VIGIE_UPDATE").is_some() {
        std::fs::write(&file, &table).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        table,
        committed,
        "access differs from {}; VIGIE_UPDATE=1 writes it anew, for review",
        file.display()
    );
}

/// By no route, header or wildcard does one space see or touch another's metrics.
#[test]
fn no_way_leads_from_one_space_to_another() {
    let world = world();
    let developer = world
        .users
        .iter()
        .find(|user| (user.domain, user.role) == ("own space", "Developer"))
        .unwrap();
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
    let own = |method: &str, path: &str| {
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
            own("GET", &format!("/v1/metrics?{encoded}")).send().json(),
            json!([]),
            "{pattern}"
        );
        assert_eq!(
            own("GET", &format!("/v1/metrics/list?{encoded}"))
                .send()
                .json(),
            json!([]),
            "{pattern}"
        );
        assert_eq!(
            own("DELETE", &format!("/v1/metrics/list?{encoded}"))
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
        let reply = own("GET", &format!("/v1/metrics?{encoded}")).send();
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
