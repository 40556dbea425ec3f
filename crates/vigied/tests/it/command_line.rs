//! The real command line against the real server: many at once, killed at any moment, and refused.

use crate::harness::Server;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A server with one login, and the program under a name of choice.
struct Desk {
    server: Server,
}

impl Desk {
    fn logged_in(flags: &[&str]) -> Self {
        let desk = Self {
            server: Server::with(flags),
        };
        let (url, key) = (desk.server.serving.url(), desk.server.owner.api_key.clone());
        let login = desk.run("vigie", &["login", "-a", &url, "--apikey", &key]);
        assert!(login.status.success(), "{login:?}");
        desk
    }

    fn command(&self, name: &str, arguments: &[&str]) -> Command {
        let link = self.server.folder.path().join(name);
        if !link.exists() {
            std::os::unix::fs::symlink(crate::harness::vigie(), &link).unwrap();
        }
        let mut command = Command::new(link);
        command
            .args(arguments)
            .env_clear()
            .env("VIGIE_HOME", self.home())
            .current_dir(self.server.folder.path())
            .stdin(Stdio::null());
        command
    }

    fn run(&self, name: &str, arguments: &[&str]) -> Output {
        self.command(name, arguments).output().unwrap()
    }

    fn home(&self) -> PathBuf {
        self.server.folder.path().join("cli")
    }

    fn config(&self) -> Value {
        let text = std::fs::read(self.home().join("config.json")).unwrap();
        serde_json::from_slice(&text)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&text)))
    }

    fn edit(&self, change: impl FnOnce(&mut Value)) {
        let mut config = self.config();
        change(&mut config);
        std::fs::write(self.home().join("config.json"), config.to_string()).unwrap();
    }

    /// Puts a token in the file that has been over for an hour.
    fn expire(&self) {
        let claims = json!({"exp": crate::harness::now() - 3600, "sub": "owner@vigie.local"});
        let token = format!(
            "Bearer e30.{}.c2ln",
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        self.edit(|config| config["IAMToken"] = token.into());
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn twenty_at_once_renew_once() {
    let desk = Desk::logged_in(&[]);
    for words in [
        ["iam", "token"],
        ["iam", "oauth-tokens"],
        ["iam", "bearer-token"],
    ] {
        desk.expire();
        let before = desk.config()["IAMRefreshToken"].clone();
        let done = AtomicBool::new(false);
        let tokens: BTreeSet<String> = std::thread::scope(|threads| {
            threads.spawn(|| {
                // A concurrent reader never sees a partial file.
                while !done.load(Ordering::Relaxed) {
                    assert!(desk.config()["IAMToken"].is_string());
                }
            });
            let running: Vec<_> = (0..20)
                .map(|_| {
                    desk.command("vigie", &words)
                        .stdout(Stdio::piped())
                        .stderr(Stdio::piped())
                        .spawn()
                        .unwrap()
                })
                .collect();
            let outputs: Vec<Output> = running
                .into_iter()
                .map(|child| child.wait_with_output().unwrap())
                .collect();
            done.store(true, Ordering::Relaxed);
            outputs
                .iter()
                .map(|output| {
                    assert!(output.status.success(), "{output:?}");
                    text(&output.stdout).lines().next().unwrap().to_owned()
                })
                .collect()
        });
        assert_eq!(tokens.len(), 1, "renewed more than once: {tokens:?}");
        let now = desk.config();
        assert_ne!(now["IAMRefreshToken"], before);
        let token = tokens.first().unwrap().rsplit(' ').next().unwrap();
        assert_eq!(now["IAMToken"], format!("Bearer {token}"));
    }
}

#[test]
fn killed_at_any_moment_the_files_are_whole() {
    let desk = Desk::logged_in(&[]);
    let token = desk.config()["IAMToken"].clone();
    let take = |arguments: &[&str]| {
        let begun = Instant::now();
        assert!(desk.run("vigie", arguments).status.success());
        begun.elapsed()
    };
    let whole = take(&["config", "--http-timeout", "7"]);
    let rounds = 60_u32;
    for round in 0..rounds {
        let mut child = desk
            .command("vigie", &["config", "--http-timeout", &round.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Kill at every moment from start to just after the end, over many rounds.
        let moment = Instant::now() + whole * round / rounds;
        while Instant::now() < moment {
            std::hint::spin_loop();
        }
        let _ = child.kill();
        child.wait().unwrap();
        assert_eq!(desk.config()["IAMToken"], token, "round {round}");
        let cf = std::fs::read(desk.home().join(".cf/config.json")).unwrap();
        assert!(
            serde_json::from_slice::<Value>(&cf).is_ok(),
            "round {round}"
        );
    }
    // The lock of the killed process is free, and its temporary files are removed.
    assert!(take(&["config", "--http-timeout", "60"]) < Duration::from_secs(20));
    let names: BTreeSet<String> = std::fs::read_dir(desk.home())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(
        names,
        [".cf", "config.json", "config.json.lock"]
            .map(str::to_owned)
            .into()
    );
}

#[test]
fn a_renewal_the_server_refuses_says_status_code_and_message() {
    let desk = Desk::logged_in(&[]);
    let before = desk.config();
    assert!(desk.run("vigie", &["logout"]).status.success());
    std::fs::write(desk.home().join("config.json"), before.to_string()).unwrap();
    desk.expire();
    for (name, code) in [("vigie", 3), ("ibmcloud", 1)] {
        let refused = desk.run(name, &["iam", "oauth-tokens"]);
        assert_eq!(refused.status.code(), Some(code));
        assert_eq!(text(&refused.stdout), "");
        let stderr = text(&refused.stderr);
        let line = stderr.lines().nth(1).unwrap();
        assert!(stderr.starts_with("FAILED\n"), "{stderr}");
        let (_, rest) = line
            .split_once("Status code: 400, error code: BXNIM")
            .unwrap();
        assert!(rest.contains("E, message: "), "{line}");
        assert!(
            stderr.contains(&format!("log in again with `{name} login`")),
            "{stderr}"
        );
    }
    assert_eq!(desk.config()["IAMRefreshToken"], before["IAMRefreshToken"]);
}

#[test]
fn a_key_from_creation_to_deletion_and_its_file_in_every_layout() {
    let desk = Desk::logged_in(&[]);
    let good = |arguments: &[&str]| {
        let output = desk.run("bx", arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        text(&output.stdout).to_owned()
    };
    let bad = |arguments: &[&str]| {
        let output = desk.run("bx", arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
        text(&output.stderr).to_owned()
    };
    good(&[
        "iam",
        "api-key-create",
        "ci",
        "-d",
        "builds",
        "-f",
        "key.json",
    ]);
    let path = desk.server.folder.path().join("key.json");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let written = std::fs::read_to_string(&path).unwrap();
    let key = serde_json::from_str::<Value>(&written).unwrap()["apikey"]
        .as_str()
        .unwrap()
        .to_owned();
    for (name, content) in [
        ("own", written.clone()),
        ("crlf", written.replace('\n', "\r\n")),
        ("bom", format!("\u{feff}{written}")),
        ("bare", key.clone()),
        ("bare-crlf", format!("\u{feff}{key}\r\n")),
        (
            "old",
            json!({"name": "ci", "description": "", "createdAt": "2017-06-01T10:00+0000", "locked": false, "uuid": "1",
                "apiKey": key})
            .to_string(),
        ),
        ("both", json!({"apikey": key, "apiKey": key}).to_string()),
    ] {
        std::fs::write(desk.server.folder.path().join(name), content).unwrap();
        good(&["login", "--apikey", &format!("@{name}")]);
    }
    let url = desk.server.serving.url();
    let host = desk.server.serving.address.clone();
    for address in [url.as_str(), &host, &format!("{url}/")] {
        good(&["login", "-a", address, "-u", "apikey", "-p", &key]);
        assert_eq!(desk.config()["APIEndpoint"], url.as_str());
    }

    let owner = desk.server.owner.api_key.clone();
    good(&["login", "--apikey", &owner]);
    good(&["iam", "api-key-lock", "ci", "-f"]);
    good(&["login", "--apikey", "@key.json"]);
    good(&["login", "--apikey", &owner]);
    let errors = bad(&["iam", "api-key-delete", "ci", "-f"]);
    assert!(errors.contains("`bx iam api-key-unlock NAME`"), "{errors}");
    good(&["iam", "api-key-unlock", "ci", "-f"]);
    good(&["iam", "api-key-disable", "ci", "-f"]);
    let errors = bad(&["login", "--apikey", "@key.json"]);
    assert!(
        errors.contains("Credentials were rejected.\nCode: BXNIM0415E, message: "),
        "{errors}"
    );
    good(&["iam", "api-key-enable", "ci", "-f"]);
    good(&["login", "--apikey", "@key.json"]);
    good(&["login", "--apikey", &owner]);
    good(&["iam", "api-key-update", "ci", "-n", "cd"]);
    assert_eq!(
        good(&["iam", "api-keys", "-n", "cd", "--uuid"])
            .lines()
            .count(),
        1
    );
    good(&["login", "--apikey", "@key.json"]);
    let deleted = desk.run("bx", &["iam", "api-key-delete", "cd", "-f"]);
    assert!(deleted.status.success(), "{deleted:?}");
    let notes = text(&deleted.stderr);
    assert!(
        notes.contains("This login was made with that key"),
        "{notes}"
    );
    good(&["login", "--apikey", &owner]);
    bad(&["login", "--apikey", "@key.json"]);
    assert_eq!(
        good(&["iam", "api-keys", "-n", "cd", "--output", "JSON"]),
        "[]\n"
    );
}

/// The hint was a command that gives a role in it.
#[test]
fn a_targeted_space_that_was_deleted_elsewhere_is_told_as_that() {
    let desk = Desk::logged_in(&[]);
    let cf = desk.home().join(".cf/config.json");
    let run = |arguments: &[&str]| desk.run("vigie", arguments);
    for arguments in [
        &["account", "space-create", "gone"][..],
        &["target", "-s", "gone"],
    ] {
        assert!(run(arguments).status.success(), "{arguments:?}");
    }
    let target = std::fs::read(&cf).unwrap();
    let deleted = run(&["account", "space-delete", "gone", "-f"]);
    assert!(text(&deleted.stderr).contains("now no space is: `vigie target -s SPACE`"));
    // As it is for a login that did not delete it.
    std::fs::write(&cf, target).unwrap();
    let sent = run(&["metrics", "send", "a.b=1"]);
    assert_eq!(sent.status.code(), Some(5), "{sent:?}");
    let errors = text(&sent.stderr);
    assert!(
        errors.contains("`vigie target -s SPACE` targets another"),
        "{errors}"
    );
}

#[test]
fn a_server_without_tls_is_told_apart() {
    let desk = Desk::logged_in(&[]);
    let https = format!("https://{}", desk.server.serving.address);
    let login = desk.run("vigie", &["login", "-a", &https, "--apikey", "x"]);
    assert_eq!(login.status.code(), Some(6));
    let stderr = text(&login.stderr);
    assert!(stderr.contains("does not speak TLS\nhint: "), "{stderr}");
    assert!(
        desk.run("vigie", &["account", "orgs"]).status.success(),
        "the login before is kept"
    );
}

/// A certificate of a private authority: trusted only where it is configured.
pub(crate) fn certificate(folder: &Path) -> (String, String) {
    let request = folder.join("request.conf");
    std::fs::write(
        &request,
        "[req]\ndistinguished_name=dn\nx509_extensions=v3\nprompt=no\n[dn]\nCN=localhost\n[v3]\n\
         subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n",
    )
    .unwrap();
    let path = |name: &str| folder.join(name).display().to_string();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt"])
        .args(["ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-config", &path("request.conf")])
        .args(["-keyout", &path("tls.key"), "-out", &path("tls.pem")])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    (path("tls.pem"), path("tls.key"))
}

#[test]
fn a_certificate_is_checked_named_or_waved_through() {
    let folder = tempfile::tempdir().unwrap();
    let (pem, key) = certificate(folder.path());
    let desk = Desk {
        server: Server::with(&["--tls-cert", &pem, "--tls-key", &key]),
    };
    let https = format!("https://{}", desk.server.serving.address);
    let api_key = desk.server.owner.api_key.clone();
    let login = |address: &str, flags: &[&str], authorities: Option<&str>| {
        let mut command = desk.command("vigie", &["login", "-a", address, "--apikey", &api_key]);
        command.args(flags);
        command.envs(authorities.map(|path| ("VIGIE_CA_FILE", path)));
        command.output().unwrap()
    };
    let refused = login(&https, &[], None);
    assert_eq!(refused.status.code(), Some(6));
    let stderr = text(&refused.stderr);
    assert!(
        stderr.contains("was not trusted: ") && stderr.contains("`VIGIE_CA_FILE`"),
        "{stderr}"
    );
    let plain = login(&desk.server.serving.url(), &[], None);
    assert_eq!(plain.status.code(), Some(6));
    let stderr = text(&plain.stderr);
    assert!(
        stderr.contains("does not speak plain HTTP\nhint: "),
        "{stderr}"
    );

    let named = login(&https, &[], Some(&pem));
    assert!(named.status.success(), "{named:?}");
    assert_eq!(desk.config()["SSLDisabled"], false);
    let waved = login(&https, &["--skip-ssl-validation"], None);
    assert!(waved.status.success(), "{waved:?}");
    assert!(text(&waved.stderr).contains("warning: the server's certificate is not checked"));
    assert_eq!(desk.config()["SSLDisabled"], true);
    // It applies to later commands, and to logins to the same server, until another one is given.
    assert!(desk.run("vigie", &["account", "orgs"]).status.success());
    let again = desk.run("vigie", &["login", "--apikey", &api_key]);
    assert!(again.status.success(), "{again:?}");
    assert_eq!(login(&https, &[], None).status.code(), Some(6));
}

/// A server that is reached under another name than its own says so, and how to fix it.
#[test]
fn a_login_under_another_name_says_what_to_do() {
    let desk = Desk {
        server: Server::with(&["--public-url", "https://metrics.example.org"]),
    };
    let (url, key) = (desk.server.serving.url(), desk.server.owner.api_key.clone());
    let login = desk.run("vigie", &["login", "-a", &url, "--apikey", &key]);
    assert_eq!(login.status.code(), Some(1), "{login:?}");
    let stderr = text(&login.stderr);
    for expected in [
        "describes itself as `https://metrics.example.org`",
        "`vigie login -a https://metrics.example.org`",
        "`--public-url http://127.0.0.1:",
        &format!("`vigie login -a {url} --iam-endpoint {url}`"),
    ] {
        assert!(stderr.contains(expected), "{expected}: {stderr}");
    }
    // Following the hint is enough: login and later commands work under the typed address.
    let arguments = [
        "login",
        "-a",
        &url,
        "--iam-endpoint",
        &url,
        "--apikey",
        &key,
    ];
    let login = desk.run("vigie", &arguments);
    assert!(login.status.success(), "{login:?}");
    for line in [
        &["metrics", "send", "a.b=1"][..],
        &["metrics", "list"],
        &["iam", "oauth-tokens"],
        &["account", "orgs"],
    ] {
        let ran = desk.run("vigie", line);
        assert!(ran.status.success(), "{line:?}: {ran:?}");
    }
    let plain = Desk::logged_in(&[]);
    let here = plain.server.serving.url().replace("127.0.0.1", "localhost");
    let login = plain.run(
        "vigie",
        &[
            "login",
            "-a",
            &here,
            "--apikey",
            &plain.server.owner.api_key,
        ],
    );
    assert!(login.status.success(), "{login:?}");
}

#[test]
fn a_narrowed_key_logs_in_whole_and_sends_where_it_reaches() {
    let desk = Desk {
        server: Server::start(),
    };
    let (url, (key, _)) = (desk.server.serving.url(), desk.server.narrow_key());
    let login = desk.run("vigie", &["login", "-a", &url, "--apikey", &key]);
    let stderr = String::from_utf8_lossy(&login.stderr).into_owned();
    assert!(login.status.success(), "{login:?}");
    assert_eq!(stderr.lines().find(|line| line.contains("--scope")), None);
    let space = format!("s-{}", desk.server.owner.space);
    let stdout = String::from_utf8_lossy(&login.stdout);
    assert!(stdout.contains(&space), "{stdout}");
    for send in [
        &["metrics", "send", "a.b=1"][..],
        &["metrics", "send", "a.b=1", "--scope", &space],
    ] {
        let sent = desk.run("vigie", send);
        assert!(sent.status.success(), "{sent:?}");
    }
    let by_name = desk.run(
        "vigie",
        &["login", "-a", &url, "--apikey", &key, "-s", "dev"],
    );
    assert_eq!(by_name.status.code(), Some(4), "{by_name:?}");
    // Without a login as well: the key alone.
    let alone = |arguments: &[&str]| {
        let mut command = desk.command("vigie", arguments);
        command.env("VIGIE_HOME", desk.server.folder.path().join("fresh"));
        command.env("VIGIE_API", &url).env("VIGIE_API_KEY", &key);
        command.output().unwrap()
    };
    let unnamed = alone(&["agent", "--once"]);
    let stderr = String::from_utf8_lossy(&unnamed.stderr).into_owned();
    assert!(unnamed.status.success(), "{unnamed:?}");
    assert!(stderr.contains(&space), "{stderr}");
    let named = alone(&["agent", "--once", "--scope", &space]);
    assert!(named.status.success(), "{named:?}");
}
