//! A signing key that was stolen: out of service while the server runs (Q25).

use crate::harness::{Request, Server, VIGIED, token};
use serde_json::Value;
use std::process::{Command, Output};

fn keys(server: &Server, arguments: &[&str]) -> Output {
    Command::new(VIGIED)
        .arg("keys")
        .args(arguments)
        .arg("--data")
        .arg(server.data())
        .output()
        .unwrap()
}

fn done(output: Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Name and state of every key.
fn listed(server: &Server) -> Vec<(String, String)> {
    let text = done(keys(server, &["list", "--output", "json"]));
    let value: Value = serde_json::from_str(&text).unwrap();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    let rows = value.as_array().unwrap().iter();
    rows.map(|row| (text(row, "kid"), text(row, "state")))
        .collect()
}

fn status(server: &Server, credential: &str) -> u16 {
    server
        .request("GET", "/v1/metrics/list")
        .header("X-Auth-User-Token", credential)
        .header("X-Auth-Scope-Id", &format!("s-{}", server.owner.space))
        .send()
        .status
}

/// The names of the public keys.
fn published(server: &Server) -> Vec<String> {
    let reply = server.request("GET", "/identity/keys").send().json();
    let keys = reply["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_stolen_key_is_retired_while_the_server_runs() {
    let server = Server::start();
    let iam = format!("iam {}", server.token());
    let uaa = Request::new(&server.serving.url(), "POST", "/oauth/token")
        .basic("cf", "")
        .form(&[
            ("grant_type", "password"),
            ("username", "apikey"),
            ("password", &server.owner.api_key),
        ])
        .send();
    let uaa = format!("uaa {}", uaa.json()["access_token"].as_str().unwrap());
    // Verified, and so remembered.
    assert_eq!((status(&server, &iam), status(&server, &uaa)), (200, 200));
    let stolen = listed(&server)[0].0.clone();

    // The last one stays.
    let refused = keys(&server, &["retire", &stolen]);
    let errors = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && errors.contains("vigied keys rotate"),
        "{errors}"
    );
    assert_eq!(status(&server, &iam), 200);

    let said = done(keys(&server, &["rotate"]));
    assert!(said.contains("has read its keys again"), "{said}");
    let fresh = listed(&server)[1].0.clone();
    assert_eq!(
        listed(&server),
        [
            (stolen.clone(), "verifies".to_owned()),
            (fresh.clone(), "signs".to_owned())
        ]
    );
    assert_eq!(published(&server), [stolen.clone(), fresh.clone()]);
    let newer = format!("iam {}", server.token());
    assert_eq!((status(&server, &iam), status(&server, &newer)), (200, 200));

    let said = done(keys(&server, &["retire", &stolen]));
    assert!(said.contains("has read its keys again"), "{said}");
    // At once, and also what was remembered as verified.
    assert_eq!((status(&server, &iam), status(&server, &uaa)), (401, 401));
    assert_eq!(status(&server, &newer), 200);
    assert_eq!(published(&server), std::slice::from_ref(&fresh));
    assert_eq!(listed(&server)[0], (stolen.clone(), "retired".to_owned()));
    let entered = crate::audit::entries(&server.data(), &[]);
    let named = |event: &str, kid: &str| {
        let found = |row: &serde_json::Value| row["event"] == event && row["target"] == kid;
        assert!(entered.iter().any(found), "{event} {kid}: {entered:#?}");
    };
    named("signing_key_made", &fresh);
    named("signing_key_retired", &stolen);
    assert_eq!(status(&server, &format!("iam {}", server.token())), 200);
}

/// By hand: the file is taken away and the server told by SIGHUP.
#[test]
fn a_key_file_that_is_gone_verifies_nothing_after_sighup() {
    let server = Server::start();
    let bearer = token(&server.serving.url(), &server.owner.api_key);
    let credential = format!("iam {bearer}");
    assert_eq!(status(&server, &credential), 200);
    let stolen = listed(&server)[0].0.clone();
    let file = server.data().join("keys").join(format!("{stolen}.pem"));
    let away = server.folder.path().join("away.pem");

    std::fs::rename(&file, &away).unwrap();
    server.serving.signal("HUP");
    server.serving.wait_for_log("signing keys not read again");
    assert_eq!(status(&server, &credential), 200);

    std::fs::rename(&away, &file).unwrap();
    done(keys(&server, &["rotate"]));
    std::fs::rename(&file, &away).unwrap();
    server.serving.signal("HUP");
    server
        .serving
        .wait_for_log(&format!("out_of_service=[\"{stolen}\"]"));
    assert_eq!(status(&server, &credential), 401);
}
