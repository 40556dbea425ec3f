use super::*;
use proptest::prelude::*;

fn read(text: &str) -> Result<Series, String> {
    line(text.as_bytes(), Names::default()).map_err(|(_, reason)| reason.to_string())
}

#[test]
fn a_line_is_a_series() {
    let text = r#"{"metric":{"__name__":"up","job":"node\u002dx","empty":""},"values":[1,-0.5,null,"Infinity",1e300],
        "timestamps":[1700000000000,1700000000001,3,4,5]}"#;
    let series = read(&text.replace('\n', "")).unwrap();
    assert_eq!(series.name.as_str(), "up;job=node-x");
    assert_eq!(series.timestamps[1], Millis(1_700_000_000_001));
    assert_eq!(series.values[..2], [1.0, -0.5]);
    assert!(series.values[2].is_nan());
    assert_eq!(series.values[3..], [f64::INFINITY, 1e300]);
}

#[test]
fn invalid_lines_are_rejected_with_a_reason() {
    for (text, expected) in [
        ("", "the line is no export of VictoriaMetrics: "),
        (
            "{\"metric\":{\"__name__\":\"a\"}}",
            "missing field `values`",
        ),
        (
            r#"{"metric":{"__name__":"a"},"values":["x"],"timestamps":[1]}"#,
            "invalid value: string \"x\"",
        ),
        (
            r#"{"metric":{"__name__":"a"},"values":[1,2],"timestamps":[1]}"#,
            "the line has 2 values and 1 timestamps",
        ),
        (
            r#"{"metric":{"job":"a"},"values":[],"timestamps":[]}"#,
            "the name is empty",
        ),
        (
            r#"{"metric":{"__name__":"a","b":"c d"},"values":[],"timestamps":[]}"#,
            "the name holds ' '",
        ),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

/// A line may have 64 MiB.
#[test]
fn no_error_repeats_a_long_line() {
    let long = "x".repeat(1 << 20);
    for text in [
        format!(r#"{{"metric":{{"__name__":"{long}"}},"values":[],"timestamps":[]}}"#),
        format!(r#"{{"metric":{{"__name__":"a"}},"values":["{long}"],"timestamps":[1]}}"#),
        format!(r#"{{"metric":"{long}","values":[],"timestamps":[]}}"#),
        format!(
            r#"{{"metric":{{"__name__":"a b","{long}":"{long}"}},"values":[],"timestamps":[]}}"#
        ),
    ] {
        let (name, reason) = line(text.as_bytes(), Names::default()).unwrap_err();
        assert!(name.is_none_or(|name| name.len() < 1100));
        assert!(
            reason.to_string().len() < 500,
            "{} bytes",
            reason.to_string().len()
        );
    }
}

proptest! {
    #[test]
    fn encoding_round_trips(points in prop::collection::vec((any::<i64>(), any::<f64>()), 0..10)) {
        let values: Vec<_> = points.iter().map(|(_, value)| match value {
            value if value.is_nan() => "null".to_owned(),
            value if value.is_infinite() => format!("\"{}Infinity\"", if *value < 0.0 { "-" } else { "" }),
            value => format!("{value:e}"),
        }).collect();
        let times: Vec<_> = points.iter().map(|(at, _)| at.to_string()).collect();
        let text = format!(
            r#"{{"metric":{{"__name__":"a"}},"values":[{}],"timestamps":[{}]}}"#,
            values.join(","),
            times.join(",")
        );
        let series = read(&text).unwrap();
        for ((at, value), (time, decoded)) in points.iter().zip(series.timestamps.iter().zip(&series.values)) {
            prop_assert_eq!(time.0, *at);
            prop_assert!(decoded.to_bits() == value.to_bits() || (decoded.is_nan() && value.is_nan()));
        }
    }

    #[test]
    fn no_bytes_panic(text: Vec<u8>) {
        let _ = line(&text, Names::default());
    }
}
