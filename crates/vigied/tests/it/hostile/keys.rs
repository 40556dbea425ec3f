//! A stolen signing key is taken out of service while the server runs.

use crate::harness::{Request, Server, Serving, VIGIED, init};
use serde_json::Value;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
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

fn output_of(output: Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Name and state of every key.
fn listed(server: &Server) -> Vec<(String, String)> {
    let text = output_of(keys(server, &["list", "--output", "json"]));
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
    // Verified, and therefore cached.
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

    let output = output_of(keys(&server, &["rotate", "--now"]));
    assert!(output.contains("Every node signs"), "{output}");
    assert!(output.contains("(RS256, as"), "{output}");
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

    let output = output_of(keys(&server, &["retire", &stolen]));
    assert!(output.contains("on any node"), "{output}");
    // At once, including tokens that were cached as verified.
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

#[test]
fn a_new_key_is_public_before_it_signs_and_says_how_it_does() {
    let server = Server::start();
    let old = listed(&server)[0].0.clone();
    let output = output_of(keys(&server, &["rotate", "--algorithm", "es256"]));
    assert!(output.contains("ES256"), "{output}");
    let both = listed(&server);
    assert_eq!(both.len(), 2);
    let (new, state) = both[1].clone();
    assert_eq!(state, "announced");
    assert_eq!(published(&server), [old, new]);
    // Clients keep what they have read of the keys for a minute.
    let reply = server.request("GET", "/identity/keys").send();
    assert_eq!(reply.header("cache-control"), Some("public, max-age=60"));
    let text = output_of(keys(&server, &["list", "--output", "json"]));
    let rows: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(rows[0]["algorithm"], "RS256");
    assert_eq!(rows[1]["algorithm"], "ES256");
    assert_ne!(rows[1]["signs_from"], rows[1]["created_at"]);
}

/// The database alone is not enough: the key that encrypts its signing keys is stored outside.
#[test]
fn a_server_without_its_encryption_key_does_not_start_and_says_what_mends_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let owner = init(&data);
    let key = data.join("keys/encryption.key");
    let moved = folder.path().join("away.key");
    std::fs::rename(&key, &moved).unwrap();
    let log = Serving::try_start(&data, "127.0.0.1:0", &[]).unwrap_err();
    assert!(
        log.contains("keys/encryption.key") && log.contains("from a backup"),
        "{log}"
    );
    assert!(!key.exists(), "another was made");

    std::fs::write(&key, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n").unwrap();
    std::fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    let log = Serving::try_start(&data, "127.0.0.1:0", &[]).unwrap_err();
    assert!(log.contains("under another key"), "{log}");

    // Its path is a setting.
    std::fs::remove_file(&key).unwrap();
    let retire = |yes: &[&str]| {
        let mut command = Command::new(VIGIED);
        command.args(["keys", "retire-unreadable", "--output", "json", "--data"]);
        let text = output_of(command.arg(&data).args(yes).output().unwrap());
        let answer: Value = serde_json::from_str(&text).unwrap();
        ["retired", "unreadable"].map(|key| answer[key].as_array().unwrap().len())
    };
    let kept = Command::new(VIGIED)
        .args(["keys", "retire-unreadable", "--data"])
        .arg(&data)
        .env("VIGIE_TOKENS_ENCRYPTION_KEY_FILE", &moved)
        .output()
        .unwrap();
    assert!(output_of(kept).contains("nothing was retired"));
    let named = format!("tokens.encryption_key_file={}", moved.display());
    let serving = Serving::start(&data, "127.0.0.1:0", &["--set", &named]);
    assert!(crate::harness::knows(&serving.url(), &owner.api_key));

    // It is lost.
    assert!(serving.stop().success());
    assert_eq!(retire(&[]), [0, 1]);
    assert_eq!(retire(&["--yes"]), [1, 0]);
    let serving = Serving::start(&data, "127.0.0.1:0", &[]);
    assert!(key.exists() && crate::harness::knows(&serving.url(), &owner.api_key));
    assert_eq!(retire(&["--yes"]), [0, 0]);
}

/// Nobody said so before the next start, and the commands sent operators from one to the other.
#[test]
fn a_server_whose_encryption_key_is_taken_from_its_file_says_so_while_it_runs() {
    let server = Server::start();
    let key = server.data().join("keys/encryption.key");
    let away = server.folder.path().join("away.key");
    std::fs::rename(&key, &away).unwrap();
    server.serving.signal("HUP");
    let told = "the next start will not find the encryption key";
    server.serving.wait_for_log(told);
    let refused = |command: &[&str]| {
        let output = keys(&server, command);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{errors}");
        assert!(errors.contains("keys/encryption.key"), "{errors}");
        assert!(errors.contains("bring the former one back"), "{errors}");
    };
    let other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    let try_backup = |name: &str| {
        let mut command = Command::new(VIGIED);
        command.args(["backup", "--output", "json", "--data"]);
        let target = server.folder.path().join(name);
        command.arg(server.data()).arg(target).output().unwrap()
    };
    let backup = |name: &str| -> Value {
        let report: Value = serde_json::from_str(&output_of(try_backup(name))).unwrap();
        report["encryption_key"].clone()
    };
    for (file, copied) in [(None, "missing"), (Some(other), "wrong")] {
        if let Some(text) = file {
            std::fs::write(&key, text).unwrap();
            std::fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
        }
        refused(&["rotate"]);
        refused(&["retire-unreadable", "--yes"]);
        let said = output_of(keys(&server, &["list"]));
        assert!(
            said.contains("1 of those in service cannot be read"),
            "{said}"
        );
        assert_eq!(backup(copied), copied);
    }
    // Nobody writes to it: who opens it to read waits for that.
    std::fs::remove_file(&key).unwrap();
    let made = Command::new("mkfifo").arg(&key).status().unwrap();
    assert!(made.success());
    for command in [["rotate"], ["rotate"], ["retire-unreadable"]] {
        assert!(!keys(&server, &command).status.success());
    }
    assert!(!try_backup("piped").status.success());
    std::fs::rename(&away, &key).unwrap();
    assert_eq!(listed(&server).len(), 1);
    assert_eq!(backup("whole"), "included");
    output_of(keys(&server, &["rotate", "--now"]));
    let first = listed(&server)[0].0.clone();
    let said = output_of(keys(&server, &["retire", &first]));
    let second = listed(&server)[1].0.clone();
    assert!(said.ends_with(&format!("{second} signs.\n")), "{said}");
}

/// As files, as they were before the database held them.
#[test]
fn a_signing_key_in_a_file_is_taken_into_the_database_and_the_file_goes() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    init(&data);
    let file = data.join("keys/00000000000001-old.pem");
    let made = Command::new("openssl")
        .args(["genpkey", "-quiet", "-algorithm", "RSA", "-out"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(made.status.success());
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let serving = Serving::start(&data, "127.0.0.1:0", &[]);
    assert!(!file.exists());
    let reply = Request::new(&serving.url(), "GET", "/identity/keys")
        .send()
        .json();
    let kids = reply["keys"].as_array().unwrap();
    assert_eq!(kids.len(), 2);
    assert_eq!(kids[0]["kid"], "00000000000001-old");
}

#[test]
fn the_key_that_signs_stays_until_its_successor_signs() {
    let server = Server::start();
    let signing = listed(&server)[0].0.clone();
    output_of(keys(&server, &["rotate"]));
    let announced = listed(&server)[1].clone();
    assert_eq!(announced.1, "announced");
    // Who did not see it is told.
    let again = output_of(keys(&server, &["rotate"]));
    let expected = format!("Another key, {}, was announced already", announced.0);
    assert!(again.contains(&expected), "{again}");
    let refused = keys(&server, &["retire", &signing]);
    let errors = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success(), "{errors}");
    for part in ["can be retired from 2", &announced.0, "rotate --now"] {
        assert!(errors.contains(part), "{part}: {errors}");
    }
    assert_eq!(listed(&server)[0], (signing.clone(), "signs".to_owned()));
    output_of(keys(&server, &["rotate", "--now"]));
    output_of(keys(&server, &["retire", &signing]));
    assert_eq!(status(&server, &format!("iam {}", server.token())), 200);
}
