use super::*;
use crate::name::NameError;
use proptest::prelude::*;

fn key(path: &str, labels: &[(&str, &str)]) -> SeriesKey<'static> {
    SeriesKey::new(path, labels.iter().copied()).unwrap()
}

#[test]
fn a_series_without_labels_has_its_path_as_key() {
    let plain = key("a.b", &[("gone", "")]);
    assert_eq!(plain.as_bytes(), b"a.b");
    assert_eq!(plain.graphite(), "a.b");
    assert!(matches!(plain.graphite(), Cow::Borrowed(_)));
    assert_eq!(plain.prometheus(), "{\"a.b\"}");
    assert_eq!(key("a", &[]).prometheus(), "a");
    assert_eq!(plain.label("gone"), "");
}

#[test]
fn both_texts_render_the_same_series() {
    let series = key("up", &[("job", "a b;c"), ("host", "h.1/x\"\\\n")]);
    assert_eq!(
        series.as_bytes(),
        b"up\0\x04host\x08h.1/x\"\\\n\x03job\x05a b;c"
    );
    assert_eq!(series.graphite(), r"up;host=h.1/x\22\5c\0a;job=a\20b\3bc");
    assert_eq!(series.prometheus(), r#"up{host="h.1/x\"\\\n",job="a b;c"}"#);
    assert_eq!(series.label("job"), "a b;c");
    assert_eq!(
        SeriesKey::parse_prometheus(" up { job = \"a b;c\" ,host=\"h.1/x\\\"\\\\\\n\", } "),
        Ok(series)
    );
    let dotted = key("shop.eu", &[("host-name", "a"), ("__name__", "b")]);
    assert_eq!(
        dotted.prometheus(),
        r#"{"shop.eu","__name__"="b","host-name"="a"}"#
    );
    let named = SeriesKey::parse_prometheus(r#"{host="a",__name__="up"}"#);
    assert_eq!(named, Ok(key("up", &[("host", "a")])));
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let syntax = |what, at| Err(KeyError::Syntax { what, at });
    for (text, error) in [
        ("up{", syntax("expected `\"`", 3)),
        ("up{a}", syntax("expected `=`", 4)),
        ("up{a=\"b}", syntax("a quote without its partner", 6)),
        (
            "up{a=\"\\x\"}",
            syntax("expected `\\\\`, `\\\"` or `\\n` for the backslash", 6),
        ),
        (
            "up{a=\"b\" c=\"d\"}",
            syntax("expected `,` or `}` behind the label", 9),
        ),
        ("up{\"b\"}", syntax("a second path", 3)),
        ("up} ", syntax("expected the end", 2)),
        ("", Err(NameError::Empty.into())),
        ("{a=\"b\"}", Err(NameError::Empty.into())),
        ("up{a=\"1\",a=\"2\"}", Err(KeyError::Duplicate("a".into()))),
    ] {
        assert_eq!(SeriesKey::parse_prometheus(text), error, "{text:?}");
    }
    let escape = "a `\\` without two hexadecimal digits of UTF-8 behind it";
    for (text, error) in [
        (r"a;b=\", syntax(escape, 4)),
        (r"a;b=\g0", syntax(escape, 4)),
        (r"a;b=\ff", syntax(escape, 4)),
        (
            "a;b",
            syntax("a label that is not of the form `name=value`", 2),
        ),
        ("a;b=c;=d", Err(KeyError::NoName)),
        ("a..b;c=d", Err(NameError::EmptyElement.into())),
    ] {
        assert_eq!(SeriesKey::parse_graphite(text), error, "{text:?}");
    }
    let blank = KeyError::Character {
        name: "a b".into(),
        character: ' ',
    };
    assert_eq!(SeriesKey::new("up", [("a b", "c")]), Err(blank));
}

#[test]
fn limits_of_a_series() {
    let size = |bound: limit::Limit| usize::try_from(bound.default).unwrap();
    let (most, name, value) = (
        size(limit::LABELS_PER_SERIES),
        size(limit::LABEL_NAME_BYTES),
        size(limit::LABEL_VALUE_BYTES),
    );
    let names: Vec<String> = (0..=most).map(|at| format!("l{at}")).collect();
    let labels = |count| names.iter().take(count).map(|name| (name.as_str(), "x"));
    assert!(SeriesKey::new("a", labels(most)).is_ok());
    let (name, value) = ("n".repeat(name + 1), "v".repeat(value + 1));
    for (labels, about) in [
        (labels(most + 1).collect(), limit::LABELS_PER_SERIES),
        (vec![(name.as_str(), "v")], limit::LABEL_NAME_BYTES),
        (vec![("n", value.as_str())], limit::LABEL_VALUE_BYTES),
        (
            ["a", "b", "c"].map(|label| (label, &value[1..])).to_vec(),
            limit::SERIES_KEY_BYTES,
        ),
    ] {
        let error = SeriesKey::new("a", labels.iter().copied()).unwrap_err();
        assert_eq!(error.limit(), Some(&about), "{error}");
        assert!(error.to_string().contains(about.name), "{error}");
    }
    let error = SeriesKey::new(&"a".repeat(1025), []).unwrap_err();
    assert_eq!(error.limit(), Some(&limit::NAME_BYTES));
    let deep = SeriesKey::new(&["a"; 65].join("."), []).unwrap_err();
    assert_eq!(deep.limit(), Some(&limit::NAME_ELEMENTS));
}

#[test]
fn series_of_a_path_stand_side_by_side() {
    let sorted = [
        key("a", &[]),
        key("a", &[("b", "z")]),
        key("a", &[("c", "!")]),
        key("a!", &[]),
        key("a-b", &[]),
        key("a.b", &[]),
    ];
    assert!(sorted.is_sorted());
}

#[test]
fn what_is_not_canonical_is_no_key() {
    for bytes in [
        "a\0",
        "a\0\u{1}b",
        "a\0\u{1}b\u{2}c",
        "a\0\u{1}b\0",
        "a\0\u{1}b\u{1}cx",
        "a\0\u{1}c\u{1}x\u{1}b\u{1}x",
        "a\0\u{1}b\u{1}x\u{1}b\u{1}x",
        "\0\u{1}b\u{1}x",
        "a.\0\u{1}b\u{1}x",
        "a\0\u{1};\u{1}x",
        "a;b=c",
    ] {
        let key = SeriesKey::from_bytes(bytes.as_bytes());
        assert!(key.is_err(), "{bytes:?}");
    }
    assert!(SeriesKey::from_bytes(b"a\xff").is_err());
}

fn keys() -> impl Strategy<Value = SeriesKey<'static>> {
    let label = (
        "[a-c_é-]{1,3}|__name__|name",
        "([a-c;.=/ \"\\\\\n\\*{},é]|\\PC|\u{200b}){0,9}",
    );
    let path = "[a-c_:-]{1,3}(\\.[a-cé]{1,2}){0,2}";
    (path, prop::collection::btree_map(label.0, label.1, 0..5)).prop_map(|(path, labels)| {
        let labels = labels.iter();
        let labels = labels.map(|(name, value)| (name.as_str(), value.as_str()));
        SeriesKey::new(&path, labels).unwrap()
    })
}

proptest! {
    #[test]
    fn every_form_reads_back(key in keys()) {
        prop_assert_eq!(SeriesKey::from_bytes(key.as_bytes()), Ok(key.clone()));
        prop_assert_eq!(SeriesKey::parse_graphite(&key.graphite()), Ok(key.clone()));
        prop_assert_eq!(SeriesKey::parse_prometheus(&key.prometheus()), Ok(key.clone()));
        let labels: Vec<_> = key.labels().collect();
        prop_assert_eq!(SeriesKey::new(key.path(), labels.into_iter().rev()), Ok(key.clone()));
        prop_assert!(key.graphite().chars().all(|character| character == '\\' || crate::name::allowed(character)));
    }

    #[test]
    fn two_series_have_two_texts(one in keys(), other in keys()) {
        prop_assert_eq!(one == other, one.graphite() == other.graphite());
        prop_assert_eq!(one == other, one.prometheus() == other.prometheus());
    }

    #[test]
    fn whatever_a_sender_may_send_is_the_series_that_its_text_renders(text in "[a-b.]{1,4}(;[a-c=_]{1,3}=[a-c=./-]{0,4}){0,4}") {
        if let Ok(name) = SeriesName::parse(&text) {
            let key = SeriesKey::from(&name);
            prop_assert_eq!(key.graphite(), name.as_str());
            prop_assert_eq!(SeriesKey::from_bytes(key.as_bytes()), Ok(key.clone()));
            prop_assert_eq!(SeriesKey::parse_graphite(&text), Ok(key.clone()));
        }
    }

    #[test]
    fn no_text_panics(text in "([a-c;={}\",\\\\ ]|\\PC|[\0-\u{8}]){0,30}") {
        let _ = SeriesKey::parse_graphite(&text);
        let _ = SeriesKey::parse_prometheus(&text);
        if let Ok(key) = SeriesKey::from_bytes(text.as_bytes()) {
            prop_assert_eq!(SeriesKey::parse_graphite(&key.graphite()), Ok(key.clone()));
        }
    }
}
