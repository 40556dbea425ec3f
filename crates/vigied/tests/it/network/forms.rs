//! The forms in which people write settings.

use crate::harness::VIGIED;
use std::process::{Command, Stdio};

/// The result of `config check` for a setting, or its error.
fn checked(key: &str, value: &str) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(VIGIED)
        .args(["config", "check", "--output", "json", "--set"])
        .arg(format!("{key}={value}"))
        .arg("--data")
        .arg(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    if !output.status.success() {
        return Err(String::from_utf8(output.stderr).unwrap());
    }
    let all: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let value_of = |all: &serde_json::Value| {
        all.as_array()
            .unwrap()
            .iter()
            .find(|field| field["key"] == key)
            .unwrap()["value"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    Ok(value_of(&all))
}

#[test]
fn regression_7_an_address_is_taken_as_people_write_it() {
    for (written, meant) in [
        ("localhost:9090", "127.0.0.1:9090"),
        ("LOCALHOST:9090", "127.0.0.1:9090"),
        (":9090", "0.0.0.0:9090"),
        ("9090", "127.0.0.1:9090"),
        ("127.0.0.1", "127.0.0.1:8080"),
        ("[::1]", "[::1]:8080"),
        ("localhost", "127.0.0.1:8080"),
        ("[::1]:0", "[::1]:0"),
    ] {
        // `:9090` is all addresses, and so not for plain HTTP unless told.
        let value = checked("listen", written);
        if meant.starts_with("0.0.0.0") {
            let error = value.unwrap_err();
            assert!(
                error.contains(&format!("{meant} is not a loopback address")),
                "{error}"
            );
        } else {
            assert_eq!(value.as_deref(), Ok(meant), "{written}");
        }
    }
    for wrong in [
        "",
        "localhost:",
        ":",
        "a:b",
        "127.0.0.1:65536",
        "99999",
        "metrics.example:80",
    ] {
        let error = checked("listen", wrong).unwrap_err();
        let expected = match wrong {
            "127.0.0.1:65536" => "`listen` must have a port from 0 to 65535, not 65536",
            "99999" => "`listen` must have a port from 0 to 65535, not 99999",
            _ => "`listen` must be ADDRESS:PORT like `127.0.0.1:8080`",
        };
        assert!(error.contains(expected), "{wrong}: {error}");
    }
}

#[test]
fn regression_7_bytes_and_times_are_taken_with_their_units() {
    for (key, written, meant) in [
        ("limits.body_bytes", "16MiB", "16777216"),
        ("limits.body_bytes", "16 MiB", "16777216"),
        ("limits.body_bytes", "2MB", "2000000"),
        ("limits.body_bytes", "64kib", "65536"),
        ("limits.body_bytes", "65536", "65536"),
        ("limits.body_bytes", "65536B", "65536"),
        ("storage.reserve_bytes", "1GiB", "1073741824"),
        ("limits.bodies_in_flight_bytes", "256MiB", "268435456"),
        ("limits.answer_bytes_per_second", "1KiB", "1024"),
        ("tokens.access_token_seconds", "15m", "900"),
        ("tokens.access_token_seconds", "1h", "3600"),
        ("tokens.access_token_seconds", "90s", "90"),
        ("storage.retention_days", "2y", "730"),
        ("storage.retention_days", "4w", "28"),
        ("storage.future_minutes", "1d", "1440"),
        ("storage.commit_interval_ms", "1s", "1000"),
        ("invitations.lifetime_hours", "7d", "168"),
        ("limits.idle_seconds", "2min", "120"),
    ] {
        assert_eq!(
            checked(key, written).as_deref(),
            Ok(meant),
            "{key} {written}"
        );
    }
    for (key, wrong, forms) in [
        ("limits.body_bytes", "16XB", "`16MiB`"),
        ("limits.body_bytes", "-1", "`16MiB`"),
        ("limits.body_bytes", "1.5MiB", "`16MiB`"),
        ("limits.body_bytes", "MiB", "`16MiB`"),
        ("limits.body_bytes", "99999999999999999999", "`16MiB`"),
        ("limits.body_bytes", "16777216TiB", "`16MiB`"),
        ("limits.body_bytes", "15m", "`16MiB`"),
        ("tokens.access_token_seconds", "15MiB", "`15m`"),
        ("tokens.access_token_seconds", "500ms", "`15m`"),
        ("storage.retention_days", "36h", "`4w`"),
        ("limits.series_per_tenant", "1k", "whole number"),
    ] {
        let error = checked(key, wrong).unwrap_err();
        assert!(error.contains(&format!("`{key}` must be")), "{error}");
        assert!(
            error.contains(forms) && error.contains(&format!("not `{wrong}`")),
            "{error}"
        );
    }
}
