//! A service as the caller: what it asks for is answered, logged and audited under its own name.
//!
//! Its rows are written past the interface that makes service IDs: this one has no name.

use crate::audit::entries;
use crate::harness::{Reply, Request, Server};
use base::id::Guid;
use db::{Db, Value};
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};

const KEY: &str = "the-key-of-a-service-9f3c7a01e5d84b26";

/// Far more than a node takes to learn of a change.
const LONG: Duration = Duration::from_secs(300);

/// Writes a service with a key, and this role in the space; returns its IAM id.
fn service(data: &Path, account: &str, space: &str, role: &'static str) -> String {
    let guid = Guid::from_random([42; 16]).to_string();
    let service_guid = || Value::from(guid.as_str());
    // In the database an account's GUID has no hyphens.
    let account = || Value::from(account);
    let hash = iam::entropy::sha256(KEY.as_bytes());
    let domain = format!("s-{space}");
    let statements: [(&'static str, Vec<Value>); 6] = [
        (
            "INSERT INTO principals (guid, kind) VALUES ($1, 'service')",
            vec![service_guid()],
        ),
        (
            "INSERT INTO members (account, principal, added_at) VALUES ($1, $2, 0)",
            vec![account(), service_guid()],
        ),
        (
            "INSERT INTO api_keys (guid, account, principal, name, description, hash, locked, disabled, revision, \
             created_at, modified_at) VALUES ($2, $1, $2, 'of a service', '', $3, 0, 0, 1, 0, 0)",
            vec![account(), service_guid(), Value::from(&hash[..])],
        ),
        (
            "INSERT INTO roles (principal, domain, role) VALUES ($1, $2, $3)",
            vec![service_guid(), domain.into(), role.into()],
        ),
        (
            "UPDATE counters SET value = value + 1 WHERE name = 'changes'",
            Vec::new(),
        ),
        (
            "UPDATE changes SET sequence = (SELECT value FROM counters WHERE name = 'changes') WHERE sequence IS NULL",
            Vec::new(),
        ),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let file = data.join("iam.db");
        let db = Db::open(file.to_str().unwrap()).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        for (sql, values) in &statements {
            tx.execute(sql, values).await.unwrap();
        }
        #[expect(clippy::disallowed_methods, reason = "rows past the interface")]
        tx.commit().await.unwrap();
        db.close().await;
    });
    format!("iam-ServiceId-{guid}")
}

fn by_key(server: &Server, method: &str, path: &str) -> Request {
    server
        .request(method, path)
        .header("X-Auth-User-Token", &format!("apikey {KEY}"))
        .header("X-Auth-Scope-Id", &format!("s-{}", server.owner.space))
}

fn until_known(server: &Server) {
    let begun = Instant::now();
    let listed = || by_key(server, "GET", "/v1/metrics/list?query=*").send();
    loop {
        let reply: Reply = listed();
        if reply.status == 200 {
            return;
        }
        assert!(begun.elapsed() < LONG, "{}", reply.text());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_requests_of_a_service_are_logged_and_audited_under_its_name() {
    let server = Server::with(&["--log-level", "debug"]);
    let (owner, data) = (server.owner.clone(), server.data());
    let id = service(&data, &owner.account, &owner.space, "Developer");
    until_known(&server);
    let sent =
        by_key(&server, "POST", "/v1/metrics").json(&json!([{"name": "load.one", "value": 1.0}]));
    assert_eq!(sent.send().status, 200);
    server.serving.wait_for_log(&format!("caller={id}"));

    // With a token, as with the key.
    let form = [
        ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
        ("apikey", KEY),
    ];
    let issued = server.request("POST", "/identity/token").form(&form).send();
    assert_eq!(issued.status, 200, "{}", issued.text());
    let token = issued.json()["access_token"].as_str().unwrap().to_owned();
    let gone = server
        .metrics(&token, "DELETE", "/v1/metrics/list?query=load.*")
        .send();
    assert_eq!(gone.status, 200, "{}", gone.text());

    // A right that it does not have.
    let closed = server
        .request("GET", "/v1/metrics/list?query=*")
        .header("X-Auth-User-Token", &format!("apikey {KEY}"))
        .header("X-Auth-Scope-Id", &format!("o-{}", owner.org))
        .send();
    assert_eq!(closed.status, 404, "{}", closed.text());

    let found = entries(&data, &[]);
    for event in ["requests_made", "metrics_deleted", "right_refused"] {
        let mut all = found.iter().filter(|row| row["event"] == event);
        assert!(
            all.any(|row| row["who"] == id.as_str()),
            "no {event} of {id}: {found:#?}"
        );
    }
}

#[test]
fn what_only_a_user_may_do_is_refused_to_a_service() {
    let server = Server::start();
    let owner = server.owner.clone();
    let id = service(&server.data(), &owner.account, &owner.space, "Developer");
    until_known(&server);
    let proof = |kind: &str| {
        let form = [
            ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
            ("apikey", KEY),
            ("response_type", kind),
        ];
        let request = server.request("POST", "/identity/token").form(&form);
        request.basic("bx", "bx").send()
    };
    let both = proof("cloud_iam,uaa");
    assert_eq!(both.status, 403, "{}", both.text());
    let issued = proof("cloud_iam").json();
    let token = issued["access_token"].as_str().unwrap();
    let reply = server
        .request("GET", "/identity/userinfo")
        .bearer(token)
        .send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["iam_id"], id.as_str());
    let introspected = server
        .request("POST", "/identity/introspect")
        .basic("bx", "bx")
        .form(&[("token", token)])
        .send()
        .json();
    assert_eq!(introspected["active"], true);
    assert_eq!(introspected["iam_id"], id.as_str());
    assert_eq!(introspected["realmId"], "iam");
    assert!(introspected.get("email").is_none(), "{introspected}");
}
