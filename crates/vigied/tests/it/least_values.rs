//! The least value of each size: with it the server still does everything that the size is for.

use crate::harness::{Server, VIGIED};
use std::process::{Command, Stdio};

/// The sizes that have a least value, and these, as the reference of the settings says.
fn sizes() -> Vec<(String, String)> {
    let output = Command::new(VIGIED).args(["config", "reference"]).output();
    let text = String::from_utf8(output.unwrap().stdout).unwrap();
    let rows = text.lines().filter_map(|line| {
        let (_, rest) = line.split_once("; at least `")?;
        let (least, _) = rest.split_once('`')?;
        let key = line.split('`').nth(1)?;
        Some((key.to_owned(), least.to_owned()))
    });
    rows.collect()
}

/// Sends, reads plainly and compressed, and lets the agent send a reading.
fn serves(server: &Server, of: &str) {
    let token = server.token();
    let sent = server
        .metrics(&token, "POST", "/v1/metrics")
        .body(r#"[{"name":"a.b","value":1}]"#)
        .send();
    assert_eq!(sent.status, 200, "{of}: {}", sent.text());
    for path in [
        "/v1/metrics?target=a.b&from=-1h",
        "/v1/metrics/list?query=*",
    ] {
        for accepted in ["identity", "gzip", "gzip;q=1, identity;q=0"] {
            let reply = server
                .metrics(&token, "GET", path)
                .header("Accept-Encoding", accepted)
                .send();
            assert_eq!(reply.status, 200, "{of}: {accepted}: {}", reply.text());
        }
    }
    let scope = format!("s-{}", server.owner.space);
    let agent = server
        .vigie()
        .args(["agent", "--once", "--host", "h", "--scope", &scope])
        .env("VIGIE_API_KEY", &server.owner.api_key)
        .env("VIGIE_API", server.serving.url())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&agent.stderr);
    assert_eq!(agent.status.code(), Some(0), "{of}: {errors}");
    assert!(!errors.contains("rejected"), "{of}: {errors}");
    let listed = server
        .metrics(&token, "GET", "/v1/metrics/list?query=h.load.load.*")
        .send();
    assert!(listed.text().contains("shortterm"), "{of}: {errors}");
}

#[test]
fn regression_7_with_the_least_of_each_size_everything_is_served() {
    let sizes = sizes();
    assert!(sizes.len() > 5, "{sizes:?}");
    for (key, least) in &sizes {
        let server = Server::with(&["--set", &format!("{key}={least}")]);
        serves(&server, key);
    }
    let all: Vec<String> = sizes
        .iter()
        .flat_map(|(key, least)| ["--set".to_owned(), format!("{key}={least}")])
        .collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    serves(&Server::with(&all), "all of them");
}

fn check(words: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(VIGIED)
        .args(["config", "check", "--data"])
        .arg(folder.path())
        .args(words)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), errors)
}

/// The largest bodies that were allowed were always refused, and `config check` passed that in silence.
#[test]
fn regression_7_the_check_of_the_settings_shows_what_is_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(VIGIED)
        .args(["config", "check", "--data"])
        .arg(folder.path())
        .args(["--set", "limits.bodies_in_flight_bytes=64KiB"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success());
    let stdout = String::from_utf8(output.stdout).unwrap();
    let bodies = stdout
        .lines()
        .find(|line| line.starts_with("limits.body_bytes"));
    assert!(
        bodies.unwrap().contains("lowered from 16777216"),
        "{stdout}"
    );
    assert_eq!(check(&[]), (Some(0), String::new()));
}

#[test]
fn regression_7_one_setting_has_one_least_value_whatever_is_wrong() {
    for wrong in ["0", "1", "4MB"] {
        let (code, errors) = check(&["--set", &format!("limits.head_bytes={wrong}")]);
        assert_ne!(code, Some(0), "{errors}");
        assert!(errors.contains("at least `4MiB`"), "{wrong}: {errors}");
        assert!(!errors.contains("from 1 "), "{wrong}: {errors}");
    }
    let (_, errors) = check(&["--set", "limits.head_bytes=4MB"]);
    assert!(
        errors.contains("`4MB`") && errors.contains("4000000"),
        "{errors}"
    );
}
