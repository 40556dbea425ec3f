//! Access to every route: every route × credential × role × scope against the committed table `access.txt`.
//!
//! A route that the table does not hold fails the test. `VIGIE_UPDATE=1` writes the table anew, for review. Every cell is
//! checked a second time against the rules written down in [`monitoring`] and [`identity`], so that a wrong table cannot
//! be committed by mistake.

mod account_settings;
mod families;
mod groups;
pub(crate) mod identity;
pub(crate) mod monitoring;
mod policies;
mod preferences;
mod profiles;
mod resources;
mod service_id_groups;
mod service_ids;
mod sessions;
mod users;
pub(crate) mod world;

use crate::harness::KeptConnection;
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;
use world::{User, World, ok};

/// A route as `vigied routes` prints it.
pub(crate) struct Route {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) guard: String,
}

/// Every route of the server.
pub(crate) fn routes() -> Vec<Route> {
    let output = std::process::Command::new(crate::harness::VIGIED)
        .args(["routes", "--output", "json"])
        .output()
        .unwrap();
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    let route = |row: &Value| Route {
        method: text(row, "method"),
        path: text(row, "path"),
        guard: text(row, "guard"),
    };
    value.as_array().unwrap().iter().map(route).collect()
}

/// The answer of a route to a request without a credential, by its guard: the full answer on public routes, otherwise only the
/// demand for a credential.
fn to_nobody(route: &Route) -> u16 {
    match (route.guard.as_str(), route.path.as_str()) {
        ("public", path) if path.ends_with("/ping") => 204,
        ("public", _) => 200,
        // The refusal says that the form lacks fields, or a client.
        ("credential", "/oauth/token" | "/token" | "/v1/sessions/{id}/state") => 401,
        ("credential", _) => 400,
        _ => 401,
    }
}

fn filled(path: &str) -> String {
    let guid = "00000000-0000-4000-8000-000000000000";
    path.replace("{account}", &guid.replace('-', ""))
        .replace("{guid}", guid)
        .replace("{id}", &format!("ApiKey-{guid}"))
        .replace("{iam_id}", &format!("IBMid-{guid}"))
        .replace("{rule}", &format!("ClaimRule-{guid}"))
        .replace("{link}", &format!("Link-{guid}"))
        .replace("{kind}", "user")
        .replace("{identifier}", &format!("IBMid-{guid}"))
        .replace("{role}", "auditors")
        .replace("{service}", "console")
        .replace("{preference}", "page")
        .replace("{reference}", "latest")
}

/// On routes that need a credential, neither an invalid one nor another method gets past the check.
fn no_way_around(world: &World, route: &Route) {
    if matches!(route.guard.as_str(), "public" | "credential") {
        return;
    }
    let (method, path) = (route.method.as_str(), filled(&route.path));
    for (header, value) in [
        ("X-Auth-User-Token", "iam a.b.c"),
        ("X-Auth-User-Token", "apikey x"),
        ("X-Auth-User-Token", "uaa"),
        ("X-Auth-User-Token", ""),
        ("Authorization", "Bearer x"),
        ("Authorization", "Basic Yng6Yng="),
        ("IAM-ApiKey", &world.users[0].credentials["apikey"]),
    ] {
        let reply = world.server.request(method, &path).header(header, value);
        let reply = reply.send();
        assert_eq!(
            reply.status, 401,
            "{method} {path} with `{header}: {value}`"
        );
    }
    // A good key, or a token with a name, opens what is about metrics alone.
    if route.guard == "identity" {
        let (key, token) = (&world.users[0].credentials["apikey"], &world.owner_token);
        for request in [
            world.server.request(method, &path).bearer(key),
            world.server.request(method, &path).basic("apikey", key),
            world.server.request(method, &path).basic("iam", token),
        ] {
            let reply = request.send();
            assert_eq!(reply.status, 401, "{method} {path}: {}", reply.text());
            let challenge = reply.header("www-authenticate").unwrap_or_default();
            assert!(challenge.starts_with("Bearer realm=\"vigie\""));
            assert!(!challenge.contains("Basic"), "{method} {path}: {challenge}");
        }
    }
    for other in ["HEAD", "OPTIONS", "PATCH", "get"] {
        let reply = world.server.request(other, &path).send();
        assert!(
            matches!(reply.status, 401 | 405) && !reply.text().contains("secret"),
            "{other} {path}: {}",
            reply.status
        );
    }
}

/// The lines of a route: one per person, tried concurrently, in the order of the roles.
fn lines(world: &World, cells: impl Fn(&User) -> Vec<String> + Sync) -> Vec<String> {
    let line = |user: &User| {
        let columns = cells(user).into_iter().map(|cell| format!("{cell:13}"));
        let line = format!("  {:24} {}", user.name(), columns.collect::<String>());
        line.trim_end().to_owned()
    };
    std::thread::scope(|scope| {
        let line = &line;
        let start = |user| {
            scope.spawn(move || {
                let _kept = KeptConnection::of_this_thread();
                line(user)
            })
        };
        let threads: Vec<_> = world.users.iter().map(start).collect();
        let end = |thread: std::thread::ScopedJoinHandle<'_, String>| match thread.join() {
            Ok(line) => line,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        threads.into_iter().map(end).collect()
    })
}

#[test]
fn every_route_credential_role_and_scope_answers_as_the_table_says() {
    let _kept = KeptConnection::of_this_thread();
    let world = World::start();
    let planted = world
        .server
        .metrics(&world.owner_token, "POST", "/v1/metrics");
    let stamp = crate::harness::now() - 5;
    ok(&planted
        .json(&serde_json::json!([{"name": "secret.plan", "value": 42, "timestamp": stamp}]))
        .send());
    let mut table = String::from(
        "# Written by the test `access`: statuses by the credentials iam/apikey/uaa. Columns are the scopes or the objects\n# asked for; `own` is where the person has their role.\n",
    );
    for route in routes() {
        let (method, path) = (route.method.as_str(), route.path.as_str());
        let unknown = format!("{method} {path} is not covered: teach this test how to try it");
        let (names, lines) = match route.guard.as_str() {
            "public" | "watcher" | "credential" => (Vec::new(), Vec::new()),
            "identity" => {
                let columns = identity::columns(method, path).expect(&unknown);
                let names: Vec<_> = columns.iter().map(|column| column.name).collect();
                let cells = |user: &User| identity::cells(&world, user, method, path, &columns);
                (names, lines(&world, cells))
            }
            _ => {
                monitoring::request(&world, method, path).expect(&unknown);
                let cells = |user: &User| monitoring::cells(&world, user, method, path);
                (monitoring::SCOPES.to_vec(), lines(&world, cells))
            }
        };
        let _ = writeln!(table, "\n{method} {path}  [{}]", route.guard);
        if !names.is_empty() {
            let names: String = names.iter().map(|name| format!("{name:13}")).collect();
            let _ = writeln!(table, "  {:24} {}", "", names.trim_end());
        }
        let bare = world.server.request(method, &filled(path)).send();
        let rule = to_nobody(&route);
        assert_eq!(
            bare.status,
            rule,
            "{method} {path} without a credential: {}",
            bare.text()
        );
        let _ = writeln!(table, "  {:24} {}", "without a credential", bare.status);
        no_way_around(&world, &route);
        for line in lines {
            let _ = writeln!(table, "{line}");
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/access.txt");
    if std::env::var_os("VIGIE_UPDATE").is_some() {
        std::fs::write(&file, &table).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    let fresh = |line: &&str| !committed.lines().any(|old| old == *line);
    let first = table.lines().find(fresh).unwrap_or_default();
    assert!(
        table == committed,
        "access differs from {}, for example `{first}`; VIGIE_UPDATE=1 writes it anew, for review",
        file.display()
    );
}
