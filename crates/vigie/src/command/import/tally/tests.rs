use super::*;
use std::collections::BTreeMap;
use wire::receipt::Rejection;

fn rejection(name: &str, code: &str) -> Rejection {
    Rejection {
        index: 0,
        name: Some(name.to_owned()),
        code: code.to_owned(),
        reason: format!("because of {code}"),
    }
}

#[test]
fn rejected_samples_are_counted_once() {
    let mut tally = Tally::new("Files", 10, false);
    tally.receive(&Receipt {
        received: 100,
        stored: 90,
        rejected: 10,
        rejections: vec![rejection("a", "too_old"), rejection("a", "too_old")],
        rejections_left_out: 8,
        rejected_by_code: BTreeMap::from([("too_old".to_owned(), 9), ("name".to_owned(), 1)]),
        ..Receipt::default()
    });
    tally.refuse(Some("b"), &RejectReason::Value("infinite".to_owned()));
    assert_eq!(tally.samples.rejected, 11);
    assert_eq!(tally.reasons.to_string(), "name 1, too_old 9, value 1");
    let listed: Vec<_> = tally
        .rejections
        .iter()
        .map(|rejection| &*rejection.name)
        .collect();
    assert_eq!(listed, ["a", "b"]);
    let failure = tally.outcome().unwrap();
    assert_eq!(failure.kind, Kind::Partial);
    assert_eq!(failure.to_string(), "11 samples were rejected");
}

/// A longer name, or an empty one, would not be mended by it.
#[test]
fn only_a_refused_character_is_said_to_be_replaceable() {
    for (error, expected) in [
        (NameError::Character('|'), true),
        (NameError::Empty, false),
        (NameError::TooLong(9000), false),
    ] {
        let mut tally = Tally::new("Files", 10, false);
        tally.refuse(Some("a"), &RejectReason::Name(error));
        assert_eq!(tally.has_refused_character, expected);
    }
}

#[test]
fn unreadable_files_make_the_import_fail() {
    let mut tally = Tally::new("Files", 1, false);
    assert!(tally.outcome().is_none());
    tally.failed("a.wsp", "file", "it is damaged");
    tally.failed("b.wsp", "file", "it is damaged");
    let failure = tally.outcome().unwrap();
    assert_eq!(failure.kind, Kind::Failed);
    assert_eq!(failure.to_string(), "2 files could not be read");
    assert_eq!(tally.failures.len(), 1);
}

/// A file of Whisper's whose folder is called as the key that a sender wrote before each name.
#[test]
fn no_report_shows_an_api_key() {
    let key = format!("vgk_{}", "k".repeat(51));
    let mut tally = Tally::new("Files", 10, false);
    tally.failed(&format!("{key}/load.wsp"), "name", &format!("of {key}"));
    let failed = &tally.failures[0];
    assert_eq!(
        (&*failed.name, &*failed.reason),
        ("vgk_…/load.wsp", "of vgk_…")
    );
}

#[test]
fn what_an_earlier_run_has_rejected_is_told_again() {
    let mut rejected = Reasons::default();
    rejected.add("too_old", 2);
    let mut tally = Tally::new("Files", 1, false);
    assert!(!tally.has_found_any());
    tally.imported_before(&Reasons::default());
    assert!(tally.outcome().is_none() && tally.is_all_of_an_earlier_run());
    tally.imported_before(&rejected);
    let failure = tally.outcome().unwrap();
    assert_eq!(failure.kind, Kind::Partial);
    let expected = "2 samples were rejected by an earlier run";
    assert_eq!(failure.to_string(), expected);
    // Of a stream as well, of which this run rejects the rest.
    let mut tally = Tally::new("Files", 1, false);
    tally.imported_in_part(&Reasons::default());
    tally.refuse(None, &RejectReason::Malformed("x".to_owned()));
    tally.ended(Verdict::Rejected);
    assert_eq!(tally.outcome().unwrap().kind, Kind::Partial);
}

/// A line of a file may have 64 MiB, and a server's reasons are its own.
#[test]
fn long_texts_are_kept_in_part() {
    let long = "é".repeat(1 << 20);
    let mut tally = Tally::new("Files", 10, false);
    tally.refuse(Some(&long), &RejectReason::Malformed(long.clone()));
    tally.failed(&long, &long, &long);
    for number in 0..1000 {
        let rejections = vec![rejection("a", &format!("code{number}"))];
        tally.receive(&Receipt {
            received: 1,
            rejected: 1,
            rejections,
            ..Receipt::default()
        });
    }
    let json = serde_json::to_string(&tally).unwrap();
    assert!(json.len() < 20_000, "{} bytes", json.len());
    assert_eq!(tally.samples.rejected, 1001);
    assert_eq!(tally.reasons.total(), 1001);
}
