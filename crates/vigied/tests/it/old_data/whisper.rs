//! `vigie import whisper`.

use super::{Site, output_text};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(300);

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/whisper")
}

/// The values that Graphite shows of the files, by the names of their series.
fn expected() -> BTreeMap<String, Vec<(i64, f64)>> {
    serde_json::from_slice(&fs::read(fixtures().join("expected.json")).unwrap()).unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// A file with one archive of a point a minute, of which the last is at `end`.
fn write_file(path: &Path, end: u32, values: &[f64]) {
    let count = u32::try_from(values.len()).unwrap();
    let head = [1, 60 * count, 0, 1, 28, 60, count].map(u32::to_be_bytes);
    let begin = end - 60 * (count - 1);
    let points = (0..).zip(values).flat_map(|(at, value)| {
        let time: u32 = begin + 60 * at;
        [&time.to_be_bytes()[..], &value.to_be_bytes()[..]].concat()
    });
    let file: Vec<u8> = head.concat().into_iter().chain(points).collect();
    fs::write(path, file).unwrap();
}

#[test]
fn whisper_files_are_imported_and_faulty_ones_named() {
    let site = Site::start();
    let tree = site.server.folder.path().join("tree");
    copy(&fixtures().join("tree"), &tree);
    let whole = fs::read(tree.join("servers/web1/load.wsp")).unwrap();
    fs::write(tree.join("cut.wsp"), &whole[..whole.len() - 1]).unwrap();
    fs::write(tree.join("other.wsp"), "not a file of Whisper's at all").unwrap();
    fs::write(tree.join("a b.wsp"), &whole).unwrap();
    symlink("/etc", tree.join("etc")).unwrap();
    symlink("servers/web1/load.wsp", tree.join("link.wsp")).unwrap();

    let dry = site.totals(&["import", "whisper", "tree", "--dry-run"], 7);
    let totals = site.totals(&["import", "whisper", "tree", "--prefix", "old"], 7);
    let count: usize = expected().values().map(Vec::len).sum();
    // The link is a series of its own.
    let count = count + expected()["servers.web1.load"].len();
    for totals in [&dry, &totals] {
        assert_eq!(totals["samples"]["stored"], count, "{totals}");
        assert_eq!(totals["samples"]["rejected"], 0, "{totals}");
        assert_eq!(
            totals["units"],
            json!({"imported": 6, "imported_before": 0, "rejected": 0, "to_be_repeated": 0, "failed": 4})
        );
        let failures = totals["failures"].as_array().unwrap().iter();
        let failures: Vec<_> = failures
            .map(|failure| {
                (
                    failure["name"].as_str().unwrap(),
                    failure["code"].as_str().unwrap(),
                )
            })
            .collect();
        let names = [
            ("a b.wsp", "name"),
            ("cut.wsp", "file"),
            ("etc", "file"),
            ("other.wsp", "file"),
        ];
        assert_eq!(failures, names, "{totals}");
    }
    assert_eq!(dry["dry_run"], true);
    for (name, points) in expected() {
        let read = site.samples(&format!("old.{name}"));
        let read: Vec<(f64, i64)> = serde_json::from_value(read).unwrap_or_default();
        let read: Vec<_> = read.into_iter().map(|(value, at)| (at, value)).collect();
        assert_eq!(read, points, "{name}");
    }
    assert_eq!(
        site.samples("old.link"),
        site.samples("old.servers.web1.load")
    );

    // Once more: nothing is read again but what has changed.
    let again = site.totals(&["import", "whisper", "tree", "--prefix", "old"], 7);
    assert_eq!(again["units"]["imported_before"], 6, "{again}");
    assert_eq!(again["samples"]["sent"], 0, "{again}");
    write_file(&tree.join("cut.wsp"), 1_750_000_020, &[1.5, 2.5]);
    let mended = site.totals(&["import", "whisper", "tree", "--prefix", "old"], 7);
    assert_eq!(mended["units"]["imported"], 1, "{mended}");
    assert_eq!(
        site.samples("old.cut"),
        json!([[1.5, 1_749_999_960], [2.5, 1_750_000_020]])
    );
    // Begun anew, all is sent again, which changes nothing.
    let anew = site.totals(
        &["import", "whisper", "tree", "--prefix", "old", "--restart"],
        7,
    );
    assert_eq!(anew["samples"]["stored"], count + 2, "{anew}");
}

#[test]
fn times_names_and_values_are_filtered_and_counted() {
    let site = Site::start();
    let tree = site.server.folder.path().join("tree");
    fs::create_dir(&tree).unwrap();
    let values = [1.0, f64::NAN, 3.0, f64::INFINITY, 5.0];
    write_file(&tree.join("a b.wsp"), 1_750_000_080, &values);
    let arguments = [
        "import",
        "whisper",
        "tree",
        "--replace-refused",
        "--from",
        "1749999900",
    ];
    let totals = site.totals(&arguments, 7);
    assert_eq!(
        totals["samples"],
        json!({"sent": 2, "stored": 2, "overwritten": 0, "rejected": 1, "rejected_before": 0, "without_value": 1, "outside": 0})
    );
    assert_eq!(totals["reasons"], json!({"value": 1}), "{totals}");
    assert_eq!(
        site.samples("a_b"),
        json!([[3, 1_749_999_960], [5, 1_750_000_080]])
    );
    // Older than anything that is kept: the server says so, as often as it is asked.
    write_file(&tree.join("old.wsp"), 600_000_000, &[1.0, 2.0, 3.0]);
    let arguments = ["import", "whisper", "tree", "--replace-refused"];
    let totals = site.totals(&arguments, 7);
    assert_eq!(totals["reasons"]["too_old"], 3, "{totals}");
    let rejection = &totals["rejections"][1];
    assert!(
        rejection["reason"]
            .as_str()
            .unwrap()
            .contains("retention of 7300 days"),
        "{totals}"
    );
    assert_eq!(totals["units"]["rejected"], 1, "{totals}");
    // Of the other file a sample was rejected and the others were stored: that is told, and nothing is sent again.
    let again = site.totals(&arguments, 7);
    assert_eq!(again["reasons"], json!({"too_old": 3}), "{again}");
    assert_eq!(again["reasons_before"], json!({"value": 1}), "{again}");
    assert_eq!(again["samples"]["sent"], 3, "{again}");
}

#[test]
fn a_killed_import_resumes_without_loss_or_duplicates() {
    const FILES: u32 = 300;
    let site = Site::start();
    let tree = site.server.folder.path().join("tree");
    fs::create_dir(&tree).unwrap();
    let values: Vec<f64> = (0..20).map(f64::from).collect();
    for number in 0..FILES {
        write_file(&tree.join(format!("n{number}.wsp")), 1_750_000_020, &values);
    }
    let arguments = [
        "import", "whisper", "tree", "--batch", "50", "--rate", "1000",
    ];
    let mut child = site
        .vigie(&arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let imports = site.server.folder.path().join("cli/imports");
    let begun = Instant::now();
    while files_done(&imports) < 20 {
        assert!(
            begun.elapsed() < PATIENCE,
            "nothing is noted in {}",
            imports.display()
        );
        assert!(child.try_wait().unwrap().is_none(), "it has ended too soon");
        std::thread::sleep(Duration::from_millis(5));
    }
    // A second one at the same time is refused.
    let other = site.run(&arguments, 1);
    assert!(
        output_text(&other).contains("another run"),
        "{}",
        output_text(&other)
    );
    child.kill().unwrap();
    child.wait().unwrap();
    let before = files_done(&imports);
    let totals = site.totals(&["import", "whisper", "tree"], 0);
    assert_eq!(totals["units"]["imported_before"], before, "{totals}");
    assert_eq!(
        totals["units"]["imported"],
        u64::from(FILES) - before,
        "{totals}"
    );
    let points: Vec<_> = (0..20)
        .map(|at| json!([at, 1_750_000_020 - 60 * (19 - at)]))
        .collect();
    for number in 0..FILES {
        assert_eq!(
            site.samples(&format!("n{number}")),
            json!(points),
            "n{number}"
        );
    }
    let listed = site
        .server
        .metrics(&site.token, "GET", "/v1/metrics/list?query=*")
        .send();
    assert_eq!(listed.json().as_array().unwrap().len(), FILES as usize);
}

/// How many files the state says are done; a state has one line more.
fn files_done(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    let counts = entries.flatten().map(|entry| match entry.path() {
        path if path.is_dir() => files_done(&path),
        path => {
            let text = fs::read_to_string(path).unwrap_or_default();
            (text.matches('\n').count() as u64).saturating_sub(1)
        }
    });
    counts.sum()
}

#[test]
fn a_signal_ends_an_import_and_what_was_stored_is_kept() {
    let site = Site::start();
    let tree = site.server.folder.path().join("tree");
    fs::create_dir(&tree).unwrap();
    for number in 0..100 {
        write_file(
            &tree.join(format!("n{number}.wsp")),
            1_750_000_020,
            &[1.0; 10],
        );
    }
    let arguments = ["import", "whisper", "tree", "--batch", "10", "--rate", "20"];
    let child = site
        .vigie(&arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let imports = site.server.folder.path().join("cli/imports");
    let begun = Instant::now();
    while files_done(&imports) < 1 {
        assert!(begun.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(5));
    }
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(7), "{}", output_text(&ended));
    for expected in ["stopped by SIGTERM", "run the same command again"] {
        assert!(
            output_text(&ended).contains(expected),
            "{}",
            output_text(&ended)
        );
    }
    assert!(
        !output_text(&ended).contains("OK"),
        "{}",
        output_text(&ended)
    );
    let totals = site.totals(&["import", "whisper", "tree"], 0);
    assert!(
        totals["units"]["imported_before"].as_u64().unwrap() >= 1,
        "{totals}"
    );
}
