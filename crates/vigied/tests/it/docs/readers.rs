//! The guides for those who read with something else: their commands run.

use super::{docs, server, walked, walked_text};

#[test]
fn every_command_of_the_guide_to_grafana_runs() {
    let output = walked("guides/grafana.md", &server());
    for expected in [
        "\"target\":\"100.0\"",
        "domain: s-",
        "The key was saved to grafana.json",
        "\"what\":\"release 1.5\"",
    ] {
        assert!(output.contains(expected), "no `{expected}` in\n{output}");
    }
}

#[test]
fn every_command_of_the_guide_to_imports_and_exports_runs() {
    let output = walked("guides/import-export.md", &server());
    for expected in [
        "Stored:     2",
        "No value:   1 (NaN), which are gaps",
        "prom.http_requests_total;code=200;method=get,1750000060,1041",
        "Written to `all.jsonl.gz`: 2 samples of 1 series",
    ] {
        assert!(output.contains(expected), "no `{expected}` in\n{output}");
    }
}

/// The graphite-web of the guide is the server itself, by the way of those who can only be told a URL and a password: what is
/// compared is the same then.
#[test]
fn every_command_of_the_guide_from_graphite_runs() {
    let guide = std::fs::read_to_string(docs().join("guides/from-graphite.md")).unwrap();
    let address = "http://apikey:$KEY@127.0.0.1:8080/graphite/s-$SPACE";
    let guide = guide.replace("http://graphite.example.org", address);
    let folder = tempfile::tempdir().unwrap();
    let (done, output) = walked_text(folder.path(), &guide, &server());
    assert!(done, "{output}");
    for expected in [
        "(send only)",
        "Stored:     20",
        "\"target\":\"sumSeries(servers.*.requests.count)\"",
        "same     servers.*.load: 2 series",
        "same     aliasByNode(movingAverage(servers.*.load, '2min'), 1): 2 series",
    ] {
        assert!(output.contains(expected), "no `{expected}` in\n{output}");
    }
    assert!(!output.contains("DIFFERS"), "{output}");
}
