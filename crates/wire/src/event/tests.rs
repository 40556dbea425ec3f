use super::tags::{found_by, listed};
use super::*;
use base::time::Millis;
use proptest::prelude::*;
use serde_json::{Value, json};

fn parse(body: &Value) -> Result<Body, EventError> {
    Body::parse(body.to_string().as_bytes())
}

#[test]
fn a_body_is_read_as_graphites_clients_write_it() {
    let body = json!({"what": "deploy", "tags": ["web", "eu west"], "when": 1_700_000_000.25, "data": "rev 7"});
    let expected = Body {
        what: "deploy".to_owned(),
        tags: "web eu west".to_owned(),
        at: Some(Millis(1_700_000_000_250)),
        data: "rev 7".to_owned(),
    };
    assert_eq!(parse(&body), Ok(expected));
    let short = parse(&json!({"what": 7, "tags": "a b", "other": {}})).unwrap();
    assert_eq!((&*short.what, &*short.tags), ("7", "a b"));
    assert_eq!((short.at, &*short.data), (None, ""));
}

#[test]
fn a_body_that_is_no_event_says_what_is_wrong() {
    for (body, field) in [
        (json!([]), None),
        (json!({}), Some("what")),
        (json!({"what": null}), Some("what")),
        (json!({"what": {}}), Some("what")),
        (json!({"what": "a", "data": []}), Some("data")),
        (json!({"what": "a", "tags": 7}), Some("tags")),
        (json!({"what": "a", "tags": ["b", 7]}), Some("tags")),
        (json!({"what": "a", "when": "now"}), Some("when")),
        (json!({"what": "a", "when": null}), Some("when")),
        (json!({"what": "a", "when": 1e30}), Some("when")),
        (json!({"what": "a", "when": i64::MAX}), Some("when")),
        (
            json!({"what": "a", "when": -70_000_000_000_i64}),
            Some("when"),
        ),
    ] {
        assert_eq!(parse(&body).unwrap_err().field(), field, "{body}");
    }
    assert!(matches!(
        Body::parse(b"{\"what\""),
        Err(EventError::Json(_))
    ));
}

#[test]
fn tags_are_found_by_words_and_shown_as_sent() {
    for (text, found) in [
        ("", &[][..]),
        ("b a  b", &["a", "b"]),
        ("a b, c", &["a b", "c"]),
        ("\"a b\" c d", &["a b", "c", "d"]),
        ("\"a, b\" c", &["a, b", "c"]),
        ("\"a\", b c", &["a", "b c"]),
        ("a \"b c", &["a", "b", "c"]),
        ("\"\" \" \"", &[]),
    ] {
        let tags: Vec<&str> = found_by(text).into_iter().collect();
        assert_eq!(tags, found, "{text}");
    }
    assert_eq!(listed("b, \"a b\" b"), ["b,", "\"a", "b\"", "b"]);
}

/// Which of these events a question finds.
fn found(asked: &str, set: Option<&str>) -> Vec<&'static str> {
    const EVENTS: [&str; 4] = ["deploy web", "deploy db", "restart", ""];
    let mut wanted = TagQuery::parse(asked, set);
    EVENTS.iter().for_each(|tags| wanted.learn(tags));
    let mut all = EVENTS.to_vec();
    all.retain(|tags| wanted.fits(tags));
    all
}

#[test]
fn a_tag_that_no_event_has_narrows_nothing_unless_all_are_asked_for() {
    for (asked, set, events) in [
        ("deploy", None, &["deploy web", "deploy db"][..]),
        ("deploy web", None, &["deploy web"]),
        ("deploy none", None, &["deploy web", "deploy db"]),
        ("none", None, &[]),
        ("", None, &[]),
        ("web restart", None, &[]),
        ("web restart", Some("union"), &["deploy web", "restart"]),
        ("none", Some("union"), &[]),
        ("deploy web", Some("intersection"), &["deploy web"]),
        ("deploy none", Some("intersection"), &[]),
        ("deploy deploy", Some("intersection"), &[]),
        ("deploy  web", Some("intersection"), &[]),
        ("deploy deploy", Some("other"), &["deploy web", "deploy db"]),
    ] {
        assert_eq!(found(asked, set), events, "{asked} {set:?}");
    }
}

#[test]
fn an_event_is_shown_in_both_forms() {
    let texts = ("deploy", "b a b", "x");
    let listed = EventListing::new(7, Millis(1_700_000_015_999), texts);
    assert_eq!(
        serde_json::to_string(&listed).unwrap(),
        r#"{"when":1700000015,"what":"deploy","data":"x","tags":["b","a","b"],"id":7}"#
    );
    for (at, when) in [
        (1_700_000_015_000, "2023-11-14T22:13:35Z"),
        (1_700_000_015_250, "2023-11-14T22:13:35.250Z"),
        (-500, "1969-12-31T23:59:59.500Z"),
    ] {
        let single = Single::new(7, Millis(at), texts);
        assert_eq!(serde_json::to_value(&single).unwrap()["when"], when);
    }
}

proptest! {
    #[test]
    fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = Body::parse(&bytes);
    }

    /// Whatever a number is, it is an instant of its second, or refused.
    #[test]
    fn a_number_is_its_second_or_refused(seconds in prop_oneof![
        any::<f64>(), -1e12..1e12_f64, any::<i64>().prop_map(|integer| integer as f64),
    ]) {
        let Some(number) = serde_json::Number::from_f64(seconds) else { return Ok(()) };
        match parse(&json!({"what": "a", "when": number})) {
            Ok(body) => {
                prop_assert_eq!(body.at.unwrap().secs() as f64, seconds.floor());
            }
            Err(error) => prop_assert_eq!(error, EventError::WhenOutside),
        }
    }

    #[test]
    fn whole_seconds_of_our_years_are_kept(seconds in -62_135_596_800..253_402_300_800_i64) {
        let body = parse(&json!({"what": "a", "when": seconds})).unwrap();
        prop_assert_eq!(body.at, Some(Millis::from_secs(seconds)));
    }

    /// A list of plain tags is shown, and found by each of them.
    #[test]
    fn plain_tags_come_back(tags in prop::collection::vec("[a-z0-9:/=é.-]{1,6}", 0..6)) {
        let body = parse(&json!({"what": "a", "tags": tags})).unwrap();
        prop_assert_eq!(listed(&body.tags), tags.iter().map(String::as_str).collect::<Vec<_>>());
        let found = found_by(&body.tags);
        prop_assert_eq!(found, tags.iter().map(String::as_str).collect());
        for tag in &tags {
            let mut wanted = TagQuery::parse(tag, Some("intersection"));
            wanted.learn(&body.tags);
            prop_assert!(wanted.fits(&body.tags) && wanted.knows_all());
        }
    }

    /// No tag is empty, has blanks around it, or is made of anything but the text.
    #[test]
    fn any_text_has_tags(text in "[ab,\" \t]{0,16}", asked in "[ab,\" ]{0,8}", set in "(union|intersection)?") {
        for tag in found_by(&text) {
            prop_assert!(!tag.is_empty() && tag.trim() == tag && text.contains(tag));
        }
        let mut wanted = TagQuery::parse(&asked, Some(&set));
        prop_assert!(!wanted.fits(&text));
        wanted.learn(&text);
        let _ = wanted.fits(&text);
    }
}
