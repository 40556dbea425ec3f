//! Information that the server reveals about itself: to strangers, to an account, to the operators.

use crate::harness::{
    Request, Server, Serving, VIGIED, init, now, operations, token, try_operations, until,
};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs `vigied` on the folder; what it prints.
fn vigied(arguments: &[&str], data: &Path) -> String {
    let output = Command::new(VIGIED)
        .args(arguments)
        .arg("--data")
        .arg(data)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn send(server: &Server, token: &str, scope: &str, name: &str) {
    let reply = server
        .request("POST", "/v1/metrics")
        .header("X-Auth-User-Token", &format!("iam {token}"))
        .header("X-Auth-Scope-Id", scope)
        .json(&json!([{"name": name, "value": 1, "timestamp": now()}]))
        .send();
    assert_eq!(reply.status, 200, "{}", reply.text());
}

/// A proxy on the same machine connects from loopback on behalf of everybody, and none of its headers changes the answer.
#[test]
fn a_stranger_learns_nothing_also_not_from_loopback() {
    let server = Server::start();
    send(
        &server,
        &server.token(),
        &format!("s-{}", server.owner.space),
        "a.b",
    );
    // Other spellings are no routes, so that none gets past a proxy's rule.
    for (path, status) in [
        ("/metrics", 401),
        ("//metrics", 404),
        ("/metrics/", 404),
        ("///metrics//", 404),
    ] {
        for header in [
            ("X-Forwarded-For", "127.0.0.1"),
            ("Forwarded", "for=127.0.0.1"),
            ("X-Real-IP", "127.0.0.1"),
        ] {
            let reply = server
                .request("GET", path)
                .header(header.0, header.1)
                .send();
            assert_eq!(reply.status, status, "{path}: {}", reply.text());
            assert!(!reply.text().contains(&server.owner.space));
        }
    }
    for (path, status) in [("/health/live", "live"), ("/health/ready", "ready")] {
        let reply = server.request("GET", path).send();
        assert_eq!(
            (reply.status, reply.json()),
            (200, json!({"status": status}))
        );
    }
}

#[test]
fn an_account_sees_its_own_counters_alone() {
    let server = Server::start();
    let arguments = [
        "account",
        "create",
        "Other",
        "--owner",
        "bea@example.org",
        "--output",
        "json",
    ];
    let other: Value = serde_json::from_str(&vigied(&arguments, &server.data())).unwrap();
    let text = |key: &str| other[key].as_str().unwrap().to_owned();
    let url = server.serving.url();
    let mut bea = None;
    until("the server knows the new account", || {
        let asked = Request::new(&url, "POST", "/identity/token").form(&[
            ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
            ("apikey", &text("api_key")),
        ]);
        let reply = asked.send();
        bea = reply.json()["access_token"].as_str().map(str::to_owned);
        bea.is_some()
    });
    let (bea, owner) = (bea.unwrap(), server.token());
    let (space, account) = (&server.owner.space, &server.owner.account);
    send(&server, &owner, &format!("s-{space}"), "a.b");
    send(&server, &owner, &format!("a-{account}"), "a.b");
    send(&server, &bea, &format!("s-{}", text("space_guid")), "a.b");

    let read = |token: &str, scope: Option<&str>| {
        let mut request = server
            .request("GET", "/metrics")
            .header("X-Auth-User-Token", &format!("iam {token}"));
        if let Some(scope) = scope {
            request = request.header("X-Auth-Scope-Id", scope);
        }
        let reply = request.send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.text()
    };
    let (mine, hers) = (read(&owner, None), read(&bea, None));
    assert!(mine.contains(space) && mine.contains(account), "{mine}");
    assert!(!mine.contains(&text("space_guid")), "{mine}");
    assert!(hers.contains(&text("space_guid")), "{hers}");
    assert!(!hers.contains(space) && !hers.contains(account), "{hers}");
    // Nothing about the server itself: an account must not see its load and limits.
    assert!(
        !mine.contains("vigie_limit") && !mine.contains("vigie_http"),
        "{mine}"
    );
    let one = read(&owner, Some(&format!("s-{space}")));
    assert!(one.contains(space) && !one.contains(account), "{one}");
    let all = server.operations("/metrics").text();
    assert!(
        all.contains(space) && all.contains(&text("space_guid")),
        "{all}"
    );
    // A node that learns of no withdrawals is known by it.
    assert!(all.contains("\nvigie_directory_age_seconds "), "{all}");
}

#[test]
fn the_name_of_a_deleted_space_is_forgotten() {
    let server = Server::with(&["--set", "storage.deleted_seconds=0"]);
    let token = server.token();
    let made = server
        .request("POST", "/v2/spaces")
        .bearer(&token)
        .json(&json!({"name": "gone", "organization_guid": server.owner.org}))
        .send();
    assert_eq!(made.status, 201, "{}", made.text());
    let space = made.json()["metadata"]["guid"].as_str().unwrap().to_owned();
    let role = format!("/v2/spaces/{space}/developers");
    let given = server.request("PUT", &role).bearer(&token);
    let given = given.json(&json!({"username": server.owner.user})).send();
    assert_eq!(given.status, 201, "{}", given.text());
    send(&server, &token, &format!("s-{space}"), "a.b");
    assert!(server.operations("/metrics").text().contains(&space));
    let gone = server.request("DELETE", &format!("/v2/spaces/{space}"));
    let gone = gone.bearer(&token).send();
    assert_eq!(gone.status, 204, "{}", gone.text());
    let all = server.operations("/metrics").text();
    assert!(!all.contains(&space), "{all}");
    // Its samples are removed as well: nobody could delete them any more.
    until("its series are gone", || {
        let all = server.operations("/metrics").text();
        all.contains("\nvigie_store_series 0\n")
    });
}

#[test]
fn operators_are_answered_when_the_public_listener_is_full() {
    let server = Server::with(&[
        "--set",
        "limits.connections=1",
        "--set",
        "limits.concurrent_requests=1",
    ]);
    let mut stream = TcpStream::connect(&server.serving.address).unwrap();
    stream
        .write_all(b"GET /health/live HTTP/1.1\r\nHost: v\r\n\r\n")
        .unwrap();
    assert_ne!(stream.read(&mut [0; 1024]).unwrap(), 0);
    for path in ["/health/live", "/health/ready", "/metrics"] {
        let reply = server.operations(path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    }
}

/// Only exact paths are served here, and credentials of accounts mean nothing.
#[test]
fn the_operators_socket_serves_three_paths() {
    let server = Server::start();
    let socket = server.data().join("operations.sock");
    let mode = std::os::unix::fs::PermissionsExt::mode(&socket.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    for path in [
        "//metrics",
        "/metrics/",
        "/v1/metrics",
        "/identity/token",
        "/",
    ] {
        let reply = operations(&socket, path);
        assert_eq!(reply.status, 404, "{path}: {}", reply.text());
    }
    for request in [
        "GET /metrics HTTP/9.9\r\n\r\n".to_owned(),
        format!("GET /{} HTTP/1.0\r\n\r\n", "x".repeat(100_000)),
        "\0\0\0\r\n\r\n".to_owned(),
    ] {
        // Refused or cut, and the next is answered.
        let _ = try_operations(&socket, &request);
    }
    let json = operations(&socket, "/health/ready").json();
    assert_eq!(json["store"], "ok");
    assert_eq!(json["signing_keys"].as_array().unwrap().len(), 1);
}

#[test]
fn a_socket_left_by_a_killed_server_is_replaced_and_a_link_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    init(&data);
    let socket = data.join("operations.sock");
    // Dropped, a server is killed.
    drop(Serving::start(&data, "127.0.0.1:0", &[]));
    assert!(socket.exists());
    let again = Serving::start(&data, "127.0.0.1:0", &[]);
    assert_eq!(again.operations("/health/live").status, 200);
    assert!(again.stop().success());
    assert!(!socket.exists());

    std::fs::write(folder.path().join("precious"), "precious").unwrap();
    std::os::unix::fs::symlink(folder.path().join("precious"), &socket).unwrap();
    let log = Serving::try_start(&data, "127.0.0.1:0", &[]).unwrap_err();
    assert!(
        log.contains("operations.sock") && log.contains("is a link"),
        "{log}"
    );
    let left = std::fs::read_to_string(folder.path().join("precious")).unwrap();
    assert_eq!(left, "precious");
}

#[test]
fn off_loopback_it_takes_tls_and_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    init(&data);
    let everywhere = ["--set", "operations.listen=0.0.0.0:0"];
    let log = Serving::try_start(&data, "127.0.0.1:0", &everywhere).unwrap_err();
    assert!(log.contains("without TLS the operators' token"), "{log}");
    let (certificate, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=v",
        ])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        testing::skipped("off_loopback_it_takes_tls_and_a_token", "no openssl");
        return;
    }
    let (certificate, key) = (certificate.display().to_string(), key.display().to_string());
    let tls = [
        "--tls-cert",
        &certificate,
        "--tls-key",
        &key,
        everywhere[0],
        everywhere[1],
    ];
    let log = Serving::try_start(&data, "127.0.0.1:0", &tls).unwrap_err();
    assert!(
        log.contains("hint: make one with `vigied operations token"),
        "{log}"
    );
    vigied(&["operations", "token"], &data);
    Serving::start(&data, "127.0.0.1:0", &tls);
}

#[test]
fn a_token_opens_an_address_and_is_taken_up_on_sighup() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let owner = init(&data);
    let at = ["--set", "operations.listen=127.0.0.1:0"];
    let serving = Serving::start(&data, "127.0.0.1:0", &at);
    serving.wait_for_log("operations=\"");
    let log = serving.log();
    let (_, rest) = log
        .split_once("operations=\"")
        .expect("the log names the place");
    let url = format!("http://{}", rest.split('"').next().unwrap());
    let ask = |credential: Option<&str>| {
        let mut request = Request::new(&url, "GET", "/metrics");
        if let Some(credential) = credential {
            request = request.header("Authorization", credential);
        }
        request.send().status
    };
    assert_eq!(ask(None), 200);
    let first = vigied(&["operations", "token"], &data);
    serving.signal("HUP");
    until("a token is asked for", || ask(None) == 401);
    let first = format!("Bearer {}", first.trim());
    assert_eq!(ask(Some(&first)), 200);
    let iam = token(&serving.url(), &owner.api_key);
    for wrong in [
        format!("Bearer {iam}"),
        format!("{first}x"),
        "Bearer ".to_owned(),
    ] {
        assert_eq!(ask(Some(&wrong)), 401, "{wrong}");
    }
    let second = format!("Bearer {}", vigied(&["operations", "token"], &data).trim());
    serving.signal("HUP");
    until("the new one opens it", || ask(Some(&second)) == 200);
    assert_eq!(ask(Some(&first)), 401);
    let stored = std::fs::read_to_string(data.join("operations.token")).unwrap();
    assert!(!second.contains(stored.trim()) && !stored.contains(&second[7..]));
    assert!(!serving.log().contains(&second[7..]));
}

#[test]
fn the_setting_that_is_gone_says_what_is_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path());
    let flags = ["--set", "metrics.allow_any_address=true"];
    let log = Serving::try_start(folder.path(), "127.0.0.1:0", &flags).unwrap_err();
    assert!(log.contains("`operations.listen"), "{log}");
    let output = Command::new(VIGIED)
        .args(["config", "check"])
        .env("VIGIE_METRICS_ALLOW_ANY_ADDRESS", "true")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("`operations.listen"), "{errors}");
}
