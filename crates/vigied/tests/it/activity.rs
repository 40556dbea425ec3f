//! When API keys, service IDs and users have authenticated, as IBM's clients ask for it, also across a restart.

use crate::harness::{Request, Server, Serving, token};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};

fn text(value: &Value) -> String {
    let text = value.as_str().unwrap_or_else(|| panic!("{value}"));
    text.to_owned()
}

/// The activity that an object of the interface is answered with.
fn activity(url: &str, owner: &str, path: &str) -> Value {
    let path = format!("{path}?include_activity=true");
    let reply = Request::new(url, "GET", &path).bearer(owner).send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["activity"].clone()
}

#[test]
fn a_key_and_its_service_tell_when_they_have_authenticated() {
    let Server {
        serving,
        owner,
        folder,
    } = Server::start();
    let url = serving.url();
    let token_of_owner = token(&url, &owner.api_key);
    let body = json!({"account_id": owner.account, "name": "ci", "apikey": {"name": "first"}});
    let made = Request::new(&url, "POST", "/v1/serviceids").bearer(&token_of_owner);
    let made = made.json(&body).send().json();
    let service = format!("/v1/serviceids/{}", text(&made["id"]));
    let key = format!("/v1/apikeys/{}", text(&made["apikey"]["id"]));
    let secret = text(&made["apikey"]["apikey"]);
    let of = |path: &str| activity(&url, &token_of_owner, path);
    for path in [&service, &key] {
        assert_eq!(of(path), json!({"authn_count": 0}), "{path}");
        let plain = Request::new(&url, "GET", path).bearer(&token_of_owner);
        assert_eq!(plain.send().json().get("activity"), None);
    }

    let bearer = token(&url, &secret);
    let show = |credential: &str| {
        let request = Request::new(&url, "GET", &service);
        request.header("X-Auth-User-Token", credential).send()
    };
    assert_eq!(show(&format!("iam {bearer}")).status, 200);
    assert_eq!(of(&key)["authn_count"], 1, "a token authenticates nobody");
    assert_eq!(show(&format!("apikey {secret}")).status, 200);
    for path in [&service, &key] {
        let seen = of(path);
        assert_eq!(seen["authn_count"], 2, "{path}");
        let at = text(&seen["last_authn"]);
        assert!(at.len() == 21 && at.ends_with("+0000"), "{at}");
    }
    // A service sees its own.
    assert_eq!(activity(&url, &bearer, &service)["authn_count"], 2);
    let details = Request::new(&url, "GET", "/v1/apikeys/details?include_activity=true");
    let details = details
        .bearer(&token_of_owner)
        .header("IAM-ApiKey", &secret);
    assert_eq!(details.send().json()["activity"]["authn_count"], 2);

    // What was counted since it was last written is written at the end.
    assert!(serving.stop().success());
    let serving = Serving::start(&folder.path().join("data"), "127.0.0.1:0", &[]);
    let url = serving.url();
    let token_of_owner = token(&url, &owner.api_key);
    assert_eq!(activity(&url, &token_of_owner, &key)["authn_count"], 2);
    token(&url, &secret);
    assert_eq!(activity(&url, &token_of_owner, &key)["authn_count"], 3);
    drop(serving);
}

/// How often the key has authenticated, as far as that is in the database.
fn written(data: &Path, key: &str) -> i64 {
    let guid = key.strip_prefix("ApiKey-").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let db = db::Db::open(data.join("iam.db").to_str().unwrap())
            .await
            .unwrap();
        let sql = "SELECT times FROM activity WHERE subject = $1";
        let row = db.one(sql, &[guid.into()]).await.unwrap();
        db.close().await;
        row.map_or(0, |row| row.int("times").unwrap())
    })
}

/// What a killed server loses is what it has counted since it was last written down, half a minute at most; no more, and nothing twice.
#[test]
fn a_killed_server_loses_what_it_has_counted_since_it_wrote() {
    let Server {
        mut serving,
        owner,
        folder,
    } = Server::start();
    let data = folder.path().join("data");
    let url = serving.url();
    let details =
        Request::new(&url, "GET", "/v1/apikeys/details").bearer(&token(&url, &owner.api_key));
    let details = details.header("IAM-ApiKey", &owner.api_key);
    let id = text(&details.send().json()["id"]);
    let begun = Instant::now();
    while written(&data, &id) < 1 {
        assert!(begun.elapsed() < Duration::from_secs(300), "never written");
        std::thread::sleep(Duration::from_millis(100));
    }
    for _ in 0..3 {
        token(&url, &owner.api_key);
    }
    let path = format!("/v1/apikeys/{id}");
    assert_eq!(
        activity(&url, &token(&url, &owner.api_key), &path)["authn_count"],
        5
    );
    serving.signal("KILL");
    serving.child.wait().unwrap();
    let kept = written(&data, &id);
    assert!((1..=5).contains(&kept), "{kept}");

    let serving = Serving::start(&data, "127.0.0.1:0", &[]);
    let url = serving.url();
    let seen = activity(&url, &token(&url, &owner.api_key), &path);
    assert_eq!(seen["authn_count"], kept + 1);
    assert_eq!(text(&seen["last_authn"]).len(), 21);
    assert!(serving.stop().success());
    assert_eq!(written(&data, &id), kept + 1);
}

/// Each node writes what it has counted, which takes the place of nothing that the other has.
#[test]
fn what_two_nodes_have_counted_is_added() {
    let Some(server) = Server::on_two_nodes("what_two_nodes_have_counted_is_added") else {
        return;
    };
    let body =
        json!({"account_id": server.owner.account, "name": "ci", "apikey": {"name": "first"}});
    let made = server.request("POST", "/v1/serviceids");
    let made = made.bearer(&server.token()).json(&body).send().json();
    let key = format!("/v1/apikeys/{}", text(&made["apikey"]["id"]));
    for _ in 0..5 {
        token(&server.serving.url(), &text(&made["apikey"]["apikey"]));
    }
    let server = server.restarted();
    let seen = activity(&server.serving.url(), &server.token(), &key);
    assert_eq!(seen["authn_count"], 5);
}

#[test]
fn a_report_names_who_has_not_authenticated() {
    let server = Server::start();
    let bearer = server.token();
    let account = &server.owner.account;
    let call = |method: &str, path: &str| server.request(method, path).bearer(&bearer).send();
    let body = json!({"account_id": account, "name": "idle", "apikey": {"name": "unused"}});
    let made = server.request("POST", "/v1/serviceids").bearer(&bearer);
    let made = made.json(&body).send().json();
    let path = format!("/v1/activity/accounts/{account}/report");
    let latest = format!("{path}/latest");
    assert_eq!(call("GET", &latest).status, 404);
    let asked = call("POST", &format!("{path}?type=inactive&duration=48"));
    assert_eq!(asked.status, 202, "{}", asked.text());
    let reference = text(&asked.json()["reference"]);
    let report = call("GET", &format!("{path}/{reference}")).json();
    assert_eq!(report, call("GET", &latest).json());
    let info = server.request("GET", "/identity/userinfo").bearer(&bearer);
    assert_eq!(report["created_by"], info.send().json()["iam_id"]);
    assert_eq!(report["report_duration"], "48");
    assert_eq!(text(&report["report_end_time"]).len(), 21);
    // The owner has just got a token.
    assert_eq!(
        (&report["users"], &report["profiles"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(
        report["serviceids"],
        json!([{"id": made["id"], "name": "idle"}])
    );
    let key = json!({
        "id": made["apikey"]["id"], "name": "unused", "type": "serviceid",
        "serviceid": {"id": made["id"], "name": "idle"},
    });
    assert_eq!(report["apikeys"], json!([key]));

    for (query, field) in [
        ("type=all", "type"),
        ("duration=x", "duration"),
        ("duration=0", "duration"),
        ("duration=99999999999", "duration"),
    ] {
        let reply = call("POST", &format!("{path}?{query}"));
        assert_eq!(reply.status, 400, "{query}: {}", reply.text());
        assert!(reply.text().contains(field), "{}", reply.text());
    }
    assert_eq!(call("POST", &path).status, 202);
    assert_eq!(call("GET", &latest).json()["report_duration"], "720");
    for nothing in ["x", "00000000-0000-4000-8000-000000000000"] {
        assert_eq!(call("GET", &format!("{path}/{nothing}")).status, 404);
    }

    let path = format!("/v1/mfa/accounts/{account}/report");
    let asked = call("POST", &format!("{path}?type=mfa_status"));
    assert_eq!(asked.status, 202, "{}", asked.text());
    assert_eq!(call("POST", &format!("{path}?type=inactive")).status, 400);
    let reference = text(&asked.json()["reference"]);
    let report = call("GET", &format!("{path}/{reference}")).json();
    assert_eq!(report["account_id"], json!(account));
    let user = &report["users"][0];
    assert_eq!(user["username"], json!(server.owner.user));
    assert_eq!(user["effective_mfa_type"], "NONE");
    let status = format!(
        "/v1/mfa/accounts/{account}/status?iam_id={}",
        text(&user["iam_id"])
    );
    let status = call("GET", &status).json();
    for part in ["id_based_mfa", "account_based_mfa"] {
        assert_eq!(user[part], status[part], "{part}");
    }
}
