//! Variables of the environment that look like ours and are not.

use crate::harness::{Request, Serving, VIGIED, init};
use std::path::Path;
use std::process::{Command, Stdio};

fn vigied(arguments: &[&str], variables: &[(&str, &str)]) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path());
    let output = Command::new(VIGIED)
        .args(arguments)
        .arg("--data")
        .arg(folder.path())
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (
        output.status.success(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[test]
fn regression_7_every_unknown_variable_is_named_and_the_command_lines_own_are_not() {
    let (_, errors) = vigied(&["config", "check"], &[("VIGIE_LISTN", "1")]);
    assert!(
        errors.contains("VIGIE_LISTN") && errors.contains("did you mean `VIGIE_LISTEN`?"),
        "{errors}"
    );
    let (_, errors) = vigied(&["config", "check"], &[("VIGIE_WHATEVER_ELSE", "s3cret")]);
    assert!(errors.contains("VIGIE_WHATEVER_ELSE"), "{errors}");
    assert!(!errors.contains("s3cret"), "{errors}");
    // Everything that the command line's reference names, so that a new one is not forgotten here.
    let reference = include_str!("../../../../../docs/reference/cli.md");
    let is_of_a_name = |character: char| character.is_ascii_uppercase() || character == '_';
    let mut variables: Vec<(&str, &str)> = reference
        .split(|character: char| !is_of_a_name(character))
        .filter(|word| word.starts_with("VIGIE_"))
        .map(|word| (word, "x"))
        .collect();
    assert!(variables.len() > 5, "{variables:?}");
    variables.extend([("VIGIE_TEST_POSTGRES_URL", "x"), ("VIGIE_SKIP_LOG", "x")]);
    let (is_good, errors) = vigied(&["config", "check"], &variables);
    assert!(is_good && errors.is_empty(), "{errors}");
    // A server says it in its log.
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(VIGIED)
        .args(["init", "--data"])
        .arg(folder.path().join("data"))
        .env("VIGIE_LISTN", "1")
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && log.contains("`VIGIE_LISTN`"),
        "{log}"
    );
}

/// A pod beside services named `vigie` and `vigie-limits` gets all of these, and most of them begin like settings.
#[test]
fn what_kubernetes_makes_of_services_is_taken_for_no_setting_and_fills_no_log() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path());
    let mut made = Vec::new();
    for name in ["VIGIE", "VIGIE_LIMITS", "VIGIE_LISTEN", "VIGIE_TLS"] {
        for (end, value) in [
            ("SERVICE_HOST", "10.0.0.7"),
            ("SERVICE_PORT", "8080"),
            ("SERVICE_PORT_HTTP", "8080"),
            ("PORT", "tcp://10.0.0.7:8080"),
            ("PORT_8080_TCP", "tcp://10.0.0.7:8080"),
            ("PORT_8080_TCP_PROTO", "tcp"),
            ("PORT_8080_TCP_PORT", "8080"),
            ("PORT_8080_TCP_ADDR", "10.0.0.7"),
        ] {
            made.push((format!("{name}_{end}"), value));
        }
    }
    let made: Vec<(&str, &Path)> = made
        .iter()
        .map(|(name, value)| (name.as_str(), Path::new(value)))
        .collect();
    let serving = Serving::start_in(folder.path(), "127.0.0.1:0", &[], &made);
    assert!(
        serving.address.starts_with("127.0.0.1:"),
        "{}",
        serving.address
    );
    let ready = Request::new(&serving.url(), "GET", "/health/ready").send();
    assert_eq!(ready.status, 200, "{}", ready.text());
    let log = serving.log();
    assert!(!log.contains("is not used"), "{log}");
    // One that was mistyped is named among them all the same.
    let output = Command::new(VIGIED)
        .args(["config", "check", "--data"])
        .arg(folder.path())
        .envs(made)
        .env("VIGIE_LISTN", "1")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains("`VIGIE_LISTN`"), "{stderr}");
}
