//! Every figure of the operators' listener is explained to operators, and no other is.

use super::docs;
use crate::harness::Server;
use std::collections::BTreeSet;

#[test]
fn every_figure_has_its_row_in_the_guide() {
    let server = Server::start();
    let text = server.operations("/metrics").text();
    // Also of those that nothing was counted for yet.
    let kinds = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let rendered: BTreeSet<&str> = kinds
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    // Those of each part that is rendered by itself: requests, the store, queries, kept answers.
    for figure in [
        "vigie_http_request_seconds",
        "vigie_store_series",
        "vigie_queries_running",
        "vigie_render_cache_bytes",
    ] {
        assert!(rendered.contains(figure), "no {figure} in {text}");
    }
    let page = std::fs::read_to_string(docs().join("guides/operating.md")).unwrap();
    let (_, section) = page.split_once("## What the figures say\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| {
        let (name, meaning) = line.strip_prefix("| `")?.split_once("` | ")?;
        (meaning.len() > 3).then_some(name)
    });
    let explained: BTreeSet<&str> = rows.collect();
    let missing: Vec<_> = rendered.difference(&explained).collect();
    let gone: Vec<_> = explained.difference(&rendered).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "`docs/guides/operating.md`, \"What the figures say\": no row for {missing:#?}; there are no {gone:#?}"
    );
}
