use super::*;
use proptest::prelude::*;

fn read(text: &str) -> Result<(String, i64, f64), String> {
    match line(text, Names::default()) {
        Ok(Line::Sample(name, at, value)) => Ok((name.as_str().to_owned(), at.0, value)),
        Ok(Line::Nothing) => Err("nothing".to_owned()),
        Err((_, reason)) => Err(reason.to_string()),
    }
}

#[test]
fn exposition_lines_are_decoded() {
    for (text, name, at, value) in [
        ("up 1 1700000000", "up", 1_700_000_000_000, 1.0),
        (
            r#"http_requests_total{method="post",code="200"} 1027 1700000000.250"#,
            "http_requests_total;code=200;method=post",
            1_700_000_000_250,
            1027.0,
        ),
        (
            r#"{__name__="up", instance="web1:9090", job="x"} -1.5e3 1700000000123"#,
            "up;instance=web1:9090;job=x",
            1_700_000_000_123,
            -1500.0,
        ),
        (
            r#"{"shop.eu.orders", zone="eu"} 3 1700000000"#,
            "shop.eu.orders;zone=eu",
            1_700_000_000_000,
            3.0,
        ),
        (
            r#"a { b = "c" , } 1 1700000000 # {trace_id="x"} 0.5 1700000000"#,
            "a;b=c",
            1_700_000_000_000,
            1.0,
        ),
        (r#"a{b="",c="d"} +Inf 1"#, "a;c=d", 1000, f64::INFINITY),
        ("a{} 1 0", "a", 0, 1.0),
    ] {
        assert_eq!(read(text), Ok((name.to_owned(), at, value)), "{text}");
    }
    let nan = line("a NaN 1", Names::default()).unwrap();
    assert!(matches!(nan, Line::Sample(_, Millis(1000), value) if value.is_nan()));
}

#[test]
fn invalid_lines_are_rejected_with_a_reason() {
    for (text, error) in [
        ("", "nothing"),
        ("  # HELP up Whether it is up", "nothing"),
        ("# EOF\r", "nothing"),
        (
            "up 1",
            "the line has no time: old samples are imported with their times",
        ),
        ("up", "the line has no value"),
        ("up x 1", "the value `x` is not a number"),
        (
            "up 1 soon",
            "the timestamp `soon` is not a number of seconds since 1970",
        ),
        ("up 1 2 3", "the line goes on after the value and the time"),
        ("{a=\"b\"} 1 2", "the line has no name"),
        ("up{a=b} 1 2", "a label's value is not in quotes"),
        ("up{a=\"b} 1 2", "a text in quotes has no end"),
        ("up{a=\"b\" 1 2", "the labels have no end"),
        (
            "up{a b=\"c\"} 1 2",
            "a label has no value: no `=` follows its name",
        ),
        ("up{=\"b\"} 1 2", "a label has no name"),
        (
            "up{a=\"b;c\"} 1 2",
            "the name holds ';', which is not allowed in a name",
        ),
        (
            "up{a=\"b c\"} 1 2",
            "the name holds ' ', which is not allowed in a name",
        ),
    ] {
        assert_eq!(read(text), Err(error.to_owned()), "{text}");
    }
}

/// `up` alone was named, whose label it was that holds the blank.
#[test]
fn regression_7_a_refused_name_is_told_with_its_labels() {
    let text = r#"up{job="a b",none="",host="x"} 1 2"#;
    let (name, reason) = line(text, Names::default()).unwrap_err();
    assert_eq!(name.as_deref(), Some("up;job=a b;host=x"));
    assert_eq!(reason.code(), "name");
}

#[test]
fn refused_characters_are_replaced_on_request() {
    let names = Names::replacing('_').unwrap();
    let read = line(r#"a{b="x;y z\"\\\n"} 1 2"#, names).unwrap();
    let Line::Sample(name, ..) = read else {
        panic!("{read:?}");
    };
    assert_eq!(name.as_str(), "a;b=x_y_z___");
}

proptest! {
    #[test]
    fn exposition_lines_round_trip(
        labels in prop::collection::btree_map("[a-z]{1,4}", "[a-zA-Z0-9:_.é-]{1,6}", 0..4),
        value in any::<f64>().prop_filter("finite", |value| value.is_finite()),
        seconds in 0_i64..4_000_000_000,
    ) {
        let written: Vec<_> = labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
        let suffix: String = labels.iter().map(|(label, value)| format!(";{label}={value}")).collect();
        let text = format!("name{{{}}} {value:e} {seconds}", written.join(","));
        prop_assert_eq!(read(&text), Ok((format!("name{suffix}"), seconds * 1000, value)));
    }

    #[test]
    fn no_line_panics(text in "[a{}=\",\\\\ #01é\t]{0,40}") {
        let _ = line(&text, Names::replacing('_').unwrap());
    }
}
