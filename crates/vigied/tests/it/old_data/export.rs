//! `vigie export`, and the way back.

use super::{Site, output_text};
use std::fs;

#[test]
fn an_export_round_trips_in_every_form() {
    let site = Site::start();
    let folder = site.server.folder.path();
    let mut lines = String::new();
    for at in 0..2000 {
        for series in [
            "shop.eu.orders",
            "shop.us.orders",
            "shop.us",
            "disk.used;host=web1.example",
        ] {
            let value = f64::from(at) / 7.0 - 100.0;
            let time = 1_700_000_000.0 + f64::from(at) * 30.25;
            lines += &format!("{series} {value:e} {time}\n");
        }
    }
    site.send(&lines);
    // A rule about steps changes nothing in what is exported.
    site.keep_minutes();
    site.run(&["export", "--output-file", "all.jsonl"], 0);
    let all = fs::read_to_string(folder.join("all.jsonl")).unwrap();
    assert_eq!(all.lines().count(), 8000);
    assert!(!folder.join("all.jsonl.part").exists());
    site.run(&["export", "-o", "all.jsonl.gz"], 0);
    site.run(&["export", "--format", "csv", "-o", "all.csv"], 0);
    let ran = site.run(
        &[
            "export",
            "shop.us",
            "--from",
            "1700000000",
            "--until",
            "1700000030.25",
            "-q",
        ],
        0,
    );
    assert_eq!(
        output_text(&ran),
        "{\"name\":\"shop.us\",\"value\":-100,\"timestamp\":1700000000}\n\
         {\"name\":\"shop.us\",\"value\":-99.85714285714286,\"timestamp\":1700000030.25}\n\
         {\"name\":\"shop.us.orders\",\"value\":-100,\"timestamp\":1700000000}\n\
         {\"name\":\"shop.us.orders\",\"value\":-99.85714285714286,\"timestamp\":1700000030.25}\n"
    );
    let ways: [&[&str]; 4] = [
        &["import", "samples", "all.jsonl.gz"],
        &["import", "samples", "all.jsonl", "--batch", "777"],
        &["metrics", "send", "--file", "all.jsonl"],
        &["metrics", "send", "--file", "all.csv"],
    ];
    for way in ways {
        site.run(&["metrics", "delete", "*", "--yes"], 0);
        site.run(&["export", "shop.**", "-o", "none.jsonl"], 5);
        assert!(!folder.join("none.jsonl").exists());
        site.run(way, 0);
        let totals = site.totals(&["export", "-o", "again.jsonl"], 0);
        assert_eq!(
            (totals["series"].as_u64(), totals["samples"].as_u64()),
            (Some(4), Some(8000))
        );
        let again = fs::read_to_string(folder.join("again.jsonl")).unwrap();
        assert!(again == all, "{way:?} changes what was exported");
    }
}

#[test]
fn an_export_that_cannot_be_written_says_so() {
    let site = Site::start();
    for (arguments, expected) in [
        (&["export", "--output", "json"][..], "name a file"),
        (
            &["export", "-o", "missing/all.jsonl"],
            "cannot write `missing/all.jsonl`",
        ),
        (&["export", "--from", "soon"], "`soon`"),
    ] {
        let ran = site.vigie(arguments).output().unwrap();
        assert!(
            !ran.status.success() && output_text(&ran).contains(expected),
            "{}",
            output_text(&ran)
        );
    }
}
