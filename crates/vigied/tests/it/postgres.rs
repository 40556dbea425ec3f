//! Identity and configuration in PostgreSQL: the same path, the same answers, and two nodes on one database.

use crate::harness::{Request, Serving, VIGIED, token};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};

fn init(data: &Path, database: &str) -> Value {
    let output = Command::new(VIGIED)
        .args(["init", "--output", "json", "--database", database, "--data"])
        .arg(data)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_path_and_its_withdrawals_on_postgres() {
    let Some(database) = testing::postgres("the_path_and_its_withdrawals_on_postgres") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let owner = init(folder.path(), &database);
    let serving = Serving::start(folder.path(), "127.0.0.1:0", &["--database", &database]);
    let url = serving.url();
    let text = |value: &Value, key: &str| value[key].as_str().unwrap().to_owned();
    let bearer = token(&url, &text(&owner, "api_key"));
    let lists = |token: &str| {
        Request::new(&url, "GET", "/v1/metrics/list")
            .header("X-Auth-User-Token", &format!("iam {token}"))
            .header(
                "X-Auth-Scope-Id",
                &format!("s-{}", text(&owner, "space_guid")),
            )
            .send()
    };
    assert_eq!(lists(&bearer).status, 200);
    let manage = |method: &str, path: &str, body: &Value| {
        Request::new(&url, method, path)
            .bearer(&bearer)
            .json(body)
            .send()
    };
    let org = manage("POST", "/v2/organizations", &json!({"name": "second"}));
    assert_eq!(org.status, 201, "{}", org.text());
    let again = manage("POST", "/v2/organizations", &json!({"name": "second"}));
    assert_eq!(again.status, 409, "{}", again.text());

    // A locked key sends and gets tokens.
    let info = Request::new(&url, "GET", "/identity/userinfo").bearer(&bearer);
    let wish = json!({"name": "sender", "iam_id": info.send().json()["iam_id"]});
    let made = manage("POST", "/v1/apikeys", &wish).json();
    let (key, id) = (text(&made, "apikey"), text(&made, "id"));
    let locked = manage("POST", &format!("/v1/apikeys/{id}/lock"), &json!({}));
    assert_eq!(locked.status, 204, "{}", locked.text());
    assert_eq!(lists(&token(&url, &key)).status, 200);
    let sent = Request::new(&url, "POST", "/v1/metrics")
        .header("X-Auth-User-Token", &format!("apikey {key}"))
        .header(
            "X-Auth-Scope-Id",
            &format!("s-{}", text(&owner, "space_guid")),
        )
        .json(&json!([{"name": "sent.locked", "value": 1}]))
        .send();
    assert_eq!(sent.status, 200, "{}", sent.text());
    let deleted = Request::new(&url, "DELETE", &format!("/v1/apikeys/{id}")).bearer(&bearer);
    assert_eq!(deleted.send().status, 409);

    let login = [
        ("grant_type", "password"),
        ("username", owner["user"].as_str().unwrap()),
        ("password", owner["password"].as_str().unwrap()),
    ];
    let grant = |fields: &[(&str, &str)]| {
        Request::new(&url, "POST", "/identity/token")
            .basic("bx", "bx")
            .form(fields)
            .send()
    };
    let session = grant(&login).json();
    let first = text(&session, "refresh_token");
    // Ten that renew at the same moment get one successor.
    let successors: Vec<String> = std::thread::scope(|scope| {
        let renew = || {
            let reply = grant(&[("grant_type", "refresh_token"), ("refresh_token", &first)]);
            assert_eq!(reply.status, 200, "{}", reply.text());
            text(&reply.json(), "refresh_token")
        };
        let threads: Vec<_> = (0..10).map(|_| scope.spawn(renew)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(successors.windows(2).all(|pair| pair[0] == pair[1]));

    let access = text(&session, "access_token");
    assert_eq!(lists(&access).status, 200);
    let revoked = Request::new(&url, "POST", "/identity/revoke")
        .basic("bx", "bx")
        .form(&[("token", &successors[0])])
        .send();
    assert_eq!(revoked.status, 200);
    assert_eq!(lists(&access).code(), "BXNMSRI07E");
}

/// Two nodes on one database: what one signs, the other takes, and a signing key that is taken out of service opens nothing on
/// either, though only one of them was told.
#[test]
fn two_nodes_have_the_same_signing_keys() {
    let Some(database) = testing::postgres("two_nodes_have_the_same_signing_keys") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let owner = init(&one, &database);
    std::fs::create_dir(&two).unwrap();
    let closed = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&two, closed).unwrap();
    let refused = Serving::try_start(&two, "127.0.0.1:0", &["--database", &database]);
    let log = refused.unwrap_err();
    assert!(log.contains("copy it from another node"), "{log}");
    let key = "keys/encryption.key";
    std::fs::copy(one.join(key), two.join(key)).unwrap();

    let nodes = [&one, &two].map(|data| {
        let flags = ["--database", &*database];
        Serving::start(data, "127.0.0.1:0", &flags)
    });
    let api_key = owner["api_key"].as_str().unwrap();
    let scope = format!("s-{}", owner["space_guid"].as_str().unwrap());
    let status = |node: &Serving, token: &str| {
        Request::new(&node.url(), "GET", "/v1/metrics/list")
            .header("X-Auth-User-Token", &format!("iam {token}"))
            .header("X-Auth-Scope-Id", &scope)
            .send()
            .status
    };
    let until = |what: &str, is_so: &dyn Fn() -> bool| {
        let begun = std::time::Instant::now();
        while !is_so() {
            assert!(begun.elapsed().as_secs() < 300, "{what}");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    };
    let old = token(&nodes[0].url(), api_key);
    assert!(nodes.iter().all(|node| status(node, &old) == 200));
    let run = |arguments: &[&str]| {
        let output = Command::new(VIGIED)
            .arg("keys")
            .args(arguments)
            .args(["--database", &database, "--data"])
            .arg(&one)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{errors}");
        String::from_utf8(output.stdout).unwrap()
    };
    let listed = run(&["list", "--output", "json"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let stolen = listed[0]["kid"].as_str().unwrap().to_owned();
    run(&["rotate", "--now"]);
    let fresh = token(&nodes[0].url(), api_key);
    assert_eq!(status(&nodes[0], &fresh), 200);
    until("the other node takes what the new key has signed", &|| {
        status(&nodes[1], &fresh) == 200
    });
    assert_eq!(status(&nodes[1], &old), 200);
    run(&["retire", &stolen]);
    // At once where it was told, and soon elsewhere.
    assert_eq!(status(&nodes[0], &old), 401);
    until(
        "the other node refuses what the old key has signed",
        &|| status(&nodes[1], &old) == 401,
    );
    assert!(nodes.iter().all(|node| status(node, &fresh) == 200));
}
