use super::row::ROW_BYTES_MAX;
use super::*;
use base::time::Millis;
use proptest::prelude::*;

const NOW: Millis = Millis(1_700_000_000_123);

fn decode_chunks(columns: Columns, text: &[u8], chunk_bytes: usize) -> Result<Lines, HeaderError> {
    let mut decoder = Decoder::new(columns);
    for chunk in text.chunks(chunk_bytes) {
        decoder.feed(chunk, NOW)?;
    }
    decoder.finish(NOW)?;
    Ok(decoder.take())
}

fn decode(text: &str) -> Result<Lines, HeaderError> {
    decode_chunks(Columns::default(), text.as_bytes(), 1 << 20)
}

fn samples(lines: &Lines) -> Vec<(String, i64, f64)> {
    lines
        .batch
        .iter()
        .map(|s| (s.name().into_owned(), s.at.0, s.value))
        .collect()
}

#[test]
fn columns_are_found_by_name() {
    let lines = decode(
        "\u{feff}host,Timestamp,value,name\r\nx,1519862400,1.5,a.b\r\n\r\n\
         \"y, z\",\"2018-03-01 00:00:00\",2,\"a.c\"\nz,2018-03-01T02:00:00+02:00,3,a.d",
    )
    .unwrap();
    assert_eq!(
        samples(&lines),
        [
            ("a.b".to_owned(), 1_519_862_400_000, 1.5),
            ("a.c".to_owned(), 1_519_862_400_000, 2.0),
            ("a.d".to_owned(), 1_519_862_400_000, 3.0),
        ]
    );
    assert_eq!(lines.lines, [2, 4, 5]);
    assert_eq!(lines.rejects, []);
}

#[test]
fn a_file_of_one_series_needs_no_name() {
    let mut decoder = Decoder::constant_name("nab.taxi".to_owned(), Columns::default());
    decoder
        .feed(b"timestamp,value\n2014-07-01 00:30:00,8127\n", NOW)
        .unwrap();
    decoder.finish(NOW).unwrap();
    assert_eq!(
        samples(&decoder.take()),
        [("nab.taxi".to_owned(), 1_404_174_600_000, 8127.0)]
    );
}

#[test]
fn a_file_without_timestamps_is_of_now() {
    assert_eq!(
        samples(&decode("name,value\na,1").unwrap()),
        [("a".to_owned(), NOW.0, 1.0)]
    );
}

#[test]
fn a_header_that_does_not_do_says_what_is_there() {
    assert_eq!(decode("").unwrap_err(), HeaderError::Empty);
    assert_eq!(decode("\n\r\n").unwrap_err(), HeaderError::Empty);
    assert_eq!(
        decode("what,value\na,1").unwrap_err().to_string(),
        "there is no column `name`; the columns are `what`, `value`"
    );
    assert_eq!(
        decode("name,value,name\n").unwrap_err(),
        HeaderError::Twice {
            column: "name".to_owned()
        }
    );
    let columns = Columns {
        timestamp: Some("when".to_owned()),
        ..Columns::default()
    };
    assert!(matches!(
        decode_chunks(columns, b"name,value\n", 99),
        Err(HeaderError::Missing { .. })
    ));
    assert!(matches!(decode("\"name"), Err(HeaderError::Malformed(_))));
}

#[test]
fn rows_that_are_no_samples_say_why_and_where() {
    let lines = decode(
        "name,value,timestamp\na,x,1\na\n\"a\"b,1,1\na,1,soon\na,1,1969-01-01 00:00:00\n,1,1\na,1,\n\"multi\nline\",1,1\nlast,1,\"1",
    )
    .unwrap();
    let seen: Vec<_> = lines
        .rejects
        .iter()
        .map(|r| (r.line, r.reason.code()))
        .collect();
    assert_eq!(
        seen,
        [
            (2, "value"),
            (3, "malformed"),
            (4, "malformed"),
            (5, "timestamp"),
            (6, "timestamp"),
            (7, "name"),
            (9, "name"),
            (11, "malformed"),
        ]
    );
    assert_eq!(lines.received, 9);
}

#[test]
fn a_lost_quote_costs_one_row() {
    let mut text = b"name,value\n\"a,1\n".to_vec();
    text.extend(std::iter::repeat_n(b'x', ROW_BYTES_MAX));
    text.extend(b"\nb,2\n");
    let lines = decode_chunks(Columns::default(), &text, 1000).unwrap();
    assert_eq!(lines.rejects.len(), 1);
    assert_eq!(samples(&lines), [("b".to_owned(), NOW.0, 2.0)]);
    assert_eq!(lines.lines, [4]);
}

#[test]
fn a_row_of_separators_alone_is_no_longer_than_another() {
    let mut text = b"name,value\na,1\n".to_vec();
    text.extend(std::iter::repeat_n(b',', ROW_BYTES_MAX + 1));
    text.extend(b"\nb,2\n");
    let lines = decode_chunks(Columns::default(), &text, 1000).unwrap();
    assert_eq!(lines.rejects.len(), 1);
    let message = lines.rejects[0].reason.to_string();
    assert!(message.contains("bytes"), "{message}");
    assert_eq!(lines.lines, [2, 4]);
}

proptest! {
    #[test]
    fn chunks_do_not_matter(text in "name,value\n[a\",\r\n1]{0,60}", chunk_bytes in 1_usize..10) {
        let key = |lines: Lines| (samples(&lines), lines.lines, lines.rejects, lines.received);
        prop_assert_eq!(
            decode_chunks(Columns::default(), text.as_bytes(), chunk_bytes).map(key),
            decode(&text).map(key)
        );
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>) {
        let mut text = b"name,value,timestamp\n".to_vec();
        text.extend(bytes);
        let lines = decode_chunks(Columns::default(), &text, 1 << 20).unwrap();
        prop_assert_eq!(lines.received, (lines.batch.len() + lines.rejects.len()) as u64);
    }
}

#[test]
fn a_value_cut_in_two_by_a_decimal_comma_is_not_taken_for_its_half() {
    let lines = decode("name,value\na,0,5\nb,1,\nc,2\n").unwrap();
    assert_eq!(
        samples(&lines),
        [("b".to_owned(), NOW.0, 1.0), ("c".to_owned(), NOW.0, 2.0)]
    );
    assert_eq!(lines.rejects.len(), 1);
    assert_eq!(
        (lines.rejects[0].line, lines.rejects[0].reason.to_string()),
        (2, "the row has 3 columns, the header has 2".to_owned())
    );
    assert_eq!(lines.received, 3);
}

/// A spreadsheet's file where the comma is the decimal point, a column for each series.
#[test]
fn regression_7_a_file_with_semicolons_and_a_column_for_each_series() {
    for text in [
        "\u{feff}Date;bureau.temp;bureau.hum\r\n2018-03-01 00:00:00;21,5;40\r\n2018-03-01 00:01:00;;41\r\n",
        "sep=;\nTime;bureau.temp;bureau.hum\n1519862400;21,5;40\n1519862460;;41\n",
        "timestamp\tbureau.temp\tbureau.hum\n1519862400\t21.5\t40\n1519862460\t\t41",
        "\"Time\",\"bureau.temp\",\"bureau.hum\"\n1519862400000,21.5,40\n1519862460000,,41\n",
    ] {
        for chunk_bytes in [1, 7, 1 << 20] {
            let lines = decode_chunks(Columns::default(), text.as_bytes(), chunk_bytes).unwrap();
            assert_eq!(lines.rejects, [], "{text}");
            assert_eq!(
                samples(&lines),
                [
                    ("bureau.temp".to_owned(), 1_519_862_400_000, 21.5),
                    ("bureau.hum".to_owned(), 1_519_862_400_000, 40.0),
                    ("bureau.hum".to_owned(), 1_519_862_460_000, 41.0),
                ],
                "{text}"
            );
            assert_eq!(lines.received, 3);
        }
    }
}

#[test]
fn regression_7_what_other_programs_export_is_read() {
    // Graphite's `format=csv`, without a header, and Grafana's rows of series.
    for text in [
        "a.b,2018-03-01 00:00:00,1.5\na.b,2018-03-01 00:01:00,\na.c,2018-03-01 00:00:00,2\n",
        "Series;Time;Value\na.b;2018-03-01T00:00:00+00:00;1,5\na.c;2018-03-01T00:00:00+00:00;2\n",
    ] {
        let lines = decode(text).unwrap();
        assert_eq!(
            samples(&lines),
            [
                ("a.b".to_owned(), 1_519_862_400_000, 1.5),
                ("a.c".to_owned(), 1_519_862_400_000, 2.0),
            ],
            "{text}"
        );
    }
}

#[test]
fn regression_7_what_is_wrong_in_a_column_is_told_by_its_name() {
    let lines = decode("time;a b;a.c\n1519862400;1;x\n05/11/2018;1;1\n1519862460;1;2;3\n").unwrap();
    let rejects: Vec<(u64, Option<&str>, &str)> = lines
        .rejects
        .iter()
        .map(|reject| (reject.line, reject.name.as_deref(), reject.reason.code()))
        .collect();
    assert_eq!(
        rejects,
        [
            (2, Some("a b"), "name"),
            (2, Some("a.c"), "value"),
            (3, None, "timestamp"),
            (4, None, "malformed"),
        ]
    );
    assert_eq!(lines.received, 4);
    let order = lines.rejects[2].reason.to_string();
    for word in [
        "`05/11/2018` could be day/month or month/day",
        "epoch seconds",
        "`2025-11-25 12:00:00`",
        "`2025-11-25T12:00:00Z`",
    ] {
        assert!(order.contains(word), "{word}: {order}");
    }
    // What cannot be misread is read.
    let lines = decode("time;a.c\n27/11/2026;1 234,5\n11/27/2026 06:00;2\n").unwrap();
    assert_eq!(
        samples(&lines),
        [
            ("a.c".to_owned(), 1_795_737_600_000, 1234.5),
            ("a.c".to_owned(), 1_795_759_200_000, 2.0),
        ]
    );
    let lines = decode("time;a.c\n1519862400;1 2345,5\n").unwrap();
    let message = lines.rejects[0].reason.to_string();
    assert!(message.contains("`1 2345,5`"), "{message}");
    // A file with neither a name nor a time says what it lacks.
    assert!(matches!(
        decode("a;b\n1;2\n"),
        Err(HeaderError::Missing { .. })
    ));
}

/// It was only "not a number", in a file of many columns.
#[test]
fn regression_7_a_number_that_could_be_two_is_refused_with_row_and_column() {
    let rejects_of = |text: &str| -> Vec<(u64, String)> {
        let lines = decode(text).unwrap();
        assert!(
            lines
                .rejects
                .iter()
                .all(|reject| reject.reason.code() == "value")
        );
        let of = |reject: &crate::ingest::LineReject| (reject.line, reject.reason.to_string());
        lines.rejects.iter().map(of).collect()
    };
    let rejects = rejects_of(
        "time;a.b;a.c\n1519862400;1;1.234,5\n1519862460;1,234,567;2\n1519862520;1.234.567;x\n1519862580;192.0.2.7;1\n",
    );
    for ((line, reason), (expected, beginning)) in rejects.iter().zip([
        (2, "the value `1.234,5` in column 3 has a point and a comma"),
        (3, "the value `1,234,567` in column 2 has commas"),
        (4, "the value `1.234.567` in column 2 has points"),
        (4, "the value `x` is not a number"),
        (5, "the value `192.0.2.7` is not a number"),
    ]) {
        assert_eq!(*line, expected, "{reason}");
        assert!(reason.starts_with(beginning), "{reason}");
    }
    assert_eq!(rejects.len(), 5);
    assert!(rejects[0].1.contains("`1234.5`"), "{}", rejects[0].1);
    // Where commas part columns, one in quotes begins no decimals.
    let rejects = rejects_of("name,value\na,\"1,5\"\nb,\"1,234.5\"\nc,1.5\n");
    for ((line, reason), (expected, beginning)) in rejects.iter().zip([
        (2, "the value `1,5` in column 2 has a comma, which begins"),
        (3, "the value `1,234.5` in column 2 has a point and a comma"),
    ]) {
        assert_eq!(*line, expected, "{reason}");
        assert!(reason.starts_with(beginning), "{reason}");
    }
    assert_eq!(rejects.len(), 2);
}

/// A row of an export that says that there was nothing is no mistake of whoever sends the file.
#[test]
fn gaps_of_exports_are_no_rejects() {
    for text in [
        "a.b,2018-03-01 00:00:00,1.5\na.b,2018-03-01 00:01:00,\na.c,2018-03-01 00:00:00,None\n",
        "a.b,2018-03-01 00:00:00,\na.b,2018-03-01 00:00:00,1.5\n",
        "Series;Time;Value\na.b;2018-03-01T00:00:00+00:00;1.5\na.b;2018-03-01T00:01:00+00:00;null\n",
        "\"Time\",\"a.b\",\"a.c\"\n2018-03-01 00:00:00,1.5,\n2018-03-01 00:01:00,undefined,null\n",
    ] {
        let lines = decode(text).unwrap();
        assert_eq!(lines.rejects, [], "{text}");
        assert_eq!(
            samples(&lines),
            [("a.b".to_owned(), 1_519_862_400_000, 1.5)],
            "{text}"
        );
        assert_eq!(lines.received, 1, "{text}");
    }
    // Elsewhere a value that is missing is one.
    let lines = decode("name,value\na.b,\na.b,null\n").unwrap();
    assert_eq!(lines.rejects.len(), 2);
}

#[test]
fn thousands_are_not_guessed_at() {
    for (text, expected) in [
        ("Time,a.b\n1519862400,\"1,234.5\"\n", "`1,234.5`"),
        ("Time,a.b\n1519862400,\"1,234\"\n", "`1,234`"),
        ("Time,a.b\n1519862400,\"1.234,5\"\n", "`1.234,5`"),
        ("Time;a.b\n1519862400;1.234,5\n", "`1.234,5`"),
        ("Time;a.b\n1519862400;1,234.5\n", "`1,234.5`"),
        ("Time;a.b\n1519862400;-1.234.567\n", "`-1.234.567`"),
        ("Time;a.b\n1519862400;1'234\n", "`1'234`"),
    ] {
        let lines = decode(text).unwrap();
        assert_eq!((lines.batch.len(), lines.rejects.len()), (0, 1), "{text}");
        let message = lines.rejects[0].reason.to_string();
        assert!(message.contains(expected), "{message}");
    }
    // A comma is the decimal sign of a file with semicolons, so a point may part thousands.
    let lines = decode("Time;a.b;a.c\n1519862400;1,234;1.234\n").unwrap();
    let values: Vec<f64> = lines.batch.iter().map(|sample| sample.value).collect();
    assert_eq!(values, [1.234]);
    let message = lines.rejects[0].reason.to_string();
    assert!(message.contains("`1.234` in column 3"), "{message}");
}

/// `1.234` was stored as a thousandth of what a German spreadsheet means.
#[test]
fn regression_7_a_point_beside_decimal_commas_is_refused_with_row_and_column() {
    let text = "time;a.b;a.c\n1519862400;21,5;1.234\n1519862460;1.5;2\n";
    let lines = decode(text).unwrap();
    let rejects: Vec<(u64, String)> = lines
        .rejects
        .iter()
        .map(|reject| (reject.line, reject.reason.to_string()))
        .collect();
    assert_eq!(rejects.len(), 1, "{rejects:?}");
    assert_eq!(rejects[0].0, 2);
    let expected = "the value `1.234` in column 3 has a point, which could separate thousands";
    assert!(rejects[0].1.starts_with(expected), "{rejects:?}");
    assert_eq!(lines.batch.len(), 3);

    // Where it is said, nothing is in doubt; and Grafana writes points.
    for (sign, value) in [(DecimalSign::Comma, 1234.0), (DecimalSign::Point, 1.234)] {
        let decoder = Decoder::new(Columns::default()).with_decimal_sign(Some(sign));
        assert_eq!(values(decoder, "time;a.b\n1519862400;1.234\n"), [value]);
    }
    let grafanas = "Series;Time;Value\na.b;2018-03-01T00:00:00+00:00;1.234\n";
    assert_eq!(values(Decoder::new(Columns::default()), grafanas), [1.234]);
}

/// German, Polish and Russian spreadsheets: no date of theirs was read.
#[test]
fn regression_7_dates_with_dots_have_the_day_first() {
    let lines = decode("Date;a.b\n27.11.2026 06:00;21,5\n05.11.2026;22\n").unwrap();
    assert_eq!(lines.rejects, []);
    assert_eq!(
        samples(&lines),
        [
            ("a.b".to_owned(), 1_795_759_200_000, 21.5),
            ("a.b".to_owned(), 1_793_836_800_000, 22.0),
        ]
    );
}

fn values(mut decoder: Decoder, text: &str) -> Vec<f64> {
    decoder.feed(text.as_bytes(), NOW).unwrap();
    decoder.finish(NOW).unwrap();
    let lines = decoder.take();
    assert_eq!(lines.rejects, [], "{text}");
    lines.batch.iter().map(|sample| sample.value).collect()
}
