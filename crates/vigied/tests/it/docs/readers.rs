//! The guides for those who read with something else: their commands run.

use super::{server, walked};

#[test]
fn every_command_of_the_guide_to_grafana_runs() {
    let shown = walked("guides/grafana.md", &server());
    for expected in [
        "\"target\":\"100.0\"",
        "domain: s-",
        "The key was saved to grafana.json",
    ] {
        assert!(shown.contains(expected), "no `{expected}` in\n{shown}");
    }
}
