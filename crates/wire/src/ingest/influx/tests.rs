use super::*;
use base::time::Millis;
use proptest::prelude::*;

const NOW: Millis = Millis(1_700_000_000_123);

fn decode_in(precision: Option<Precision>, chunks: &[&[u8]]) -> Lines {
    let mut decoder = Decoder::new(precision);
    for chunk in chunks {
        decoder.feed(chunk, NOW);
    }
    decoder.finish(NOW);
    decoder.take()
}

fn decode(text: &str) -> Lines {
    decode_in(None, &[text.as_bytes()])
}

fn samples(lines: &Lines) -> Vec<(String, i64, f64)> {
    let all = lines.batch.iter();
    all.map(|sample| (sample.name().into_owned(), sample.at.0, sample.value))
        .collect()
}

fn one(text: &str) -> (String, f64) {
    let lines = decode(text);
    assert_eq!(lines.rejects, [], "{text}");
    let all = samples(&lines);
    assert_eq!(all.len(), 1, "{text}: {all:?}");
    (all[0].0.clone(), all[0].2)
}

#[test]
fn each_field_is_a_sample_with_the_tags_as_labels() {
    let lines = decode(
        "# comment \"with quotes\n\ncpu,host=a,dc=b usage=1.5,idle=3i 1519862400000000000\r\ncpu value=2u\n  mem free=t \n",
    );
    assert_eq!(
        samples(&lines),
        [
            ("cpu.usage;dc=b;host=a".to_owned(), 1_519_862_400_000, 1.5),
            ("cpu.idle;dc=b;host=a".to_owned(), 1_519_862_400_000, 3.0),
            ("cpu.value".to_owned(), NOW.0, 2.0),
            ("mem.free".to_owned(), NOW.0, 1.0),
        ]
    );
    assert_eq!(lines.lines, [3, 3, 4, 5]);
    assert_eq!((lines.received, lines.stamped), (4, 2));
}

#[test]
fn every_form_of_a_value_is_read() {
    for (written, number) in [
        ("1", 1.0),
        ("-1.5e3", -1500.0),
        (".5", 0.5),
        ("1E-2", 0.01),
        ("-7i", -7.0),
        ("9223372036854775807i", 9_223_372_036_854_775_807.0),
        ("18446744073709551615u", 18_446_744_073_709_551_615.0),
        ("t", 1.0),
        ("TRUE", 1.0),
        ("f", 0.0),
        ("False", 0.0),
    ] {
        assert_eq!(one(&format!("m x={written}")), ("m.x".to_owned(), number));
    }
    for wrong in [
        "nan",
        "inf",
        "-Infinity",
        "1.5i",
        "-1u",
        "1e400",
        "tRue",
        "0x10",
        "1_0",
        "9223372036854775808i",
        "i",
        "u",
        "--1",
    ] {
        let lines = decode(&format!("m x={wrong},y=1"));
        assert_eq!(lines.rejects.len(), 1, "{wrong}");
        assert_eq!(lines.rejects[0].reason.code(), "value", "{wrong}");
        assert_eq!(lines.rejects[0].name.as_deref(), Some("m.x"));
        assert_eq!(samples(&lines), [("m.y".to_owned(), NOW.0, 1.0)]);
    }
}

#[test]
fn texts_are_refused_and_counted_and_cost_their_neighbours_nothing() {
    let mut decoder = Decoder::default();
    let text = "m a=\"x, y=1 \\\" z\",b=1 1519862400000000000\nm a=\"two\nlines\",b=2 1519862401000000000\nm a=\"\"\n";
    decoder.feed(text.as_bytes(), NOW);
    let lines = decoder.take();
    assert_eq!(
        samples(&lines),
        [
            ("m.b".to_owned(), 1_519_862_400_000, 1.0),
            ("m.b".to_owned(), 1_519_862_401_000, 2.0),
        ]
    );
    assert_eq!(
        (decoder.texts(), lines.rejects.len(), lines.received),
        (3, 3, 5)
    );
}

#[test]
fn backslashes_mean_what_they_mean_to_influxdb() {
    for (text, name) in [
        ("my\\ m,a\\,b=c\\=d x=1", "my_m.x;a_b=c=d"),
        ("m\\,x,k\\=l=v x\\=y=1", "m_x.x=y;k_l=v"),
        ("m,p=C:\\dir x=1", "m.x;p=C:_dir"),
        ("m,p=a;b x=1", "m.x;p=a_b"),
        ("m;p=a x=1", "m_p=a.x"),
        (
            "disk,path=/var/lib,name=a b\\ c=1",
            "disk.b_c;name=a;path=/var/lib",
        ),
        ("m\"q x=1", "m_q.x"),
        ("é,ü=ß ö=1", "é.ö;ü=ß"),
        ("a.b c.d=1", "a.b.c.d"),
    ] {
        assert_eq!(one(text), (name.to_owned(), 1.0), "{text}");
    }
    assert_eq!(decode("my\\ m x=1\nm x=1").renamed, 1);
}

#[test]
fn times_count_in_the_unit_that_was_said() {
    let at = |word: &str, time: &str| {
        let precision = Precision::parse(word);
        let lines = decode_in(precision, &[format!("m x=1 {time}").as_bytes()]);
        match lines.batch.iter().next() {
            Some(sample) => Ok(sample.at.0),
            None => Err(lines.rejects[0].reason.to_string()),
        }
    };
    for (word, time) in [
        ("", "1519862400250999999"),
        ("ns", "1519862400250000000"),
        ("n", "1519862400250000000"),
        ("us", "1519862400250000"),
        ("u", "1519862400250000"),
        ("ms", "1519862400250"),
    ] {
        assert_eq!(at(word, time), Ok(1_519_862_400_250), "{word}");
    }
    assert_eq!(at("s", "1519862400"), Ok(1_519_862_400_000));
    assert_eq!(at("m", "25331040"), Ok(1_519_862_400_000));
    assert_eq!(at("h", "422184"), Ok(1_519_862_400_000));
    assert_eq!(at("ns", "1519862400"), Ok(1519));
    assert_eq!(at("", "0"), Ok(0));
    for (word, time, expected) in [
        ("", "1519862400", "`precision=s`"),
        ("", "1519862400000", "`precision=ms`"),
        ("", "1519862400000000", "`precision=us`"),
        ("s", "1519862400000", "beyond the year 9999"),
        ("h", "9223372036854775807", "beyond the year 9999"),
        ("s", "99999999999999999999", "beyond the year 9999"),
        ("s", "-1", "before 1970"),
        ("s", "1.5", "not a whole number"),
        ("s", "now", "not a whole number"),
    ] {
        let error = at(word, time).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    assert_eq!(Precision::parse("d"), None);
}

#[test]
fn what_is_no_line_says_why_and_where() {
    let mut text = b"cpu\ncpu \n,a=b x=1\ncpu,a x=1\ncpu,=b x=1\ncpu,a= x=1\ncpu x\ncpu x=\ncpu =1\ncpu x=1, 5\ncpu x=1 5 6\ncpu x=\"a\"b\n\xff x=1\ncpu..a x=1\ncpu,a=1,a=2 x=1\ncpu x=\"open".to_vec();
    let lines = decode_in(None, &[&text]);
    let reasons: Vec<_> = lines
        .rejects
        .iter()
        .map(|reject| (reject.line, reject.reason.to_string()))
        .collect();
    let expected = [
        "missing fields",
        "missing fields",
        "missing measurement",
        "missing tag value",
        "missing tag key",
        "missing tag value",
        "missing field value",
        "missing field value",
        "missing field key",
        "missing field key",
        "something follows the timestamp",
        "something follows the quotes of a field",
        "the line is not UTF-8 at offset 0",
        "the name has an empty element (a dot too many)",
        "the name has the tag `a` twice",
        "unbalanced quotes",
    ];
    let expected: Vec<_> = (1..)
        .zip(expected)
        .map(|(line, why)| (line, why.to_owned()))
        .collect();
    assert_eq!(reasons, expected);
    assert_eq!((lines.received, lines.batch.len()), (16, 0));
    // Behind a line that is too long, the next one is a line of its own.
    text = b"cpu x=\"".to_vec();
    text.extend(std::iter::repeat_n(b'a', LINE_BYTES_MAX));
    text.extend(b"\"\"\ncpu x=1\n");
    let lines = decode_in(None, &[&text]);
    assert_eq!((lines.received, lines.batch.len()), (2, 1));
    let many = format!("m {}", vec!["a=1"; FIELDS_MAX + 1].join(","));
    assert_eq!(decode(&many).received, 1);
    assert_eq!(decode(&many[..many.len() - 4]).batch.len(), FIELDS_MAX);
}

#[test]
fn what_broke_off_is_no_sample() {
    let mut decoder = Decoder::default();
    decoder.feed(b"m a=1\nm a=2", NOW);
    decoder.abandon("the end came early".to_owned());
    let lines = decoder.take();
    assert_eq!((lines.batch.len(), lines.received), (1, 2));
    assert_eq!(lines.rejects[0].line, 2);
}

/// Writes what the reader reads back.
fn escaped(text: &str, marks: &[char]) -> String {
    let mut out = String::new();
    for character in text.chars() {
        if marks.contains(&character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

proptest! {
    #[test]
    fn no_bytes_panic_and_all_are_accounted_for(bytes: Vec<u8>) {
        let lines = decode_in(None, &[&bytes]);
        prop_assert_eq!(lines.received, (lines.batch.len() + lines.rejects.len()) as u64);
        prop_assert_eq!(lines.lines.len(), lines.batch.len());
    }

    #[test]
    fn chunks_do_not_matter(text in "([a-c \\\\\",=#\r\n1it]|m x=1\n|x=\"){0,80}", at in 1_usize..9) {
        let whole = decode_in(None, &[text.as_bytes()]);
        let chunks: Vec<&[u8]> = text.as_bytes().chunks(at).collect();
        let parts = decode_in(None, &chunks);
        prop_assert_eq!(samples(&parts), samples(&whole));
        prop_assert_eq!(parts.rejects, whole.rejects);
        prop_assert_eq!(parts.received, whole.received);
    }

    #[test]
    fn what_is_written_is_read_back(
        measurement in "[a-z][a-z ,=]{0,8}[a-z]",
        tag in "[a-z][a-z ,=]{0,8}[a-z]",
        text in "[a-z][a-z ,=]{0,8}[a-z]",
        field in "[a-z][a-z ,=]{0,8}[a-z]",
        number in -1e15_f64..1e15,
        millis in 200_000_000_000_i64..253_402_300_799_999,
    ) {
        let line = format!(
            "{},{}={} {}={number} {millis}",
            escaped(&measurement, &[',', ' ']),
            escaped(&tag, &[',', '=', ' ']),
            escaped(&text, &[',', '=', ' ']),
            escaped(&field, &[',', '=', ' ']),
        );
        let lines = decode_in(Some(Precision::Milliseconds), &[line.as_bytes()]);
        let plain = |text: &str| text.replace([',', ' '], "_");
        let label = plain(&tag).replace('=', "_");
        let name = format!("{}.{};{label}={}", plain(&measurement), plain(&field), plain(&text));
        prop_assert_eq!(samples(&lines), [(name, millis, number)]);
    }
}
