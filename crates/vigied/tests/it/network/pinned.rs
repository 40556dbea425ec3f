//! A certificate as `openssl req -x509` makes it, named as the one to trust.

use crate::harness::{Server, vigie};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A self-signed certificate with the extensions that openssl adds by itself: it is its own authority, too.
fn certificate(folder: &Path) -> [String; 2] {
    let path = |name: &str| folder.join(name).display().to_string();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt"])
        .args(["ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=vigie"])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-keyout", &path("tls.key"), "-out", &path("tls.pem")])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    [path("tls.pem"), path("tls.key")]
}

#[test]
fn regression_7_an_ordinary_self_signed_certificate_is_trusted_where_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let [pem, key] = certificate(folder.path());
    let server = Server::with(&["--tls-cert", &pem, "--tls-key", &key]);
    let address = format!("https://{}", server.serving.address);
    let run = |arguments: &[&str]| -> Output {
        Command::new(vigie())
            .env_clear()
            .env("IBMCLOUD_CONFIG_HOME", folder.path().join("cli"))
            .env("VIGIE_CA_FILE", &pem)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    };
    let login = run(&[
        "login",
        "-a",
        &address,
        "--apikey",
        &server.owner.api_key,
        "-o",
        "vigie",
        "-s",
        "dev",
    ]);
    assert!(login.status.success(), "{login:?}");
    let sent = run(&["metrics", "send", "a.b=1"]);
    assert!(sent.status.success(), "{sent:?}");
    let agent = run(&["agent", "--once", "--interval", "1s"]);
    let stderr = String::from_utf8_lossy(&agent.stderr).into_owned();
    assert!(!stderr.contains("not trusted"), "{stderr}");
}
