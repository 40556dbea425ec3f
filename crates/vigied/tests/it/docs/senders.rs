//! The guides for senders of other systems: their commands run.

use super::{docs, server, walked, walked_text};
use crate::undisturbed::own_address;

#[test]
fn every_command_of_the_guides_for_senders_runs() {
    let shown = walked("guides/senders-influx.md", &server());
    for expected in ["12.5", "Stored:     2"] {
        assert!(shown.contains(expected), "no `{expected}` in\n{shown}");
    }
    let shown = walked("guides/senders-collectd.md", &server());
    for expected in ["\"stored\":3", "0.5"] {
        assert!(shown.contains(expected), "no `{expected}` in\n{shown}");
    }
}

/// The ports of the page are those of an address that no other test uses.
#[test]
fn every_command_of_the_guide_to_the_agent_runs() {
    let central = std::fs::read_to_string(docs().join("guides/central-path.md")).unwrap();
    let (before, _) = central.split_once("## 3. The token").unwrap();
    let guide = std::fs::read_to_string(docs().join("guides/agent.md")).unwrap();
    let own = own_address();
    let mut guide = guide;
    for port in ["2003", "8125"] {
        for separator in [":", "/"] {
            let written = format!("127.0.0.1{separator}{port}");
            guide = guide.replace(&written, &format!("{own}{separator}{port}"));
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let (done, shown) = walked_text(folder.path(), &guide, before);
    assert!(done, "{shown}");
    for expected in [
        "shop.orders",
        "agent: graphite is taken at",
        "stats_counts",
        "backup_bytes;instance=web1;job=daily",
        "[Install]",
    ] {
        assert!(shown.contains(expected), "no `{expected}` in\n{shown}");
    }
}
