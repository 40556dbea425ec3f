//! `vigie import graphite`, from Graphite's interface of the server itself.

use super::{Site, told};
use serde_json::json;
use std::fs;

#[test]
fn series_are_imported_from_a_render_interface() {
    let site = Site::start();
    let folder = site.server.folder.path();
    let mut lines = String::new();
    for at in 0..600 {
        for host in 0..30 {
            lines += &format!(
                "servers.web{host}.load {} {}\n",
                at + host,
                1_750_000_020 + at * 60
            );
        }
        lines += &format!("shop.orders {at} {}\n", 1_750_000_020 + at * 60);
    }
    fs::write(folder.join("lines"), lines).unwrap();
    site.run(
        &["metrics", "send", "--file", "lines", "--format", "graphite"],
        0,
    );
    let rule = [
        "metrics",
        "schemas",
        "set",
        "all",
        "--pattern",
        ".*",
        "--retentions",
        "60s:5y",
    ];
    site.run(&rule, 0);
    let url = format!(
        "{}/graphite/s-{}",
        site.server.serving.url(),
        site.server.owner.space
    );
    let refused = site.run(&["import", "graphite", &url], 3);
    assert!(
        told(&refused).contains("--credentials FILE"),
        "{}",
        told(&refused)
    );
    let secret = url.replace("://", "://ada:secret@");
    let refused = site.run(&["import", "graphite", &secret], 2);
    assert!(!told(&refused).contains("secret"), "{}", told(&refused));

    fs::write(
        folder.join("key"),
        format!("apikey:{}\n", site.server.owner.api_key),
    )
    .unwrap();
    let arguments = [
        "import",
        "graphite",
        &url,
        "--credentials",
        "key",
        "--match",
        "servers.*",
        "--prefix",
        "copy",
        "--from",
        "1749900000",
        "--until",
        "1750100000",
    ];
    let totals = site.totals(&arguments, 0);
    assert_eq!(totals["units"]["imported"], 30, "{totals}");
    assert_eq!(totals["samples"]["stored"], 30 * 600, "{totals}");
    for host in [0, 29] {
        let name = format!("servers.web{host}.load");
        assert_eq!(site.samples(&format!("copy.{name}")), site.samples(&name));
    }
    assert_eq!(site.samples("copy.shop.orders"), json!(null));
    let again = site.totals(&arguments, 0);
    assert_eq!(again["units"]["imported_before"], 30, "{again}");
}
