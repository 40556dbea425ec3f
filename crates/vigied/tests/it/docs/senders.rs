//! The guides for senders of other systems: their commands run.

use super::{server, walked};

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
