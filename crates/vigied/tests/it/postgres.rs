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
