//! The address under which a server speaks of itself.

use super::get;
use crate::harness::{Serving, init, vigie};
use base64::Engine as _;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};

const DISCOVERY: &str = "/identity/.well-known/openid-configuration";
const PLAIN: &str = "--allow-plain-http-on-any-address";

/// A server for all addresses of this machine.
struct Everywhere {
    serving: Serving,
    owner: crate::harness::Owner,
    folder: tempfile::TempDir,
    port: String,
}

impl Everywhere {
    fn with(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let owner = init(&folder.path().join("data"));
        let flags = [&[PLAIN], flags].concat();
        let serving = Serving::start(&folder.path().join("data"), "0.0.0.0:0", &flags);
        let port = serving.address.rsplit_once(':').unwrap().1.to_owned();
        Self {
            serving,
            owner,
            folder,
            port,
        }
    }

    /// The address at one of this machine's.
    fn at(&self, ip: &str) -> String {
        format!("{ip}:{}", self.port)
    }

    /// The server's address in every place, for a caller who names this host, and whether caches may keep it.
    fn called(&self, host: &str) -> (String, bool) {
        let fetch = |path: &str| get(&self.at("127.0.0.2"), path, host, "");
        let reply = fetch(DISCOVERY);
        assert_eq!(reply.status, 200, "{host}: {}", reply.text());
        let text = |value: &Value, pointer: &str| {
            value.pointer(pointer).unwrap().as_str().unwrap().to_owned()
        };
        let document = reply.json();
        let issuer = text(&document, "/issuer");
        let root = issuer.strip_suffix("/identity").unwrap().to_owned();
        for (name, value) in document.as_object().unwrap() {
            if let Some(address) = value.as_str() {
                assert!(
                    address.starts_with(&format!("{root}/")),
                    "{name}: {address}"
                );
            }
        }
        let keeps =
            |reply: &crate::harness::Reply| reply.header("cache-control") != Some("no-store");
        let is_kept = keeps(&reply);
        let info = fetch("/v2/info");
        assert_eq!(keeps(&info), is_kept);
        let info = info.json();
        let regions = fetch("/v2/regions");
        assert_eq!(keeps(&regions), is_kept);
        let regions = regions.json();
        for (value, pointer) in [
            (&info, "/authorization_endpoint"),
            (&info, "/token_endpoint"),
            (&regions, "/resources/0/cf_api"),
            (&regions, "/resources/0/metrics_api"),
            (&regions, "/resources/0/console_url"),
            (&regions, "/resources/0/mccp_api"),
        ] {
            assert_eq!(text(value, pointer), root, "{host}: {pointer}");
        }
        assert!(root.ends_with(&format!("://{}", text(&regions, "/resources/0/domain"))));
        (root, is_kept)
    }

    /// Runs the command line in a folder of its own.
    fn vigie(&self, arguments: &[&str]) -> (bool, String) {
        run_vigie(self.folder.path(), arguments)
    }
}

fn run_vigie(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(vigie())
        .env_clear()
        .env("IBMCLOUD_CONFIG_HOME", folder.join("cli"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

/// The `iss` of a token.
fn issuer(token: &str) -> String {
    let claims = token.split('.').nth(1).unwrap();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(claims)
        .unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["iss"].as_str().unwrap().to_owned()
}

fn token_by(address: &str, key: &str) -> String {
    crate::harness::token(&format!("http://{address}"), key)
}

#[test]
fn regression_7_a_server_for_all_addresses_is_called_as_its_caller_called_it() {
    let server = Everywhere::with(&[]);
    let port = &server.port;
    for host in [
        format!("127.0.0.2:{port}"),
        format!("metrics.example:{port}"),
        "metrics.example".to_owned(),
        format!("[2001:db8::1]:{port}"),
        "192.0.2.7".to_owned(),
        "a_b-c.example".to_owned(),
    ] {
        assert_eq!(
            server.called(&host),
            (format!("http://{host}"), false),
            "{host}"
        );
    }
    // One spelling for each.
    for (host, called) in [
        ("METRICS.Example", "http://metrics.example"),
        ("metrics.example.", "http://metrics.example"),
        ("metrics.example:80", "http://metrics.example"),
        ("[2001:DB8:0::1]", "http://[2001:db8::1]"),
    ] {
        assert_eq!(server.called(host), (called.to_owned(), false), "{host}");
    }
}

#[test]
fn regression_7_what_is_no_plain_host_is_not_repeated_and_no_address_is_the_unspecified_one() {
    let server = Everywhere::with(&[]);
    let port = &server.port;
    let expected = format!("http://127.0.0.1:{port}");
    for host in [
        format!("0.0.0.0:{port}"),
        format!("[::]:{port}"),
        format!("[::ffff:0.0.0.0]:{port}"),
        "0".to_owned(),
        "0x0".to_owned(),
        "00.0".to_owned(),
        "0.0.0.0.".to_owned(),
        "127.1".to_owned(),
        "a.0x7f".to_owned(),
        "a..b".to_owned(),
        "-a".to_owned(),
        "a;b".to_owned(),
        "a'b".to_owned(),
        "a&b".to_owned(),
        "a:0".to_owned(),
        "xn--a$".to_owned(),
        "a".repeat(64),
    ] {
        let (called, is_kept) = server.called(&host);
        assert_eq!(called, expected, "{host}");
        assert!(!is_kept, "{host}");
    }
    // What no server takes is refused before, and never repeated.
    for host in [
        "user@host",
        "host/path",
        "a%20b",
        "a b",
        "h,i",
        "http://h",
        "h\u{fc}t",
    ] {
        let reply = get(&server.at("127.0.0.1"), DISCOVERY, host, "");
        assert_eq!(reply.status, 400, "{host}: {}", reply.text());
        assert!(!reply.text().contains(host), "{}", reply.text());
    }
    let old = {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(server.at("127.0.0.1")).unwrap();
        stream.write_all(b"GET /v2/info HTTP/1.0\r\n\r\n").unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        crate::harness::Reply::read(&bytes)
    };
    assert_eq!(old.json()["token_endpoint"], expected.as_str());
}

#[test]
fn regression_7_tokens_have_one_issuer_whatever_host_they_are_asked_at() {
    let server = Everywhere::with(&[]);
    let first = token_by(&server.at("127.0.0.1"), &server.owner.api_key);
    let second = token_by(&server.at("127.0.0.3"), &server.owner.api_key);
    assert_eq!(issuer(&first), issuer(&second));
    assert!(!issuer(&first).contains("0.0.0.0"), "{}", issuer(&first));
    // Nobody becomes an issuer by being named.
    server.called("evil.example");
    let again = token_by(&server.at("127.0.0.1"), &server.owner.api_key);
    assert_eq!(issuer(&again), issuer(&first));
    server
        .serving
        .wait_for_log("`public_url` is not set, and `listen` is every address of this machine");
}

#[test]
fn regression_7_the_command_line_logs_in_at_every_address_of_the_server() {
    let server = Everywhere::with(&[]);
    for ip in ["127.0.0.1", "127.0.0.9"] {
        let at = server.at(ip);
        let (is_good, text) = server.vigie(&[
            "login",
            "-a",
            &format!("http://{at}"),
            "--apikey",
            &server.owner.api_key,
            "-o",
            "vigie",
            "-s",
            "dev",
        ]);
        assert!(is_good, "{text}");
        assert!(!text.contains("0.0.0.0"), "{text}");
        let (is_good, text) = server.vigie(&["metrics", "send", "a.b=1"]);
        assert!(is_good, "{text}");
        let kept = std::fs::read_to_string(server.folder.path().join("cli/config.json")).unwrap();
        assert!(kept.contains(&at) && !kept.contains("0.0.0.0"), "{kept}");
    }
}

#[test]
fn regression_7_named_hosts_are_answered_by_their_names_and_all_others_by_the_public_url() {
    let server = Everywhere::with(&[
        "--public-url",
        "https://metrics.example",
        "--set",
        "public_hosts=metrics.internal, http://10.0.0.5:9090, https://[2001:db8::7]",
    ]);
    let port = &server.port;
    let public = "https://metrics.example";
    for (host, called) in [
        ("metrics.example".to_owned(), public.to_owned()),
        ("metrics.example:443".to_owned(), public.to_owned()),
        (
            "METRICS.internal".to_owned(),
            "https://metrics.internal".to_owned(),
        ),
        (
            format!("metrics.internal:{port}"),
            format!("https://metrics.internal:{port}"),
        ),
        (
            "10.0.0.5:9090".to_owned(),
            "http://10.0.0.5:9090".to_owned(),
        ),
        (
            "[2001:db8:0::7]".to_owned(),
            "https://[2001:db8::7]".to_owned(),
        ),
        // Foreign ones are served, by the address that is sure.
        ("10.0.0.5".to_owned(), public.to_owned()),
        ("metrics.internal:1".to_owned(), public.to_owned()),
        ("evil.example".to_owned(), public.to_owned()),
        (format!("127.0.0.1:{port}"), public.to_owned()),
    ] {
        assert_eq!(server.called(&host).0, called, "{host}");
    }
    let token = token_by(&server.at("127.0.0.1"), &server.owner.api_key);
    assert_eq!(issuer(&token), "https://metrics.example/identity");
    assert!(!server.serving.log().contains("`public_url` is not set"));
}

#[test]
fn a_listed_host_that_cannot_be_one_is_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path());
    for wrong in [
        "0.0.0.0",
        "http://[::]:80",
        "a/b",
        "http://u@h",
        "ftp://h",
        "a b",
        "a,",
        "http://h/path",
    ] {
        let set = format!("public_hosts={wrong}");
        let log = Serving::try_start(folder.path(), "127.0.0.1:0", &["--set", &set]).unwrap_err();
        assert!(log.contains("`public_hosts`"), "{wrong}: {log}");
    }
    for wrong in [
        "http://0.0.0.0:8080",
        "http://u@h",
        "https://h?x",
        "http://h h",
    ] {
        let flags = ["--public-url", wrong];
        let log = Serving::try_start(folder.path(), "127.0.0.1:0", &flags).unwrap_err();
        assert!(log.contains("`public_url`"), "{wrong}: {log}");
    }
}

/// A mail is read by somebody else than who asked for it, so that no request's word is good for the link in it.
#[test]
fn a_server_for_all_addresses_sends_no_mail_without_a_public_url() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path());
    let mail = [
        PLAIN,
        "--set",
        "mail.server=127.0.0.1:25",
        "--set",
        "mail.tls=none",
        "--set",
        "mail.from=vigie@example.org",
    ];
    let log = Serving::try_start(folder.path(), "0.0.0.0:0", &mail).unwrap_err();
    assert!(log.contains("`public_url`"), "{log}");
}

/// The host of a request is that of its address, where it has one: in HTTP/2, and with an absolute target.
#[test]
fn the_host_of_the_address_counts_before_the_header() {
    let server = Everywhere::with(&[]);
    let port = &server.port;
    let ran = Command::new("curl")
        .args(["--silent", "--show-error", "--http2-prior-knowledge"])
        .args(["--noproxy", "*", "--resolve"])
        .arg(format!("metrics.example:{port}:127.0.0.1"))
        .arg(format!("http://metrics.example:{port}/v2/info"))
        .output()
        .unwrap();
    let json: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let expected = format!("http://metrics.example:{port}");
    assert_eq!(json["token_endpoint"], expected.as_str());
    let target = format!("http://metrics.example:{port}/v2/info");
    let reply = get(&server.at("127.0.0.1"), &target, "other.example", "");
    assert_eq!(reply.json()["token_endpoint"], expected.as_str());
    let target = format!("http://u@metrics.example:{port}/v2/info");
    let reply = get(&server.at("127.0.0.1"), &target, "other.example", "");
    assert!(
        !reply.text().contains("metrics.example"),
        "{}",
        reply.text()
    );
}
