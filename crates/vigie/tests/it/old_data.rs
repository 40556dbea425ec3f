//! `import` and `export` as they are seen; `crates/vigied/tests/it/old_data.rs` tries them with a real server.

use crate::store::busy;
use crate::terminal::Terminal;
use insta::assert_snapshot;
use serde_json::json;
use std::fs;
use std::path::Path;

/// A file of Whisper's with two points.
fn write_whisper(path: &Path) {
    let head = [1, 120, 0, 1, 28, 60, 2].map(u32::to_be_bytes).concat();
    let points = [(1_519_862_400_u32, 17_f64), (1_519_862_460, 18.5)];
    let points = points
        .map(|(at, value)| [&at.to_be_bytes()[..], &value.to_be_bytes()[..]].concat())
        .concat();
    fs::write(path, [head, points].concat()).unwrap();
}

fn prepared() -> Terminal {
    let terminal = Terminal::logged_in();
    fs::create_dir_all(terminal.path("tree/shop")).unwrap();
    write_whisper(&terminal.path("tree/shop/orders.wsp"));
    terminal
}

#[test]
fn imports_report_what_was_stored_and_what_was_not() {
    let mut terminal = prepared();
    fs::write(terminal.path("tree/shop/broken.wsp"), "x").unwrap();
    fs::write(
        terminal.path("old.prom"),
        "up{job=\"a\"} 1 1519862400\nup{job=\"a b\"} 1 1519862400\nup NaN 1519862400\nup 1 5000000000\n",
    )
    .unwrap();
    for line in [
        "vigie import whisper tree --dry-run",
        "vigie import whisper tree",
        "vigie import whisper tree --output json",
        "vigie import whisper nowhere",
        "vigie import whisper old.prom",
        "vigie import whisper tree --prefix a..b",
        "vigie import prometheus old.prom --prefix prom",
        "vigie import prometheus nowhere.prom",
        "vigie import samples old.prom",
        "vigie import graphite https://ada:secret@graphite.example.org",
    ] {
        terminal.run(line);
    }
    fs::write(terminal.path("key"), "ada:secret\n").unwrap();
    terminal.run("vigie import graphite http://graphite.example.org --credentials key");
    assert_snapshot!(terminal.transcript());
    let store = terminal.server.store.lock().unwrap();
    assert_eq!(
        store.samples["shop.orders"][&1_519_862_460_000],
        json!(18.5)
    );
    assert_eq!(store.samples["prom.up;job=a"][&1_519_862_400_000], json!(1));
}

#[test]
fn exports_are_lines_that_can_be_sent_again() {
    let mut terminal = prepared();
    let samples = "shop.orders=17@1519862400 shop.eu.errors=0.5@1519862400.25";
    terminal.run(&format!("vigie metrics send {samples} -q"));
    for line in [
        "vigie export",
        "vigie export shop.orders --format csv",
        "vigie export --output json",
        "vigie export -o all.jsonl --output json",
        "vigie import samples all.jsonl",
        "vigie import samples all.jsonl",
        "vigie export nothing.*",
    ] {
        terminal.run(line);
    }
    assert_snapshot!(terminal.transcript());
}

/// The notes of a run say nothing for another command, nor for input of which nothing was stored.
#[test]
fn what_was_rejected_as_a_whole_is_sent_again() {
    let mut terminal = prepared();
    fs::write(terminal.path("x.prom"), "up 1 1519862400\n").unwrap();
    for line in ["vigie import samples x.prom", "vigie import samples x.prom"] {
        let ran = terminal.run(line);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.stdout.contains("0 imported, 1 rejected"), "{ran:?}");
        assert!(ran.stdout.contains("malformed 1"), "{ran:?}");
    }
    let ran = terminal.run("vigie import prometheus x.prom");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(terminal.server.store.lock().unwrap().len(), 1);

    fs::write(terminal.path("timeless.prom"), "up 1\nup 2\n").unwrap();
    for _ in 0..2 {
        let ran = terminal.run("vigie import prometheus timeless.prom");
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.stdout.contains("timestamp 2"), "{ran:?}");
    }
    // By the server, too.
    fs::write(terminal.path("later.prom"), "up 1 5000000000\n").unwrap();
    for _ in 0..2 {
        let ran = terminal.run("vigie import prometheus later.prom");
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.stdout.contains("too_new 1"), "{ran:?}");
    }
    assert_eq!(terminal.server.requests("POST", "/v1/metrics").len(), 3);
}

/// Rejected samples of something that was stored in part are told by each run, and not sent again.
#[test]
fn what_an_earlier_run_has_rejected_is_told_again() {
    let mut terminal = prepared();
    let text = "up 1 1519862400\nup 1\nup 1 5000000000\n";
    fs::write(terminal.path("half.prom"), text).unwrap();
    let ran = terminal.run("vigie import prometheus half.prom");
    assert_eq!(ran.code, 7, "{ran:?}");
    for _ in 0..2 {
        let ran = terminal.run("vigie import prometheus half.prom");
        assert_eq!(ran.code, 7, "{ran:?}");
        assert!(ran.stdout.contains("1 imported before"), "{ran:?}");
        let expected = "Rejected before:   2 by an earlier run: timestamp 1, too_new 1";
        assert!(ran.stdout.contains(expected), "{ran:?}");
        assert!(!ran.stdout.contains("OK"), "{ran:?}");
        assert!(ran.stderr.contains("`--restart`"), "{ran:?}");
    }
    assert_eq!(terminal.server.requests("POST", "/v1/metrics").len(), 1);
    let ran = terminal.run("vigie import prometheus half.prom --restart");
    assert_eq!(ran.code, 7, "{ran:?}");
    assert!(ran.stdout.contains("Stored:     1"), "{ran:?}");
}

/// Whether it is there still, nobody has asked.
#[test]
fn what_was_imported_before_is_not_called_well() {
    let mut terminal = prepared();
    terminal.run("vigie import whisper tree");
    terminal.server.store.lock().unwrap().samples.clear();
    let ran = terminal.run("vigie import whisper tree");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stdout.contains("0 imported, 1 imported before"),
        "{ran:?}"
    );
    assert!(!ran.stdout.contains("OK"), "{ran:?}");
    assert!(ran.stderr.contains("`--restart` sends it again"), "{ran:?}");
    let ran = terminal.run("vigie import whisper tree --restart");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(terminal.server.store.lock().unwrap().len(), 2);
}

/// A slip in the name of a folder is told, and no OK.
#[test]
fn a_folder_without_files_is_no_import() {
    let mut terminal = prepared();
    fs::create_dir_all(terminal.path("other/shop")).unwrap();
    fs::write(terminal.path("other/shop/orders.txt"), "x").unwrap();
    for line in [
        "vigie import whisper other",
        "vigie import whisper other --dry-run",
    ] {
        let ran = terminal.run(line);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(!ran.stdout.contains("OK"), "{ran:?}");
        assert!(ran.stderr.contains("there is no file `*.wsp`"), "{ran:?}");
        assert!(!ran.stderr.contains("run the same command"), "{ran:?}");
    }
}

/// An export that has failed leaves an empty file or pipe behind it, and that is told, and no OK.
#[test]
fn empty_input_is_no_import() {
    let mut terminal = prepared();
    fs::write(terminal.path("none"), "").unwrap();
    for line in [
        "vigie import prometheus none",
        "vigie import samples none",
        "vigie import samples none --dry-run",
    ] {
        let ran = terminal.run(line);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(!ran.stdout.contains("OK"), "{ran:?}");
        assert!(ran.stderr.contains("`none` is empty"), "{ran:?}");
        assert!(!ran.stderr.contains("run the same command"), "{ran:?}");
    }
    // An exposition of nothing ends with this line, and is whole.
    fs::write(terminal.path("none"), "# EOF\n").unwrap();
    let ran = terminal.run("vigie import prometheus none");
    assert_eq!(ran.code, 0, "{ran:?}");
}

/// The last good export is worth more than one of nothing.
#[test]
fn an_export_of_nothing_leaves_the_file() {
    let mut terminal = prepared();
    terminal.run("vigie metrics send shop.orders=17@1519862400 -q");
    fs::write(terminal.path("good.jsonl"), "kept").unwrap();
    for line in [
        "vigie export typo.** -o good.jsonl",
        "vigie export typo.** -o good.jsonl --format csv --output json",
        "vigie export typo.** --format csv",
    ] {
        let ran = terminal.run(line);
        assert_eq!(ran.code, 5, "{ran:?}");
        assert_eq!(ran.stdout, "", "{ran:?}");
        assert!(ran.stderr.contains("nothing was written"), "{ran:?}");
    }
    assert_eq!(fs::read(terminal.path("good.jsonl")).unwrap(), b"kept");
    assert!(!terminal.path("good.jsonl.part").exists());
    let ran = terminal.run("vigie export -o .");
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("`.` is a folder"), "{ran:?}");
    assert!(!terminal.path("..part").exists());
}

/// Not only while it reads samples.
#[test]
fn an_export_waits_for_a_busy_server() {
    let mut terminal = prepared();
    terminal.run("vigie metrics send shop.orders=17@1519862400 -q");
    terminal
        .server
        .configure(|behavior| behavior.retry_after_s = Some(0));
    let branch = json!([{"path": "shop", "name": "shop", "leaf": false, "branch": true}]);
    let mut store = terminal.server.store.lock().unwrap();
    store.instead.push_back((200, branch));
    store.instead.extend(std::iter::repeat_with(busy).take(10));
    drop(store);
    let ran = terminal.run("vigie export");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("shop.orders"), "{ran:?}");
}

#[test]
fn a_file_that_is_called_as_packed_is_packed() {
    let mut terminal = prepared();
    terminal.run("vigie metrics send shop.orders=17@1519862400 -q");
    terminal.run("vigie export -o all.jsonl.gz");
    let packed = fs::read(terminal.path("all.jsonl.gz")).unwrap();
    assert_eq!(packed[..2], [0x1f, 0x8b]);
    let ran = terminal.run("vigie import samples all.jsonl.gz");
    assert_eq!(ran.code, 0, "{ran:?}");
}

/// Whoever packs or stores what comes out of the pipe must not take a part for the whole.
#[test]
fn an_export_whose_reader_has_gone_is_no_success() {
    let mut terminal = prepared();
    terminal.run("vigie metrics send shop.orders=17@1519862400 -q");
    for arguments in [&["export"][..], &["export", "--gzip"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = terminal.command("vigie");
        let ran = command.args(arguments).stdout(writer).output().unwrap();
        assert_eq!(ran.status.code(), Some(7), "{ran:?}");
        let stderr = String::from_utf8(ran.stderr).unwrap();
        assert!(stderr.contains("the export is not whole"), "{stderr}");
    }
}

/// More often than any other command tries.
#[test]
fn an_import_obeys_a_busy_server_for_as_long_as_it_says() {
    let mut terminal = prepared();
    terminal
        .server
        .configure(|behavior| behavior.retry_after_s = Some(0));
    let answers = std::iter::repeat_with(busy).take(50);
    terminal
        .server
        .store
        .lock()
        .unwrap()
        .instead
        .extend(answers);
    let ran = terminal.run("vigie import whisper tree");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(terminal.server.store.lock().unwrap().len(), 2);
    assert_eq!(terminal.server.requests("POST", "/v1/metrics").len(), 51);
}

/// Samples refused for now are sent by the next run, and the rest of the files is not.
#[test]
fn samples_refused_for_now_are_sent_by_the_next_run() {
    let mut terminal = prepared();
    write_whisper(&terminal.path("tree/shop/errors.wsp"));
    let refused = json!({"received": 4, "stored": 3, "rejected": 1, "rejections": [
        {"index": 2, "name": "shop.orders", "code": "account_limit", "reason": "a new series would exceed `new_series_per_hour` = 1"}]});
    let mut store = terminal.server.store.lock().unwrap();
    store.instead.push_back((200, refused));
    drop(store);
    let ran = terminal.run("vigie import whisper tree");
    assert_eq!(ran.code, 7, "{ran:?}");
    assert!(
        ran.stdout.contains("1 imported, 1 to be repeated"),
        "{ran:?}"
    );
    let ran = terminal.run("vigie import whisper tree");
    assert!(
        ran.stdout.contains("1 imported, 1 imported before"),
        "{ran:?}"
    );
    let sent = terminal.server.requests("POST", "/v1/metrics");
    let names = sent[1].json();
    let names = names.as_array().unwrap();
    assert!(
        !names.is_empty() && names.iter().all(|series| series["name"] == "shop.orders"),
        "{names:?}"
    );
}

/// The hint named the form that was expected, and not the command that reads what was given.
#[test]
fn input_of_another_kind_names_the_command_that_reads_it() {
    let mut terminal = prepared();
    write_whisper(&terminal.path("one.wsp"));
    for (name, text) in [
        ("old.prom", "# TYPE up gauge\nup 1 1519862400\n"),
        (
            "old.jsonl",
            "{\"name\":\"a\",\"value\":1,\"timestamp\":1519862400}\n",
        ),
        ("old.csv", "name,value,timestamp\na,1,1519862400\n"),
        ("far", "up 1 5000000000\n"),
    ] {
        fs::write(terminal.path(name), text).unwrap();
    }
    for (line, command) in [
        (
            "vigie import samples old.prom",
            "`vigie import prometheus old.prom`",
        ),
        (
            "vigie import prometheus old.jsonl",
            "`vigie import samples old.jsonl`",
        ),
        (
            "vigie import samples old.csv",
            "`vigie metrics send --file old.csv`",
        ),
        (
            "vigie import prometheus one.wsp",
            "`vigie import whisper DIR`",
        ),
        ("vigie import samples tree", "`vigie import whisper tree`"),
        (
            "vigie import whisper old.prom",
            "`vigie import prometheus old.prom`",
        ),
        (
            "vigie import graphite old.jsonl",
            "`vigie import samples old.jsonl`",
        ),
    ] {
        let ran = terminal.run(line);
        assert_ne!(ran.code, 0, "{line}: {ran:?}");
        assert!(ran.stderr.contains(command), "{line}: {ran:?}");
    }
    // It was read, whatever became of the sample.
    let ran = terminal.run("vigie import prometheus far");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(!ran.stderr.contains("metrics send"), "{ran:?}");
}
