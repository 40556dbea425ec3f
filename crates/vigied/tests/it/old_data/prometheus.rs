//! `vigie import prometheus`, by a file and by standard input.

use super::{Site, output_text};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use std::fs;
use std::io::Write as _;
use std::process::Stdio;

#[test]
fn exposition_text_comes_from_a_pipe() {
    let site = Site::start();
    let text = "# TYPE http_requests counter\n\
        http_requests_total{code=\"200\",method=\"get\"} 1027 1750000000.250\n\
        http_requests_total{code=\"200\",method=\"get\"} 1028 1750000060\n\
        {__name__=\"up\",job=\"node\"} 1 1750000000123\n\
        up{job=\"node\"} NaN 1750000060\n\
        up{job=\"a b\"} 1 1750000060\n\
        up 1\n\
        # EOF\n";
    let mut child = site
        .vigie(&["import", "prometheus", "-", "--output", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let ran = child.wait_with_output().unwrap();
    assert_eq!(ran.status.code(), Some(7), "{}", output_text(&ran));
    let totals: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(totals["samples"]["stored"], 3, "{totals}");
    assert_eq!(totals["samples"]["without_value"], 1, "{totals}");
    assert_eq!(
        totals["reasons"],
        json!({"name": 1, "timestamp": 1}),
        "{totals}"
    );
    assert_eq!(totals["rejections"][1]["name"], "up (line 7)", "{totals}");
    assert_eq!(
        site.samples("http_requests_total;code=200;method=get"),
        json!([[1027, 1_750_000_000.25], [1028, 1_750_000_060]])
    );
    assert_eq!(site.samples("up;job=node"), json!([[1, 1_750_000_000.123]]));
}

#[test]
fn a_packed_export_of_victoriametrics_is_read_once() {
    let site = Site::start();
    let file = site.server.folder.path().join("all.gz");
    let line = |name: &str, values: &str, times: &str| {
        format!(
            "{{\"metric\":{{\"__name__\":\"{name}\",\"job\":\"x y\"}},\"values\":[{values}],\"timestamps\":[{times}]}}\n"
        )
    };
    let text = line(
        "a",
        "1,null,2.5",
        "1750000000000,1750000001000,1750000002500",
    ) + &line("b", "-1e-300", "1750000000001");
    let pack = |text: &str| {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(text.as_bytes()).unwrap();
        packed.finish().unwrap()
    };
    fs::write(&file, pack(&text)).unwrap();
    let arguments = [
        "import",
        "prometheus",
        "all.gz",
        "--replace-refused",
        "--prefix",
        "old.",
    ];
    let totals = site.totals(&arguments, 0);
    assert_eq!(totals["samples"]["stored"], 3, "{totals}");
    assert_eq!(
        site.samples("old.a;job=x_y"),
        json!([[1, 1_750_000_000], [2.5, 1_750_000_002.5]])
    );
    assert_eq!(
        site.samples("old.b;job=x_y"),
        json!([[-1e-300, 1_750_000_000.001]])
    );
    // The same without gzip, of which the first byte comes by itself.
    fs::write(site.server.folder.path().join("all.jsonl"), &text).unwrap();
    let plain = [
        "import",
        "prometheus",
        "all.jsonl",
        "--replace-refused",
        "--prefix",
        "plain",
    ];
    assert_eq!(site.totals(&plain, 0)["samples"]["stored"], 3);
    let again = site.totals(&arguments, 0);
    assert_eq!(again["samples"]["sent"], 0, "{again}");
    // Another file of the same name is read from its beginning.
    fs::write(&file, pack(&(text + &line("c", "1", "1750000000000")))).unwrap();
    let other = site.totals(&arguments, 0);
    assert_eq!(other["samples"]["sent"], 4, "{other}");
    // A file that breaks off gives what it has, and is no success.
    let cut = pack(&line("d", "1", "1750000000000").repeat(3));
    fs::write(&file, &cut[..cut.len() - 4]).unwrap();
    let ran = site.run(&arguments, 7);
    assert!(
        output_text(&ran).contains("cannot read `all.gz`: its gzip ends early, after "),
        "{}",
        output_text(&ran)
    );
}
