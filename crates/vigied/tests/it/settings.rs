//! Settings, start-up and what an operator sees when something is wrong.

use crate::harness::{Server, Serving, VIGIED, init};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};

fn vigied(arguments: &[&str]) -> (bool, String, String) {
    let output = Command::new(VIGIED)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn two_servers_never_share_a_folder() {
    let server = Server::start();
    let data = server.data();
    let log = Serving::try_start(&data, "127.0.0.1:0", &[]).unwrap_err();
    assert!(log.contains("is used by another `vigied`"), "{log}");
    let (done, _, errors) = vigied(&["init", "--data", data.to_str().unwrap()]);
    assert!(
        !done && errors.contains("is used by another `vigied`"),
        "{errors}"
    );
}

#[test]
fn a_folder_is_initialised_once() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path());
    let (done, _, errors) = vigied(&["init", "--data", folder.path().to_str().unwrap()]);
    assert!(!done, "a second init succeeded");
    assert!(errors.contains("initialised already"), "{errors}");
}

/// The tour's folder is recognized as such: the message for users of the quickstart names the file of its key.
#[test]
fn the_quickstarts_folder_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("vigie-quickstart");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("quickstart-key"), "vgk_example").unwrap();
    let key = folder.path().join("key.json");
    let (done, _, errors) = vigied(&[
        "init",
        "--data",
        data.to_str().unwrap(),
        "--key-file",
        key.to_str().unwrap(),
    ]);
    assert!(!done, "the folder was taken");
    for expected in [
        "folder of `vigied quickstart`",
        "--apikey @",
        "quickstart-key",
    ] {
        assert!(errors.contains(expected), "no `{expected}` in {errors}");
    }
    assert!(!key.exists(), "a key file without a key");
}

/// An account that is not made leaves no key file, and one that is made shows its key in the file alone.
#[test]
fn a_key_file_holds_the_only_copy() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (data, key) = (data.to_str().unwrap(), folder.path().join("key.json"));
    let arguments = ["init", "--data", data, "--key-file", key.to_str().unwrap()];
    let (done, printed, errors) = vigied(&arguments);
    assert!(done, "{errors}");
    let kept: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&key).unwrap()).unwrap();
    for secret in ["password", "api_key"] {
        let secret = kept[secret].as_str().unwrap();
        assert!(
            !printed.contains(secret) && !errors.contains(secret),
            "{printed}"
        );
    }
    let other = folder.path().join("other.json");
    let arguments = [
        "init",
        "--data",
        data,
        "--key-file",
        other.to_str().unwrap(),
    ];
    let (done, _, errors) = vigied(&arguments);
    assert!(!done && errors.contains("initialised already"), "{errors}");
    assert!(!other.exists(), "a key file without a key");
    let (done, _, errors) = vigied(&[
        "account",
        "create",
        "Vigie",
        "--owner",
        "ada@example.org",
        "--data",
        data,
        "--key-file",
        other.to_str().unwrap(),
    ]);
    assert!(!done && !errors.is_empty(), "a second account of one name");
    assert!(!other.exists(), "a key file without a key");
}

#[test]
fn serving_an_empty_folder_names_the_command_that_mends_it() {
    let folder = tempfile::tempdir().unwrap();
    let log = Serving::try_start(folder.path(), "127.0.0.1:0", &[]).unwrap_err();
    assert!(log.contains("vigied init --data"), "{log}");
}

#[test]
fn plain_http_stays_on_loopback_unless_told() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path());
    let log = Serving::try_start(folder.path(), "0.0.0.0:0", &[]).unwrap_err();
    assert!(log.contains("tls.allow_plain_http_on_any_address"), "{log}");
    Serving::start(
        folder.path(),
        "0.0.0.0:0",
        &["--allow-plain-http-on-any-address"],
    );
}

#[test]
fn secrets_are_readable_by_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start();
    let mode = |path: std::path::PathBuf| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(server.data()), 0o700);
    assert_eq!(mode(server.data().join("iam.db")), 0o600);
    for key in server.data().join("keys").read_dir().unwrap() {
        assert_eq!(mode(key.unwrap().path()), 0o600);
    }
}

#[test]
fn config_check_tells_values_and_sources() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("vigie.toml"),
        "[tokens]\naccess_token_seconds = 120\n",
    )
    .unwrap();
    let data = folder.path().to_str().unwrap();
    let (done, printed, errors) = vigied(&[
        "config",
        "check",
        "--data",
        data,
        "--listen",
        "127.0.0.1:9000",
    ]);
    assert!(done, "{errors}");
    let line = |key: &str| {
        printed
            .lines()
            .find(|line| line.starts_with(key))
            .unwrap()
            .to_owned()
    };
    assert!(
        line("tokens.access_token_seconds").ends_with("vigie.toml:2"),
        "{printed}"
    );
    assert!(line("listen").ends_with("flag --listen"), "{printed}");
    std::fs::write(
        folder.path().join("vigie.toml"),
        "[tokens]\naccess_token_seconds = 12\n",
    )
    .unwrap();
    let (done, _, errors) = vigied(&["config", "check", "--data", data]);
    assert!(
        !done && errors.contains("vigie.toml:2: `tokens.access_token_seconds`"),
        "{errors}"
    );
}

/// Of a wrong flag a script learns what it learns of one that is not there; a wrong file is no wrong command line.
#[test]
fn a_wrong_value_of_a_flag_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let check = |arguments: &[&str]| {
        let output = Command::new(VIGIED)
            .args(["config", "check", "--output", "json", "--data"])
            .arg(folder.path())
            .args(arguments)
            .output()
            .unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        let last = errors.lines().last().unwrap();
        let error: serde_json::Value = serde_json::from_str(last).unwrap();
        let code = error["error"]["code"].as_str().unwrap().to_owned();
        (output.status.code(), code)
    };
    for wrong in [
        ["--set", "limits.foo=3"],
        ["--set", "limits.api_keys_per_account=x"],
        ["--listen", "99999"],
    ] {
        let expected = (Some(2), "invalid_value".to_owned());
        assert_eq!(check(&wrong), expected, "{wrong:?}");
    }
    std::fs::write(folder.path().join("vigie.toml"), "listen = \"99999\"\n").unwrap();
    assert_eq!(check(&[]), (Some(1), "failed".to_owned()));
}

#[test]
fn an_access_token_lives_thirty_seconds_to_twelve_hours() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    for (seconds, is_good) in [(29, false), (30, true), (43_200, true), (43_201, false)] {
        let setting = format!("tokens.access_token_seconds={seconds}");
        let (done, _, errors) = vigied(&["config", "check", "--data", data, "--set", &setting]);
        assert_eq!(done, is_good, "{seconds}: {errors}");
        assert!(is_good || errors.contains("from 30 to 43200"), "{errors}");
    }
    let server = crate::harness::Server::with(&["--set", "tokens.access_token_seconds=43200"]);
    let reply = server.request("POST", "/identity/token").form(&[
        ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
        ("apikey", &server.owner.api_key),
    ]);
    assert_eq!(reply.send().json()["expires_in"], 43_200);
}

/// The certificate is served, and a new one is taken up on SIGHUP without a restart.
#[test]
fn tls_by_files_and_reload() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    init(&data);
    let (certificate, key) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    let issue = |name: &str| {
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
            ])
            .args([
                "-subj",
                &format!("/CN={name}"),
                "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1",
            ])
            .arg("-keyout")
            .arg(&key)
            .arg("-out")
            .arg(&certificate)
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
    };
    issue("first");
    let files = [
        "--tls-cert",
        certificate.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
    ];
    let serving = Serving::start(&data, "127.0.0.1:0", &files);
    let live = || {
        let ran = Command::new("curl")
            .args(["--silent", "--show-error", "--verbose", "--cacert"])
            .arg(&certificate)
            .arg(format!("https://{}/health/live", serving.address))
            .output()
            .unwrap();
        (
            String::from_utf8(ran.stdout).unwrap(),
            String::from_utf8_lossy(&ran.stderr).into_owned(),
        )
    };
    let (body, trace) = live();
    assert_eq!(body, "{\"status\":\"live\"}\n", "{trace}");
    assert!(trace.contains("CN=first"), "{trace}");
    issue("second");
    serving.signal("HUP");
    serving.wait_for_log("certificate read again");
    assert!(live().1.contains("CN=second"));
}

/// Nothing that must stay secret reaches the log, at its most talkative.
#[test]
fn the_log_holds_no_secret() {
    let server = Server::with(&["--log-level", "debug"]);
    let token = server.token();
    server
        .metrics(&token, "GET", "/v1/metrics/list?query=*")
        .send();
    server
        .request("POST", "/identity/token")
        .basic("bx", "bx")
        .form(&[
            ("grant_type", "password"),
            ("username", &server.owner.user),
            ("password", &server.owner.password),
        ])
        .send();
    let log = server.serving.log();
    assert!(
        log.contains("/identity/token"),
        "requests are not logged: {log}"
    );
    for secret in [&token, &server.owner.api_key, &server.owner.password] {
        assert!(!log.contains(secret.as_str()), "a secret is in the log");
    }
}

/// It was found out when the server was started again.
#[test]
fn a_key_that_no_server_starts_with_is_told_by_config_check() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("cert.pem"), "no certificate").unwrap();
    let check = |key: &str| {
        let settings = [
            format!("tls.certificate={}", path("cert.pem")),
            format!("tls.key={}", path(key)),
        ];
        let mut command = Command::new(VIGIED);
        command.args(["config", "check"]);
        for setting in &settings {
            command.args(["--set", setting]);
        }
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    std::fs::write(path("key.pem"), "no key").unwrap();
    for key in ["key.pem", "missing.pem"] {
        let errors = check(key);
        let told = "warning: no server starts here: cannot use the files of `tls.certificate` and `tls.key`: ";
        assert!(errors.contains(told), "{errors}");
    }
}

/// The server ignores all other environment variables.
#[test]
fn a_variable_that_is_no_text_stops_nothing() {
    let output = Command::new(VIGIED)
        .args(["config", "check"])
        .env("ODD", OsStr::from_bytes(b"\xff"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}

/// A closed pipe is no failure, except for output that is shown only once.
#[test]
fn output_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], out: std::process::Stdio| {
        let done = Command::new(VIGIED)
            .args(arguments)
            .current_dir(folder.path())
            .stdout(out)
            .output()
            .unwrap();
        (
            done.status.code(),
            String::from_utf8_lossy(&done.stderr).into_owned(),
        )
    };
    let full = || std::fs::File::options().write(true).open("/dev/full");
    for asked in [
        &["config", "check"][..],
        &["config", "reference"],
        &["routes"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        assert_eq!(run(asked, writer.into()), (Some(0), String::new()));
        let (code, errors) = run(asked, full().unwrap().into());
        assert_eq!(code, Some(1), "{errors}");
        assert!(
            errors.starts_with("error: cannot print the answer"),
            "{errors}"
        );
    }
    let kept = ["init", "--data", "kept", "--key-file", "kept.json"];
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(run(&kept, writer.into()), (Some(0), String::new()));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let list = ["account", "list", "--data", "kept"];
    assert_eq!(run(&list, writer.into()), (Some(0), String::new()));
    let full_kept = ["init", "--data", "full", "--key-file", "full.json"];
    let (code, errors) = run(&full_kept, full().unwrap().into());
    assert_eq!(code, Some(1), "{errors}");
    assert!(errors.contains("is in `full.json`"), "{errors}");
    let (code, errors) = run(&["init", "--data", "new"], full().unwrap().into());
    assert_eq!(code, Some(1), "{errors}");
    assert!(errors.contains("move the data folder away"), "{errors}");
}
