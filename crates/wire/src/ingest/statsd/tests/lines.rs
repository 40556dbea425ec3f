use super::*;
use base::sample::RejectReason;

/// The values of a packet, as text.
fn read(text: &str) -> Vec<String> {
    let mut output = Vec::new();
    let reading = packet(text.as_bytes(), true, |metric| {
        let rate = if metric.rate < 1.0 {
            format!(" @{}", metric.rate)
        } else {
            String::new()
        };
        output.push(format!("{} {:?}{rate}", metric.name, metric.value));
        Ok(())
    });
    assert_eq!(reading.received, output.len() as u64 + reading.rejected());
    for reject in reading.rejects {
        output.push(format!("{}: {}", reject.line, reject.reason));
    }
    output
}

#[test]
fn every_type_is_read() {
    assert_eq!(
        read(
            "gorets:1|c\nglork:320|ms|@0.1\r\ngaugor:333|g\n\ngaugor:-10|g\ngaugor:+4|g\nuniques:765|s\nh:-1.5|h\nd:2|d\nm:3|m\n"
        ),
        [
            "gorets Count(1.0)",
            "glork Timer(320.0) @0.1",
            "gaugor Gauge(333.0)",
            "gaugor GaugeChange(-10.0)",
            "gaugor GaugeChange(4.0)",
            "uniques Member(\"765\")",
            "h Timer(-1.5)",
            "d Timer(2.0)",
            "m Count(3.0)",
        ]
    );
}

#[test]
fn tags_of_all_three_kinds_are_labels() {
    for (line, expected) in [
        ("a.b:1|c|#host:x,up", "a.b;host=x;up=true Count(1.0)"),
        ("a.b:1|c|@0.5|#host:x:1", "a.b;host=x:1 Count(1.0) @0.5"),
        ("a.b:1|c|#host:x|@0.5", "a.b;host=x Count(1.0) @0.5"),
        (
            "a.b:1|c|#host:a b;c|c:in-1234:5",
            "a.b;host=a_b_c Count(1.0)",
        ),
        ("a.b,z=1,host=x:1|c", "a.b;host=x;z=1 Count(1.0)"),
        ("a.b;z=1;host=x:1|c", "a.b;host=x;z=1 Count(1.0)"),
        ("a.b;z=1:1|c|#host:x", "a.b;host=x;z=1 Count(1.0)"),
        ("a.b:1|c|#", "a.b Count(1.0)"),
    ] {
        assert_eq!(read(line), [expected], "{line}");
    }
}

#[test]
fn a_line_may_hold_several_values() {
    assert_eq!(
        read("a:1|c:2|g:x|s|@0.1:3:4|ms|@0.5"),
        [
            "a Count(1.0)",
            "a Gauge(2.0)",
            "a Member(\"x\") @0.1",
            "a Timer(3.0) @0.5",
            "a Timer(4.0) @0.5",
        ]
    );
    assert_eq!(
        read("a:1:x:2|c|#k:v"),
        [
            "a;k=v Count(1.0)",
            "a;k=v Count(2.0)",
            "1: the value `x` is not a number"
        ]
    );
}

#[test]
fn names_are_cleaned_as_etsy_cleans_them() {
    assert_eq!(read("my  page/a(b)é.x:1|c\n"), ["my_page-ab.x Count(1.0)"]);
    let mut names = Vec::new();
    let reading = packet("a/b.é:1|c\na b:1|c".as_bytes(), false, |metric| {
        names.push(metric.name.to_string());
        Ok(())
    });
    assert_eq!(names, ["a/b.é"]);
    assert_eq!(reading.rejects[0].reason.code(), "name");
}

#[test]
fn what_is_no_metric_says_why_and_where() {
    let long = format!("{}:1|c", "a".repeat(LINE_BYTES_MAX));
    for (line, expected) in [
        ("a", "1: the line has no value, expected `name:value|type`"),
        (
            "a:1",
            "1: the value `1` has no type, expected `name:value|type`",
        ),
        ("a:|c", "1: the value `` is not a number"),
        ("a:nan|g", "1: the value `nan` is not a finite number"),
        (
            "a:1|x",
            "1: `x` is no type; the types are `c`, `g`, `ms`, `h`, `d`, `m` and `s`",
        ),
        ("a:-1|ms", "1: the time `-1` is less than nothing"),
        ("a:1|c|@0", "1: the rate `@0` is no share of 1, as `@0.1`"),
        ("a:1|c|@2", "1: the rate `@2` is no share of 1, as `@0.1`"),
        (
            "a:1|c|0.1",
            "1: `|0.1` is neither a rate (`|@0.1`) nor tags (`|#k:v`)",
        ),
        (
            "a:1|c|@0.1|@0.2",
            "1: the value has two rates, or tags twice",
        ),
        (
            "a:1|c|T1700000000",
            "1: `|T1700000000` sets a time, but what is summed up has the time of its sum",
        ),
        ("a:1|c|#k:1,k:2", "1: the name has the tag `k` twice"),
        (
            "a,k:1|c",
            "1: the name's tag `k` is not of the form `tag=value`",
        ),
        (
            "a..b:1|c",
            "1: the name has an empty element (a dot too many)",
        ),
        ("é:1|c", "1: the name is empty"),
        (
            "_e{1,1}:a|b",
            "1: an event or a service check of DogStatsD, which are no metrics",
        ),
        (long.as_str(), "1: the line has more than 8192 bytes"),
    ] {
        assert_eq!(read(line), [expected], "{line}");
    }
    let reading = packet(b"a:1|c\n\xff:1|c", true, |_| Ok(()));
    assert_eq!((reading.received, reading.rejects[0].line), (2, 2));
}

#[test]
fn a_line_of_thousands_of_wrong_values_is_a_few_rejects() {
    let line = format!("{}:{}1|c", "n".repeat(900), "x:".repeat(3000));
    let reading = packet(line.as_bytes(), true, |_| Ok(()));
    assert_eq!((reading.received, reading.rejected()), (3001, 3000));
    assert_eq!(reading.rejects.len(), 1);
}

/// A long name that is none was cleaned and read again for each of the values that follow it.
#[test]
fn the_name_of_a_line_is_read_once_whatever_it_is() {
    for name in ["a.b", "a..b"] {
        let line = format!("{name}:{}1|c", "1|c:".repeat(500));
        let before = super::super::name::READ.get();
        let reading = packet(line.as_bytes(), true, |_| Ok(()));
        assert_eq!(super::super::name::READ.get() - before, 1, "{name}");
        assert_eq!(reading.received, 501);
    }
}

/// It was cleaned again for each value that has tags of its own: a line has room for hundreds.
#[test]
fn the_name_of_a_line_is_read_once_whatever_tags_its_values_have() {
    for (key, taken) in [("a/b,k=v", 301), ("a..b", 0), (&*"a".repeat(2000), 0)] {
        let line = format!("{key}:{}1|c|#y:2", "1|c|#y:2|@1:".repeat(300));
        let before = super::super::name::READ.get();
        let mut names = Vec::new();
        let reading = packet(line.as_bytes(), true, |metric| {
            names.push(metric.name.to_string());
            Ok(())
        });
        assert_eq!(super::super::name::READ.get() - before, 1, "{key}");
        assert_eq!((reading.received, names.len()), (301, taken), "{key}");
        assert!(names.iter().all(|name| name == "a-b;k=v;y=2"), "{names:?}");
    }
    // Values with tags and without, in any order.
    assert_eq!(
        read("a:1|c:2|c|#y:2|@1:3|c|#x:1|@1:4|c"),
        [
            "a Count(1.0)",
            "a;y=2 Count(2.0)",
            "a;x=1 Count(3.0)",
            "a Count(4.0)"
        ]
    );
}

/// A line of thousands of values counted as its bytes, and cost as much as thousands of lines with its name.
#[test]
fn values_of_a_line_are_counted_as_lines_of_their_own() {
    let saved = |text: &str| packet(text.as_bytes(), true, |_| Ok(())).saved_bytes;
    assert_eq!(saved("abc:1|c\nabc:2|c\n\n"), 0);
    assert_eq!(saved("abc:1:2|c:3|ms\nb:1|c"), 2 * (3 + 4));
    // With the tags, which are a part of the name; what is refused costs no less.
    assert_eq!(saved("abc:1:2|c|#k:v"), 7 + 4);
    assert_eq!(saved("abc:1:x|c"), 3 + 4);
    assert_eq!(saved("a..c:1:2|c"), 4 + 4);
    for (name, values) in [("a", 2000), (&*"n".repeat(900), 1500)] {
        let line = format!("{name}:{}1|c", "1:".repeat(values));
        let apart = format!("{name}:1|c\n").repeat(values + 1);
        let counted = line.len() as u64 + saved(&line);
        assert!(counted >= apart.len() as u64, "{counted}");
        assert!(counted < apart.len() as u64 * 3 / 2, "{counted}");
    }
}

/// Every value of such a line had the names of all its sums made and refused anew: a few datagrams kept a listener busy for long.
#[test]
fn a_name_that_is_refused_is_not_tried_again_on_its_line() {
    let mut aggregator = new_aggregator(Settings::default());
    // The name itself may be; those of its sums have too many bytes.
    let name = "a".repeat(1020);
    let values = "1:".repeat(1000);
    let text = format!("{name}:{values}1|ms:1|ms:1|c\nb:1|ms\n{name}:1|ms");
    let mut tried = Vec::new();
    let reading = packet(text.as_bytes(), true, |metric| {
        tried.push(metric.name.len());
        aggregator.add(metric)
    });
    assert_eq!(tried, [1020, 1, 1020]);
    assert_eq!(reading.received, 1003 + 1 + 1);
    let rejects: Vec<_> = reading
        .rejects
        .iter()
        .map(|reject| (reject.line, reject.reason.code(), reject.count))
        .collect();
    assert_eq!(rejects, [(1, "name", 1003), (3, "name", 1)]);
    assert_eq!(aggregator.series(), 1);
}

/// An invalid value says nothing of the others.
#[test]
fn a_value_that_is_refused_leaves_the_others_of_its_line() {
    let mut tried = 0;
    let reading = packet(b"a:1:2:x:3|c", true, |_| {
        tried += 1;
        match tried {
            1 => Err(RejectReason::OutOfReach),
            _ => Ok(()),
        }
    });
    assert_eq!((tried, reading.received, reading.rejected()), (3, 4, 2));
}

/// Lines of all shapes, most of them right.
fn lines() -> impl Strategy<Value = String> {
    let line = "[a-c.]{1,4}(,k=[a-z]{1,2}|;k=[a-z]{1,2})?:[+-]?[0-9]{1,3}(\\.[0-9])?(:[0-9]{1,3})?\\|(c|g|ms|h|d|m|s|x)(\\|@0\\.[0-9])?(\\|#[a-c]:[:a-z]{1,3})?";
    prop::collection::vec(
        prop_oneof![4 => line, 1 => "[a-c:|@#;,.0-9\r ]{0,12}"],
        0..8,
    )
    .prop_map(|lines| lines.join("\n"))
}

fn decode(text: &[u8], chunk: usize) -> (Vec<String>, DecodeSummary) {
    let mut metrics = Vec::new();
    let mut decoder = Decoder::new(true);
    let mut sum = DecodeSummary::default();
    let mut add = |reading: DecodeSummary| {
        sum.received += reading.received;
        sum.rejects.extend(reading.rejects);
        sum.saved_bytes += reading.saved_bytes;
    };
    let mut take = |metric: &Metric<'_>| {
        metrics.push(format!("{metric:?}"));
        Ok(())
    };
    for chunk in text.chunks(chunk) {
        add(decoder.feed(chunk, &mut take));
    }
    add(decoder.finish(&mut take));
    (metrics, sum)
}

proptest! {
    #[test]
    fn chunks_do_not_matter_and_a_packet_is_a_stream(text in lines(), chunk in 1_usize..20) {
        let whole = decode(text.as_bytes(), usize::MAX);
        prop_assert_eq!(&decode(text.as_bytes(), chunk), &whole);
        let mut metrics = Vec::new();
        let reading = packet(text.as_bytes(), true, |metric| {
            metrics.push(format!("{metric:?}"));
            Ok(())
        });
        prop_assert_eq!((metrics, reading), whole);
    }

    #[test]
    fn no_bytes_panic_and_every_value_is_counted(bytes: Vec<u8>, sanitize: bool) {
        let mut taken = 0;
        let reading = packet(&bytes, sanitize, |_| { taken += 1; Ok(()) });
        prop_assert_eq!(reading.received, taken + reading.rejected());
    }

    #[test]
    fn what_is_written_is_read(
        name in "[a-z]{1,5}(\\.[a-z0-9_-]{1,5}){0,3}",
        tags in prop::collection::btree_map("[a-z]{1,4}", "[a-z0-9./:-]{1,6}", 0..3),
        count in -1e9_f64..1e9,
        rate in 0.01_f64..1.0,
    ) {
        let pairs: Vec<_> = tags.iter().map(|(key, value)| format!("{key}:{value}")).collect();
        let tail = if pairs.is_empty() { String::new() } else { format!("|#{}", pairs.join(",")) };
        let line = format!("{name}:{count}|c|@{rate}{tail}");
        let labels: String = tags.iter().map(|(key, value)| format!(";{key}={value}")).collect();
        let expected = Metric {
            name: format!("{name}{labels}").into(),
            value: Value::Count(count),
            rate,
        };
        let mut seen = 0;
        let reading = packet(line.as_bytes(), true, |metric| {
            assert_eq!(*metric, expected);
            seen += 1;
            Ok(())
        });
        prop_assert_eq!((seen, reading.rejects), (1, Vec::new()));
    }
}
