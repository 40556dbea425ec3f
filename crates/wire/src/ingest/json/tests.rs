use super::*;
use crate::ingest::encode;
use base::name::SeriesName;
use base::sample::Batch;
use base::time::Millis;
use proptest::prelude::*;

const NOW: Millis = Millis(1_700_000_000_123);

fn samples(body: &str) -> Vec<(String, i64, f64)> {
    let decoded = decode(body.as_bytes(), NOW).unwrap();
    assert_eq!(decoded.rejects, []);
    decoded
        .batch
        .iter()
        .map(|sample| (sample.name().into_owned(), sample.at.0, sample.value))
        .collect()
}

/// The reason's word and sentence of the only item.
fn reason(item: &str) -> (&'static str, String) {
    let decoded = decode(format!("[{item}]").as_bytes(), NOW).unwrap();
    assert_eq!((decoded.received, decoded.batch.len()), (1, 0), "{item}");
    let reason = &decoded.rejects[0].reason;
    (reason.code(), reason.to_string())
}

#[test]
fn the_documented_body_is_read() {
    assert_eq!(
        samples(
            "[ { \"name\": \"shop.eu.checkout.latency-ms\", \"value\": 48.6 },\n\
             { \"name\": \"shop.eu.checkout.errors\", \"value\": 2, \"timestamp\": 1519862400 } ]"
        ),
        [
            ("shop.eu.checkout.latency-ms".to_owned(), NOW.0, 48.6),
            ("shop.eu.checkout.errors".to_owned(), 1_519_862_400_000, 2.0),
        ]
    );
}

#[test]
fn one_object_counts_as_an_array_of_one() {
    assert_eq!(
        samples("\u{feff} {\"value\":-0.5,\"name\":\"a\",\"timestamp\":null,\"host\":[1,{}]}\n"),
        [("a".to_owned(), NOW.0, -0.5)]
    );
}

#[test]
fn timestamps_are_seconds_or_milliseconds() {
    for (text, milliseconds) in [
        ("0", 0),
        ("1519862400", 1_519_862_400_000),
        ("1519862400.25", 1_519_862_400_250),
        ("1519862400.0004", 1_519_862_400_000),
        ("1.5198624e9", 1_519_862_400_000),
        ("99999999999", 99_999_999_999_000),
        ("100000000000", 100_000_000_000),
        ("1519862400123", 1_519_862_400_123),
        ("253402300799999", 253_402_300_799_999),
    ] {
        let body = format!("{{\"name\":\"a\",\"value\":1,\"timestamp\":{text}}}");
        assert_eq!(
            samples(&body),
            [("a".to_owned(), milliseconds, 1.0)],
            "{text}"
        );
    }
}

#[test]
fn a_bad_item_says_why() {
    for (item, code, words) in [
        ("7", "malformed", "the item is a number, expected an object"),
        ("null", "malformed", "the item is null, expected an object"),
        ("{}", "malformed", "the item has no `name`"),
        (
            "{\"name\":5,\"value\":1}",
            "malformed",
            "`name` is a number, expected text",
        ),
        ("{\"name\":\"a\"}", "value", "the item has no `value`"),
        (
            "{\"name\":\"a\",\"value\":null}",
            "value",
            "`value` is null, expected a number",
        ),
        (
            "{\"name\":\"a\",\"value\":true}",
            "value",
            "`value` is a boolean, expected a number",
        ),
        (
            "{\"name\":\"a\",\"value\":\"1\"}",
            "value",
            "`value` is text, expected a number",
        ),
        (
            "{\"name\":\"a\",\"value\":1e999}",
            "value",
            "the value `1e999` is not a finite number",
        ),
        (
            "{\"name\":\"a\",\"value\":1,\"timestamp\":\"soon\"}",
            "timestamp",
            "the timestamp `soon` is no time: write epoch seconds, RFC 3339 as `2025-11-25T12:00:00Z`, or an offset as `-10min`",
        ),
        (
            "{\"name\":\"a\",\"value\":1,\"timestamp\":true}",
            "timestamp",
            "`timestamp` is a boolean, expected a number of seconds since 1970, or a time as text",
        ),
        (
            "{\"name\":\"a\",\"value\":1,\"timestamp\":-1}",
            "timestamp",
            "the timestamp `-1` lies before 1970",
        ),
        (
            "{\"name\":\"a\",\"value\":1,\"timestamp\":253402300800000}",
            "timestamp",
            "the timestamp `253402300800000` lies beyond the year 9999",
        ),
        (
            "{\"name\":\"a\",\"value\":1,\"timestamp\":1700000000000000}",
            "timestamp",
            "the timestamp `1700000000000000` lies beyond the year 9999; it looks like microseconds: send seconds or milliseconds",
        ),
        (
            "{\"name\":\"a\",\"value\":1,\"timestamp\":1700000000000000000}",
            "timestamp",
            "the timestamp `1700000000000000000` lies beyond the year 9999; it looks like nanoseconds: send seconds or milliseconds",
        ),
        (
            "{\"name\":\"a..b\",\"value\":1}",
            "name",
            "the name has an empty element (a dot too many)",
        ),
        (
            "{\"name\":\"\\ud800\",\"value\":1}",
            "malformed",
            "`name` holds an escape that stands for no character",
        ),
        (
            "{\"\\ud800\":1}",
            "malformed",
            "the item has a field whose name is not text that can be decoded",
        ),
    ] {
        assert_eq!(reason(item), (code, words.to_owned()), "{item}");
    }
}

#[test]
fn a_bad_item_costs_its_neighbours_nothing() {
    let body = "[{\"name\":\"a\",\"value\":1},{\"name\":\"b\",\"value\":1e999},[],{\"name\":\"c\",\"value\":2}]";
    let decoded = decode(body.as_bytes(), NOW).unwrap();
    assert_eq!(decoded.received, 4);
    assert_eq!(decoded.positions, [0, 3]);
    let rejected: Vec<_> = decoded
        .rejects
        .iter()
        .map(|r| (r.index, r.name.as_deref()))
        .collect();
    assert_eq!(rejected, [(1, Some("b")), (2, None)]);
}

#[test]
fn a_field_twice_counts_last() {
    assert_eq!(
        samples("[{\"name\":\"a\",\"value\":1,\"name\":\"b\",\"value\":2}]"),
        [("b".to_owned(), NOW.0, 2.0)]
    );
}

#[test]
fn escapes_in_names_are_decoded() {
    assert_eq!(
        samples("[{\"name\":\"\\u00e9.\\/\",\"value\":1}]")[0].0,
        "é./"
    );
}

#[test]
fn a_body_that_is_no_such_json_has_a_place() {
    let error = |body: &[u8]| decode(body, NOW).unwrap_err();
    assert_eq!(error(b""), BodyError::Empty);
    assert_eq!(error(b" \r\n"), BodyError::Empty);
    assert_eq!(error(b"[\xff]"), BodyError::Encoding { offset: 1 });
    assert_eq!(
        error(b"\n  hello").to_string(),
        "the body is not a JSON array of samples: expected `[` or `{` at line 2, column 3"
    );
    assert_eq!(
        error(b"[{\"name\":\"a\",\n\"value\":1},]").to_string(),
        "the body is not a JSON array of samples: trailing comma at line 2, column 12"
    );
    for body in [
        "[",
        "[{",
        "[{}",
        "[{}] x",
        "{} {}",
        "[NaN]",
        "[1 2]",
        "{\"a\":01}",
        "[\"\t\"]",
        "a.b 1 2",
    ] {
        assert!(
            matches!(error(body.as_bytes()), BodyError::Syntax { .. }),
            "{body}"
        );
    }
}

#[test]
fn a_depth_bomb_overflows_no_stack() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = open.repeat(1_000_000);
        assert!(decode(deep.as_bytes(), NOW).is_err());
        let closed = format!("{deep}1{}", close.repeat(1_000_000));
        let item = format!(
            "[{{\"name\":\"a\",\"value\":1,\"more\":{closed}}},{{\"name\":\"b\",\"value\":{closed}}}]"
        );
        // Either the parser's own limit refuses it or it is skipped; what matters is that it returns.
        let _ = decode(item.as_bytes(), NOW);
        let _ = decode(closed.as_bytes(), NOW);
    }
}

#[test]
fn a_body_of_junk_is_refused_as_a_whole() {
    let body = format!("[0{}]", ",0".repeat(REJECTS_MAX));
    assert!(matches!(
        decode(body.as_bytes(), NOW),
        Err(BodyError::TooManyRejects { .. })
    ));
}

fn any_value() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("finite", |value| value.is_finite())
}

proptest! {
    #[test]
    fn what_is_written_is_read(samples in proptest::collection::vec(
        ("[a-zé\"\\\\]{1,5}(\\.[a-z/]{1,5}){0,3}", any_value(), 0_i64..253_402_300_799_999), 0..20)
    ) {
        let mut batch = Batch::default();
        for (name, value, at) in &samples {
            if let Ok(name) = SeriesName::parse(name) {
                batch.push(&name, Millis(*at), *value);
            }
        }
        let decoded = decode(&encode::body(&batch), NOW).unwrap();
        prop_assert_eq!(&decoded.rejects, &[]);
        let key = |s: base::sample::Sample<'_>| (s.name().into_owned(), s.at, s.value.to_bits());
        prop_assert_eq!(
            decoded.batch.iter().map(key).collect::<Vec<_>>(),
            batch.iter().map(key).collect::<Vec<_>>()
        );
    }

    #[test]
    fn no_bytes_panic(body: Vec<u8>) {
        let _ = decode(&body, NOW);
    }

    #[test]
    fn every_item_is_accounted_for(items in proptest::collection::vec(
        "(\\{(\"(name|value|timestamp|x)\":(\"[a-c. ]{0,3}\"|-?(0|[1-9][0-9]{0,3})(\\.5)?|null|\\[\\]))?\\}|7|\"t\"|null)", 0..8)
    ) {
        let decoded = decode(format!("[{}]", items.join(",")).as_bytes(), NOW).unwrap();
        prop_assert_eq!(decoded.received, items.len());
        prop_assert_eq!(decoded.batch.len() + decoded.rejects.len(), items.len());
        prop_assert_eq!(decoded.positions.len(), decoded.batch.len());
    }
}
