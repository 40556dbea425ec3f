//! One tenant cannot use up shared resources: series, spaces, keys, samples, the disk.

mod groups;
mod names;

use crate::harness::{Reply, Server, Serving, VIGIED, knows, now, until};
use serde_json::{Value, json};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn set(settings: &[&str]) -> Server {
    let flags: Vec<&str> = settings
        .iter()
        .flat_map(|setting| ["--set", setting])
        .collect();
    Server::with(&flags)
}

/// The operator's `vigied account ARGUMENTS` beside the running server.
pub(super) fn operator(server: &Server, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(VIGIED)
        .arg("account")
        .args(arguments)
        .arg("--data")
        .arg(server.data())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let done = output.status.success();
    let text = if done { output.stdout } else { output.stderr };
    (done, String::from_utf8_lossy(&text).into_owned())
}

/// A second account: its API key.
pub(super) fn neighbour(server: &Server) -> String {
    let arguments = [
        "create",
        "Next",
        "--owner",
        "n@example.org",
        "--output",
        "json",
    ];
    let (done, text) = operator(server, &arguments);
    assert!(done, "{text}");
    let made: Value = serde_json::from_str(&text).unwrap();
    let key = made["api_key"].as_str().unwrap().to_owned();
    until("the server has seen the account", || {
        knows(&server.serving.url(), &key)
    });
    key
}

/// Sends one sample for each name, to the account's own domain.
fn send(server: &Server, key: &str, names: &[&str]) -> Reply {
    let stamp = now() - 10;
    let body: Vec<Value> = names
        .iter()
        .map(|name| json!({"name": name, "value": 1, "timestamp": stamp}))
        .collect();
    server
        .request("POST", "/v1/metrics")
        .header("X-Auth-User-Token", &format!("apikey {key}"))
        .json(&json!(body))
        .send()
}

fn counts(reply: &Reply) -> (Value, Value) {
    let body = reply.json();
    (body["stored"].clone(), body["rejected"].clone())
}

fn is_for_later(reply: &Reply, limit: &str) {
    assert_eq!(reply.status, 429, "{}", reply.text());
    let is_sent = |what: &&str| limit.contains(*what);
    let comes_back = ["series", "name_bytes", "samples", "stored"]
        .iter()
        .any(is_sent);
    assert_eq!(reply.header("Retry-After").is_some(), comes_back);
    assert!(reply.text().contains(limit), "{}", reply.text());
}

/// Waiting would not help: a client that repeats by itself must not be told to.
fn is_full(reply: &Reply, limit: &str) {
    let answer = (reply.status, reply.header("Retry-After"));
    assert_eq!(answer, (409, None), "{}", reply.text());
    assert!(reply.text().contains(limit), "{}", reply.text());
}

fn make_space(server: &Server, key: &str, name: &str) -> Reply {
    server
        .request("POST", "/v2/spaces")
        .header("X-Auth-User-Token", &format!("apikey {key}"))
        .json(&json!({"name": name, "organization_guid": server.owner.org}))
        .send()
}

#[test]
fn rules_are_counted_by_account() {
    let server = set(&["limits.rule_bytes_per_account=200"]);
    let key = server.owner.api_key.clone();
    let second = make_space(&server, &key, "second").json();
    let second = format!("s-{}", second["metadata"]["guid"].as_str().unwrap());
    let first = format!("s-{}", server.owner.space);
    let rules = |domain: &str, rules: &Value| {
        let request = server.request("PUT", "/v1/settings/domain");
        request
            .header("X-Auth-User-Token", &format!("apikey {key}"))
            .header("X-Auth-Scope-Id", domain)
            .json(rules)
            .send()
    };
    let text = format!("# {}\n", "x".repeat(97));
    assert_eq!(rules(&first, &json!({"schemas": text})).status, 200);
    let both = json!({"schemas": text, "aggregation": text});
    is_full(&rules(&second, &both), "rule_bytes_per_account");
    assert_eq!(rules(&second, &json!({"aggregation": text})).status, 200);
    is_full(&rules(&first, &both), "rule_bytes_per_account");
    // What is replaced makes room, and so does what is taken away.
    assert_eq!(rules(&first, &json!({"schemas": text})).status, 200);
    assert_eq!(rules(&second, &json!({"aggregation": null})).status, 200);
    assert_eq!(rules(&first, &both).status, 200);
}

#[test]
fn spaces_organizations_and_keys_are_counted_by_account() {
    let server = set(&[
        "limits.spaces_per_account=3",
        "limits.organizations_per_account=2",
        "limits.api_keys_per_account=2",
        "limits.service_ids_per_account=1",
        "limits.access_groups_per_account=1",
        "limits.group_members_per_account=1",
        "limits.group_rules_per_account=1",
        "limits.policies_per_account=1",
        "limits.custom_roles_per_account=1",
        "limits.resource_groups_per_account=2",
        "limits.profiles_per_account=1",
    ]);
    let own_key = server.owner.api_key.clone();
    for name in ["two", "three"] {
        assert_eq!(make_space(&server, &own_key, name).status, 201);
    }
    is_full(&make_space(&server, &own_key, "four"), "spaces_per_account");
    let ask = |path: &str, key: &str, body: Value| {
        let request = server.request("POST", path);
        let header = format!("apikey {key}");
        request
            .header("X-Auth-User-Token", &header)
            .json(&body)
            .send()
    };
    let org = |key: &str, name: &str| ask("/v2/organizations", key, json!({"name": name}));
    assert_eq!(org(&own_key, "second").status, 201);
    is_full(&org(&own_key, "third"), "organizations_per_account");
    let info = server
        .request("GET", "/identity/userinfo")
        .bearer(&server.token())
        .send()
        .json();
    let user = info["iam_id"].as_str().unwrap().to_owned();
    let key = |name: &str| {
        ask(
            "/v1/apikeys",
            &own_key,
            json!({"name": name, "iam_id": user}),
        )
    };
    assert_eq!(key("second").status, 201);
    is_full(&key("third"), "api_keys_per_account");
    let service = |name: &str| {
        let body = json!({"name": name, "account_id": server.owner.account});
        ask("/v1/serviceids", &own_key, body)
    };
    assert_eq!(service("first").status, 201);
    is_full(&service("second"), "service_ids_per_account");
    let profile = |name: &str| {
        let body = json!({"name": name, "account_id": server.owner.account});
        ask("/v1/profiles", &own_key, body)
    };
    assert_eq!(profile("first").status, 201);
    is_full(&profile("second"), "profiles_per_account");
    groups::are_full(&server, &user);
    let policy = || {
        let account = json!({"name": "accountId", "value": server.owner.account});
        let body = json!({
            "type": "access",
            "subjects": [{"attributes": [{"name": "iam_id", "value": user}]}],
            "roles": [{"role_id": "crn:v1:bluemix:public:iam::::role:Viewer"}],
            "resources": [{"attributes": [account]}],
        });
        ask("/v1/policies", &own_key, body)
    };
    assert_eq!(policy().status, 201);
    is_full(&policy(), "policies_per_account");
    let role = |name: &str| {
        let body = json!({
            "name": name, "display_name": name, "actions": ["domain.find"],
            "account_id": server.owner.account, "service_name": "ibmcloud-monitoring",
        });
        ask("/v2/roles", &own_key, body)
    };
    assert_eq!(role("First").status, 201);
    is_full(&role("Second"), "custom_roles_per_account");
    let group = |name: &str| ask("/v2/resource_groups", &own_key, json!({"name": name}));
    assert_eq!(group("first").status, 201);
    is_full(&group("second"), "resource_groups_per_account");
    // Another account has its own room.
    let next = neighbour(&server);
    assert_eq!(org(&next, "second").status, 201);
    // The operator makes room for one account, while the server runs.
    let (done, text) = operator(
        &server,
        &["limit", &server.owner.account, "spaces_per_account=4"],
    );
    assert!(done && text.contains("for this account"), "{text}");
    until("the server has seen the change", || {
        make_space(&server, &own_key, "four").status == 201
    });
    is_full(&make_space(&server, &own_key, "five"), "spaces_per_account");
    // Deleted objects that can be restored have their own count. The server hears of the operator's changes in their order.
    for value in ["deleted_per_account=1", "spaces_per_account=5"] {
        let (done, text) = operator(&server, &["limit", &server.owner.account, value]);
        assert!(done, "{text}");
    }
    until("the server has seen both changes", || {
        make_space(&server, &own_key, "five").status == 201
    });
    let deleted = |name: &str| {
        let header = format!("apikey {own_key}");
        let ask = |method: &str, path: &str| {
            let request = server.request(method, path);
            request.header("X-Auth-User-Token", &header).send()
        };
        let found = ask("GET", &format!("/v2/spaces?q=name:{name}")).json();
        let guid = found["resources"][0]["metadata"]["guid"].as_str();
        ask("DELETE", &format!("/v2/spaces/{}", guid.unwrap()))
    };
    assert_eq!(deleted("two").status, 204);
    is_full(&deleted("three"), "deleted_per_account");
    let (done, text) = operator(&server, &["limit", "Next", "nonsense=1"]);
    assert!(!done && text.contains("spaces_per_account"), "{text}");
    let (done, text) = operator(&server, &["limit", "Next", "spaces_per_account=many"]);
    assert!(!done && text.contains("default"), "{text}");
}

#[test]
fn users_and_roles_are_counted_by_account() {
    // The owner and five roles are there from the beginning.
    let server = set(&["limits.users_per_account=3", "limits.roles_per_account=7"]);
    let ask = |method: &str, path: &str, body: Value| {
        let credential = format!("apikey {}", server.owner.api_key);
        let request = server.request(method, path);
        request
            .header("X-Auth-User-Token", &credential)
            .json(&body)
            .send()
    };
    let users = format!("/v2/accounts/{}/users", server.owner.account);
    let invite = |emails: &[&str]| {
        let users_: Vec<Value> = emails.iter().map(|email| json!({"email": email})).collect();
        ask("POST", &users, json!({"users": users_}))
    };
    is_full(
        &invite(&["b@example.org", "c@example.org", "d@example.org"]),
        "users_per_account",
    );
    assert_eq!(invite(&["b@example.org", "c@example.org"]).status, 202);
    is_full(&invite(&["d@example.org"]), "users_per_account");
    // A second invitation of the same person counts once.
    assert_eq!(invite(&["b@example.org"]).status, 202);
    let held = ask(
        "GET",
        &format!("/v2/spaces/{}/managers", server.owner.space),
        json!({}),
    );
    assert_eq!(held.json()["total_results"], 1, "{}", held.text());
    // Roles that wait for acceptance count as well.
    let role = |path: &str| ask("PUT", path, json!({"username": "b@example.org"}));
    let mut given = 0;
    let mut last = None;
    for role_of in [
        "spaces/S/developers",
        "spaces/S/managers",
        "spaces/S/auditors",
        "organizations/O/managers",
        "organizations/O/auditors",
        "organizations/O/users",
        "organizations/O/billing_managers",
    ] {
        let path = format!("/v2/{role_of}")
            .replace('S', &server.owner.space)
            .replace('O', &server.owner.org);
        let reply = role(&path);
        if reply.status != 201 {
            last = Some(reply);
            break;
        }
        given += 1;
    }
    is_full(
        &last.expect("more roles than the limit were given"),
        "roles_per_account",
    );
    assert!(given < 7, "{given}");
    // Making a space gives roles: not beyond the limit either, and nothing of it is made.
    is_full(
        &make_space(&server, &server.owner.api_key, "two"),
        "roles_per_account",
    );
    is_full(
        &ask("POST", "/v2/organizations", json!({"name": "two"})),
        "roles_per_account",
    );
    let spaces = ask("GET", "/v2/spaces", json!({})).json();
    assert_eq!(spaces["total_results"], 1);
}

#[test]
fn series_are_counted_over_all_domains_of_an_account() {
    let server = set(&["limits.series_per_account=3"]);
    let token = server.token();
    let stamp = now() - 10;
    let sample = |name: &str| json!({"name": name, "value": 1, "timestamp": stamp});
    let in_space = server
        .metrics(&token, "POST", "/v1/metrics")
        .json(&json!([sample("s.one"), sample("s.two")]))
        .send();
    assert_eq!(in_space.json()["stored"], 2);
    let key = server.owner.api_key.clone();
    let reply = send(&server, &key, &["a.one", "a.two", "a.three", "a.one"]);
    assert_eq!(reply.status, 200);
    // The last of them is of the same instant as the first.
    assert_eq!(reply.json()["overwritten"], 1, "{}", reply.text());
    assert_eq!(counts(&reply), (json!(1), json!(2)), "{}", reply.text());
    assert_eq!(reply.json()["rejections"][0]["code"], "account_limit");
    is_for_later(&send(&server, &key, &["a.two"]), "series_per_account");
    let known = send(&server, &key, &["a.one"]);
    assert_eq!(known.status, 200, "a known series goes on");
    let deleted = server.request("DELETE", "/v1/metrics/list?query=a.one");
    let deleted = deleted.header("X-Auth-User-Token", &format!("apikey {key}"));
    assert_eq!(deleted.send().json()["deleted"], 1);
    let fits = send(&server, &key, &["a.two"]);
    assert_eq!(fits.status, 200, "what is deleted makes room at once");
    let next = neighbour(&server);
    assert_eq!(send(&server, &next, &["a.two"]).status, 200);
}

#[test]
fn writes_at_once_do_not_pass_the_limit_together() {
    let server = set(&["limits.series_per_account=100"]);
    let key = server.owner.api_key.clone();
    let stored: u64 = std::thread::scope(|scope| {
        let (server, key) = (&server, &key);
        let sender = move |at: usize| {
            let names: Vec<String> = (0..90).map(|name| format!("s{at}.{name}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            send(server, key, &names).json()["stored"].as_u64().unwrap()
        };
        let sending: Vec<_> = (0..16).map(|at| scope.spawn(move || sender(at))).collect();
        sending
            .into_iter()
            .map(|handle| handle.join().unwrap())
            .sum()
    });
    assert!(stored <= 100, "{stored} series were made");
    // Unused reservations were released.
    until("all the room is used", || {
        let reply = send(&server, &key, &["last"]);
        reply.status == 200 || stored == 100
    });
}

#[test]
fn new_series_are_slowed_by_account() {
    let server = set(&["limits.new_series_per_hour=2"]);
    let key = server.owner.api_key.clone();
    let reply = send(&server, &key, &["a", "b", "c"]);
    assert_eq!(counts(&reply), (json!(2), json!(1)), "{}", reply.text());
    is_for_later(&send(&server, &key, &["d"]), "new_series_per_hour");
    assert_eq!(send(&server, &key, &["a", "b"]).status, 200);
    let next = neighbour(&server);
    assert_eq!(send(&server, &next, &["d"]).status, 200);
}

#[test]
fn samples_and_bytes_are_counted_by_account() {
    for (setting, limit) in [
        ("limits.samples_per_account=3", "samples_per_account"),
        (
            "limits.stored_bytes_per_account=48",
            "stored_bytes_per_account",
        ),
    ] {
        let server = set(&[setting]);
        let key = server.owner.api_key.clone();
        assert_eq!(send(&server, &key, &["a", "b", "c"]).status, 200);
        // Each at an instant of its own: to overwrite takes no room.
        let mut names = (0..).map(|at| format!("more.{at}"));
        let mut more = || send(&server, &key, &[&*names.next().unwrap()]).status;
        until("the account is full", || more() == 429);
        is_for_later(&send(&server, &key, &["another"]), limit);
        let next = neighbour(&server);
        assert_eq!(send(&server, &next, &["a"]).status, 200);
        // Deleting makes room, and reading goes on.
        let all = server.request("DELETE", "/v1/metrics/list?query=*");
        let all = all.header("X-Auth-User-Token", &format!("apikey {key}"));
        assert_eq!(all.send().status, 200);
        until("what was deleted counts no longer", || {
            send(&server, &key, &["a", "b", "c"]).status == 200
        });
        until("the account is full again", || more() == 429);
        let read = server
            .request("GET", "/v1/metrics?target=*")
            .header("X-Auth-User-Token", &format!("apikey {key}"))
            .send();
        assert_eq!(read.status, 200);
        let raised = format!("{limit}=1000000");
        assert!(operator(&server, &["limit", &server.owner.account, &raised]).0);
        until("the account has room", || more() == 200);
    }
}

/// Flushed data stays on the disk until its day is rewritten: if it counted for nobody, another space could be filled at once.
#[test]
fn what_a_deleted_space_leaves_on_the_disk_still_counts() {
    let flags = [
        "--set",
        "limits.samples_per_account=3",
        "--set",
        "storage.deleted_seconds=0",
    ];
    let mut server = Server::with(&flags);
    let stamp = now() - 10;
    let samples: Vec<Value> = (0..3)
        .map(|at| json!({"name": "a.b", "value": 1, "timestamp": stamp - at}))
        .collect();
    let sent = server.metrics(&server.token(), "POST", "/v1/metrics");
    assert_eq!(sent.json(&json!(samples)).send().status, 200);
    // What is in the head alone is gone at once, and counts no longer: the end of the process flushes it.
    server.serving.signal("TERM");
    server.serving.child.wait().unwrap();
    server.serving = Serving::start(&server.data(), "127.0.0.1:0", &flags);
    let key = server.owner.api_key.clone();
    is_for_later(&send(&server, &key, &["a"]), "samples_per_account");
    let path = format!("/v2/spaces/{}", server.owner.space);
    let deleted = server
        .request("DELETE", &path)
        .header("X-Auth-User-Token", &format!("apikey {key}"))
        .send();
    assert!(deleted.status < 300, "{}", deleted.text());
    until("its series are gone", || {
        let text = server.operations("/metrics").text();
        text.contains("vigie_store_series 0\n")
    });
    // Longer than sums over domains are cached.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(7) {
        is_for_later(&send(&server, &key, &["a"]), "samples_per_account");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn on_a_full_disk_samples_are_refused_and_all_else_works() {
    // More than any disk has.
    let server = set(&["storage.reserve_bytes=1000000000000000"]);
    let key = server.owner.api_key.clone();
    let refused = send(&server, &key, &["a"]);
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert_eq!(refused.code(), "BXNMSSV11E");
    assert!(refused.header("Retry-After").is_some());
    let token = server.token();
    for (method, path) in [
        ("GET", "/v1/metrics?target=a"),
        ("GET", "/v1/metrics/list"),
        ("DELETE", "/v1/metrics/list?query=*"),
    ] {
        let reply = server.metrics(&token, method, path).send();
        assert_eq!(reply.status, 200, "{method} {path}: {}", reply.text());
    }
    assert_eq!(make_space(&server, &key, "two").status, 201);
}
