//! `**` as an element means any depth, in all three questions alike.

use super::Fixture;
use serde_json::json;
use std::time::{Duration, Instant};

const NAMES: [&str; 7] = ["a", "a.b", "a.b;t=x.y", "a.b.c", "a.x.y.c", "d.c", "e.xay"];

#[test]
fn regression_7_two_stars_are_any_depth() {
    let kept = Fixture::of(&NAMES);
    for (pattern, read) in [
        ("**", &NAMES[..]),
        ("a.**", &["a.b", "a.b;t=x.y", "a.b.c", "a.x.y.c"]),
        ("**.c", &["a.b.c", "a.x.y.c", "d.c"]),
        ("a.**.c", &["a.b.c", "a.x.y.c"]),
        ("d.**.c", &["d.c"]),
        ("a.**.**.c", &["a.b.c", "a.x.y.c"]),
        ("**.x.**", &["a.x.y.c"]),
        ("**.**", &NAMES[..]),
        ("**.b*", &["a.b", "a.b;t=x.y"]),
        // Inside an element it is one star.
        ("e.x**y", &["e.xay"]),
        ("**b", &[]),
        ("a.**b", &["a.b"]),
    ] {
        assert_eq!(kept.get(pattern), read, "{pattern}");
        let listed = kept.list(pattern);
        for name in read {
            assert!(
                listed.contains(&(*name).to_owned()),
                "{pattern}: {listed:?}"
            );
        }
        let mut once = listed.clone();
        once.dedup();
        assert_eq!(once, listed, "{pattern}: each once");
    }
    assert_eq!(
        kept.list("a.**"),
        ["a.b", "a.b.c", "a.b;t=x.y", "a.x", "a.x.y", "a.x.y.c"]
    );
    assert_eq!(kept.list("a.**.c"), ["a.b.c", "a.x.y.c"]);
    for (pattern, count) in [
        ("**", 7),
        ("a.**", 4),
        ("**.c", 3),
        ("**.x", 1),
        ("a.**.c", 2),
        ("**.b", 2),
    ] {
        assert_eq!(
            kept.would_delete(pattern)["deleted"],
            json!(count),
            "{pattern}"
        );
    }
}

/// Deep names that nearly fit, and as many `**` as a pattern takes: every node is looked at once, whatever the ways to it.
#[test]
fn regression_7_many_stars_walk_every_node_once() {
    let names: Vec<String> = (0..200)
        .map(|leaf| format!("{}.leaf-{leaf}", vec!["a"; 60].join(".")))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let kept = Fixture::of(&names);
    let begun = Instant::now();
    for pattern in [
        format!("{}.b", vec!["**.a"; 40].join(".")),
        format!("{}.b", vec!["**.{a,a*,*a}"; 60].join(".")),
        format!("{}.b", vec!["**.*a*"; 60].join(".")),
        format!("{}.zzz", vec!["**"; 1000].join(".")),
    ] {
        assert_eq!(kept.get(&pattern), Vec::<String>::new());
        assert_eq!(kept.list(&pattern), Vec::<String>::new());
        assert_eq!(kept.would_delete(&pattern)["deleted"], json!(0));
    }
    assert!(
        begun.elapsed() < Duration::from_secs(300),
        "{:?}",
        begun.elapsed()
    );
}
