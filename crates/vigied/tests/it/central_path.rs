//! The path that must always work: log in, print the token, strip it, send, list, get, delete.

use crate::harness::{Server, now, token};
use serde_json::{Value, json};
use std::process::{Command, Output};

fn run(mut command: Command) -> Output {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?} failed\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Logs the owner in with the real command line.
fn login(server: &Server) {
    let mut login = server.vigie();
    login.args([
        "login",
        "-a",
        &server.serving.url(),
        "--apikey",
        &server.owner.api_key,
    ]);
    login.args(["-r", &server.owner.region, "-o", "vigie", "-s", "dev"]);
    let output = text(&run(login));
    assert!(
        output.contains("vigie") && output.contains("dev"),
        "{output}"
    );
    assert!(
        !output.contains(&server.owner.api_key),
        "the API key is on the screen"
    );
}

/// Field 4 of the line, as old scripts cut it.
fn token_line(output: &str, label: &str) -> String {
    let line = output
        .lines()
        .find(|line| line.starts_with(label))
        .unwrap_or_else(|| panic!("no {label} in {output}"));
    let fields: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(fields.get(2), Some(&"Bearer"), "{line}");
    fields[3].to_owned()
}

/// The retired documentation's steps, word for word, with `curl` and the link named `ibmcloud`.
#[test]
fn by_hand_with_curl_as_the_retired_docs_described_it() {
    let server = Server::start();
    login(&server);
    let link = server.folder.path().join("ibmcloud");
    std::os::unix::fs::symlink(crate::harness::vigie(), &link).unwrap();
    let ibmcloud = |arguments: &[&str]| {
        let mut command = Command::new(&link);
        command
            .env_clear()
            .env("IBMCLOUD_CONFIG_HOME", server.folder.path().join("cli"))
            .args(arguments);
        text(&run(command))
    };
    let tokens = ibmcloud(&["iam", "oauth-tokens"]);
    let space = ibmcloud(&["iam", "space", "dev", "--guid"]);
    let space = space.trim();
    assert_eq!(space, server.owner.space);
    let org = ibmcloud(&["iam", "org", "vigie", "--guid"]);
    assert_eq!(org.trim(), server.owner.org);

    let credentials = [
        format!("iam {}", token_line(&tokens, "IAM token:")),
        format!("uaa {}", token_line(&tokens, "UAA token:")),
        format!("apikey {}", server.owner.api_key),
        format!("api {}", server.owner.api_key),
    ];
    for (at, credential) in credentials.iter().enumerate() {
        let curl = |arguments: &[&str]| -> (u16, String) {
            let mut command = Command::new("curl");
            command.args(["--silent", "--show-error", "--write-out", "\n%{http_code}"]);
            command.args(["--header", &format!("X-Auth-User-Token: {credential}")]);
            command
                .args(["--header", &format!("X-Auth-Scope-Id: s-{space}")])
                .args(arguments);
            let output = text(&run(command));
            let (body, status) = output.rsplit_once('\n').unwrap();
            (status.parse().unwrap(), body.to_owned())
        };
        let url = |path: &str| format!("{}{path}", server.serving.url());
        let stamp = now() - 60;
        // No content type is set: curl labels the JSON as a form, and it must be read all the same.
        let body = format!(
            r#"[{{"name":"shop{at}.eu.latency","value":48.6,"timestamp":{stamp}}},{{"name":"shop{at}.eu.errors","value":2,"timestamp":{stamp}}}]"#
        );
        let (status, receipt) = curl(&["-XPOST", "-d", &body, &url("/v1/metrics")]);
        assert_eq!(status, 200, "{receipt}");
        let receipt: Value = serde_json::from_str(&receipt).unwrap();
        assert_eq!(
            (&receipt["received"], &receipt["stored"]),
            (&json!(2), &json!(2))
        );

        let (status, listed) = curl(&[
            "-XGET",
            &url(&format!("/v1/metrics/list?query=shop{at}.eu.*")),
        ]);
        assert_eq!(
            (status, serde_json::from_str::<Value>(&listed).unwrap()),
            (
                200,
                json!([
                    format!("shop{at}.eu.errors"),
                    format!("shop{at}.eu.latency")
                ])
            )
        );

        let (status, got) = curl(&[
            "-XGET",
            "--globoff",
            &url(&format!("/v1/metrics?target=shop{at}.eu.latency&from=-1h")),
        ]);
        assert_eq!(status, 200, "{got}");
        let expected =
            json!([{"target": format!("shop{at}.eu.latency"), "datapoints": [[48.6, stamp]]}]);
        assert_eq!(serde_json::from_str::<Value>(&got).unwrap(), expected);

        let (status, deleted) = curl(&[
            "-XDELETE",
            &url(&format!("/v1/metrics/list?query=shop{at}.*")),
        ]);
        assert_eq!(status, 200, "{deleted}");
        assert_eq!(
            serde_json::from_str::<Value>(&deleted).unwrap()["deleted"],
            json!(2)
        );
        let (status, listed) = curl(&[
            "-XGET",
            "--globoff",
            &url(&format!("/v1/metrics/list?query=shop{at}.eu.*")),
        ]);
        assert_eq!((status, listed.as_str()), (200, "[]\n"));
    }
}

/// Without the scope header an IAM token or an API key means the account.
#[test]
fn from_the_account_scope_without_the_header() {
    let server = Server::start();
    let token = server.token();
    for credential in [
        format!("iam {token}"),
        format!("apikey {}", server.owner.api_key),
    ] {
        let request = |method: &str, path: &str| {
            server
                .request(method, path)
                .header("x-auth-user-token", &credential)
        };
        let sent = request("POST", "/v1/metrics")
            .json(&json!([{"name": "cluster.cpu", "value": 1}]))
            .send();
        assert_eq!(sent.status, 200, "{}", sent.text());
        assert_eq!(
            request("GET", "/v1/metrics/list").send().json(),
            json!(["cluster"])
        );
        let got = request("GET", "/v1/metrics?target=cluster.*").send().json();
        assert_eq!(got[0]["datapoints"][0][0], json!(1));
        let explicit = request("GET", "/v1/metrics/list")
            .header("X-Auth-Scope-Id", &format!("a-{}", server.owner.account));
        assert_eq!(explicit.send().json(), json!(["cluster"]));
        assert_eq!(
            request("DELETE", "/v1/metrics/list?query=*").send().json()["deleted"],
            json!(1)
        );
    }
    let listed = server.metrics(&token, "GET", "/v1/metrics/list").send();
    assert_eq!(
        listed.json(),
        json!([]),
        "the account's metrics are not the space's"
    );
}

/// A carelessly copied credential is accepted, and the reply says what was repaired.
#[test]
fn a_careless_copy_is_understood_and_said() {
    let server = Server::start();
    let token = server.token();
    let space = format!("s-{}", server.owner.space);
    for (value, notice) in [
        (format!("iam {token}"), None),
        (format!("iam Bearer {token}"), Some("bearer-removed")),
        (format!("iam bearer Bearer {token}"), Some("bearer-removed")),
        (format!("IAM \"{token}\""), Some("quotes-removed")),
        (format!("iam  {token}\\n"), Some("whitespace-trimmed")),
    ] {
        let reply = server
            .request("GET", "/v1/metrics/list")
            .header("X-Auth-User-Token", &value)
            .header("X-Auth-Scope-Id", &space)
            .send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        let message = reply
            .header("x-vigie-credential-notice")
            .unwrap_or_default();
        assert!(
            notice.map_or(message.is_empty(), |word| message.contains(word)),
            "said `{message}`, not {notice:?}"
        );
    }
    let standard = server
        .request("GET", "/v1/metrics/list")
        .bearer(&token)
        .header("X-Auth-Scope-Id", &space)
        .send();
    assert_eq!(standard.status, 200, "{}", standard.text());
    let metrics = server.operations("/metrics").text();
    assert!(
        metrics.contains("vigie_credential_repairs_total{notice=\"bearer-removed\"} 2"),
        "{metrics}"
    );
}

/// Valid items of a partly invalid body are stored; the receipt and the counters account for every item.
#[test]
fn the_receipt_accounts_for_every_item() {
    let server = Server::start();
    let token = server.token();
    let body = r#"[{"name":"a.b","value":1},{"name":"a..b","value":1},{"name":"a.c","value":"7"},7,{"name":"a.d","value":1e999},{"name":"a.e","value":2,"timestamp":"x"},{"name":"a.f","value":-0.5}]"#;
    let reply = server
        .metrics(&token, "POST", "/v1/metrics")
        .body(body)
        .send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    let receipt = reply.json();
    assert_eq!(
        (
            &receipt["received"],
            &receipt["stored"],
            &receipt["rejected"]
        ),
        (&json!(7), &json!(2), &json!(5))
    );
    let codes: Vec<(u64, String)> = receipt["rejections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| {
            (
                r["index"].as_u64().unwrap(),
                r["code"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let expected = [
        (1, "name"),
        (2, "value"),
        (3, "malformed"),
        (4, "value"),
        (5, "timestamp"),
    ];
    assert_eq!(
        codes,
        expected.map(|(index, code)| (index, code.to_owned()))
    );
    let metrics = server.operations("/metrics").text();
    let domain = format!("domain=\"s-{}\"", server.owner.space);
    assert!(
        metrics.contains(&format!("vigie_samples_received_total{{{domain}}} 7")),
        "{metrics}"
    );
    assert!(
        metrics.contains(&format!("vigie_samples_stored_total{{{domain}}} 2")),
        "{metrics}"
    );

    let nothing = server
        .metrics(&token, "POST", "/v1/metrics")
        .body(r#"[{"name":"a","value":null}]"#)
        .send();
    assert_eq!(
        (nothing.status, nothing.code().as_str()),
        (400, "BXNMSMT02E")
    );
    assert_eq!(nothing.json()["rejected"], json!(1));
}

/// The last sample written at an instant wins; any age inside the retention is taken, in any order.
#[test]
fn late_and_repeated_samples() {
    let server = Server::start();
    let token = server.token();
    let base = 1_393_000_000_i64;
    for (offset, value) in [(600, 3.5), (0, 1.5), (300, 2.5), (0, 10.5)] {
        let item =
            json!([{"name": "room.temperature", "value": value, "timestamp": base + offset}]);
        assert_eq!(
            server
                .metrics(&token, "POST", "/v1/metrics")
                .json(&item)
                .send()
                .status,
            200
        );
    }
    let path = format!(
        "/v1/metrics?target=room.temperature&from={base}&until={}",
        base + 600
    );
    let got = server.metrics(&token, "GET", &path).send().json();
    let expected = json!([[10.5, base], [2.5, base + 300], [3.5, base + 600]]);
    assert_eq!(got[0]["datapoints"], expected);
}

/// A second owner's key is of no use on this server.
#[test]
fn a_token_of_another_server_is_refused() {
    let (here, there) = (Server::start(), Server::elsewhere());
    let foreign = token(&there.serving.url(), &there.owner.api_key);
    let reply = here.metrics(&foreign, "GET", "/v1/metrics/list").send();
    assert_eq!(reply.status, 401, "{}", reply.text());
    assert_eq!(reply.code(), "BXNMSRI03E");
}
