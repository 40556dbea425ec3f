//! The guides for senders of other systems: their commands run, and their settings are taken.

use super::{docs, server, walked, walked_text};
use crate::harness::VIGIED;
use crate::undisturbed::own_address;
use std::process::Command;

#[test]
fn every_command_of_the_guides_for_senders_runs() {
    let output = walked("guides/senders-influx.md", &server());
    for expected in ["12.5", "Stored:     2"] {
        assert!(output.contains(expected), "no `{expected}` in\n{output}");
    }
    let output = walked("guides/senders-collectd.md", &server());
    for expected in [
        "\"stored\":3",
        "0.5",
        "signed or encrypted: web7 as ApiKey-",
    ] {
        assert!(output.contains(expected), "no `{expected}` in\n{output}");
    }
    let output = walked("guides/senders-lumberjack.md", &server());
    for expected in ["\"logging_token\":\"vgk_", "\"space_id\":\""] {
        assert!(output.contains(expected), "no `{expected}` in\n{output}");
    }
}

/// Waits until a command succeeds: what comes by UDP, and what is summed up, is there a moment later.
fn until(command: &str) -> String {
    format!(
        "```sh\nfor TRY in $(seq 600); do {command} && break; sleep 0.1; done\n{command}\necho all is there\n```\n"
    )
}

/// Whether there is no program to send with.
fn has_no_netcat(test: &str) -> bool {
    let is_here = Command::new("nc").arg("-h").output().is_ok();
    if !is_here {
        testing::skipped(test, "no nc");
    }
    !is_here
}

#[test]
fn every_command_of_the_guide_to_senders_runs() {
    if has_no_netcat("every_command_of_the_guide_to_senders_runs") {
        return;
    }
    let guide = std::fs::read_to_string(docs().join("guides/senders.md")).unwrap();
    let after = until("vigie metrics get 'shop.*' | grep --count '^shop' | grep --quiet 5");
    let folder = tempfile::tempdir().unwrap();
    let (done, output) = walked_text(folder.path(), &format!("{guide}{after}"), &server());
    assert!(done && output.contains("all is there"), "{output}");
    // By nc and by openssl, what the server answers is seen.
    assert_eq!(output.matches(" sends to s-").count(), 2, "{output}");
    for expected in ["graphite.listen   127.0.0.1   ApiKey-", "sending"] {
        assert!(output.contains(expected), "no `{expected}` in\n{output}");
    }
}

#[test]
fn every_command_of_the_guide_to_statsd_runs() {
    if has_no_netcat("every_command_of_the_guide_to_statsd_runs") {
        return;
    }
    let guide = std::fs::read_to_string(docs().join("guides/senders-statsd.md")).unwrap();
    let after = until(
        "vigie metrics get stats_counts.shop.orders | awk '{ sum += $3 } END { exit sum != 3 }'",
    ) + &until("vigie metrics get stats.timers.shop.wait.mean | grep --quiet 320");
    let folder = tempfile::tempdir().unwrap();
    let (done, output) = walked_text(folder.path(), &format!("{guide}{after}"), &server());
    assert!(done, "{output}");
    assert_eq!(output.matches("all is there").count(), 2, "{output}");
}

/// The settings that the guides give for the server's file are valid.
#[test]
fn the_settings_of_the_guides_for_senders_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("vigie.toml");
    let mut count = 0;
    for page in ["senders.md", "senders-lumberjack.md"] {
        let guide = std::fs::read_to_string(docs().join("guides").join(page)).unwrap();
        for part in guide.split("```toml\n").skip(1) {
            let block = part.split_once("```").unwrap().0;
            let id = "ApiKey-01234567-89ab-cdef-0123-456789abcdef";
            let block = block
                .replace("ApiKey-GUID", id)
                .replace("HEX", &"0a".repeat(32));
            std::fs::write(&file, &block).unwrap();
            let mut command = Command::new(VIGIED);
            command.args(["config", "check", "--config"]).arg(&file);
            let output = command.current_dir(folder.path()).output().unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{page}: {block}{errors}");
            count += 1;
        }
    }
    assert_eq!(count, 4);
}

/// The ports of the page are those of an address that no other test uses.
#[test]
fn every_command_of_the_guide_to_the_agent_runs() {
    let central = std::fs::read_to_string(docs().join("guides/central-path.md")).unwrap();
    let (before, _) = central.split_once("## 3. The token").unwrap();
    let guide = std::fs::read_to_string(docs().join("guides/agent.md")).unwrap();
    let address = own_address();
    let mut guide = guide;
    for port in ["2003", "8125"] {
        for separator in [":", "/"] {
            let written = format!("127.0.0.1{separator}{port}");
            guide = guide.replace(&written, &format!("{address}{separator}{port}"));
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let (done, output) = walked_text(folder.path(), &guide, before);
    assert!(done, "{output}");
    for expected in [
        "shop.orders",
        "agent: graphite is taken at",
        "stats_counts",
        "backup_bytes;instance=web1;job=daily",
        "[Install]",
    ] {
        assert!(output.contains(expected), "no `{expected}` in\n{output}");
    }
}
