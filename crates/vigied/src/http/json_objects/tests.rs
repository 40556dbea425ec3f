use super::*;
use std::collections::BTreeMap;

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Inner {
    name: Option<String>,
    pair: (u8, f64),
}

#[derive(Debug, PartialEq, Deserialize)]
enum Kind {
    Plain,
    Named(Inner),
    Spelled { inner: Inner },
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Outer<'a> {
    text: &'a str,
    inner: Option<Inner>,
    several: Vec<Inner>,
    by_name: BTreeMap<String, Inner>,
    kinds: Vec<Kind>,
    any: serde_json::Value,
}

/// The fault of a body.
fn fault(text: &str) -> Fault {
    from_slice::<Outer<'_>>(text.as_bytes()).unwrap_err()
}

#[test]
fn objects_lists_and_words_are_read_as_ever() {
    let text = r#"{"text":"a","inner":{"name":"b","pair":[1,2.5]},"several":[{},{"name":null}],"by_name":{"c":{}},
        "kinds":["Plain",{"Named":{}},{"Spelled":{"inner":{}}}],"any":[{"d":[]},-1,true,null]}"#;
    let read: Outer<'_> = from_slice(text.as_bytes()).unwrap();
    assert_eq!(read, serde_json::from_str(text).unwrap());
    assert_eq!(read.inner.unwrap().pair, (1, 2.5));
    assert_eq!(read.kinds.len(), 3);
    assert_eq!(from_slice::<Vec<Inner>>(b" [{}] ").unwrap().len(), 1);
    let value = serde_json::json!({"name": "b", "pair": [1, 2.5]});
    let inner: Inner = from_value(value).unwrap();
    assert_eq!(inner.pair, (1, 2.5));
}

#[test]
fn a_list_is_no_object_however_deep() {
    for text in [
        "[]",
        r#"{"inner":[]}"#,
        r#"{"inner":["a"]}"#,
        r#"{"several":[[]]}"#,
        r#"{"by_name":{"c":[]}}"#,
        r#"{"kinds":[{"Named":[]}]}"#,
        r#"{"kinds":[{"Spelled":[{}]}]}"#,
        r#"{"kinds":[{"Spelled":{"inner":[]}}]}"#,
    ] {
        let Fault::Malformed { error, .. } = fault(text) else {
            panic!("{text}");
        };
        assert!(error.is_data(), "{text}: {error}");
        let error = error.to_string();
        assert!(
            error.contains("sequence, expected an object"),
            "{text}: {error}"
        );
    }
    for (text, words) in [
        (r#"{"inner":[]}"#, "invalid type: list, expected an object"),
        (r#"{"several":{}}"#, "invalid type: object, expected a list"),
    ] {
        let message = fault(text).to_string();
        assert!(message.contains(words), "{text}: {message}");
    }
    assert!(from_slice::<Outer<'_>>(b"{} {}").is_err());
    assert!(from_value::<Inner>(serde_json::json!([])).is_err());
}

#[test]
fn a_member_that_is_not_known_is_told_however_deep() {
    for (text, at) in [
        (r#"{"texts":"a"}"#, "texts"),
        (r#"{"text":"a","inner":{"naem":null}}"#, "inner.naem"),
        (r#"{"several":[{},{"":1}]}"#, "several[1]."),
        (r#"{"by_name":{"c":{"x":[[]]}}}"#, "by_name.x"),
        (r#"{"kinds":["Plain",{"Named":{"x":{}}}]}"#, "kinds[1].x"),
        (r#"{"kinds":[{"Spelled":{"outer":0}}]}"#, "kinds[0].outer"),
    ] {
        let fault = fault(text);
        assert!(matches!(fault, Fault::Unknown { .. }), "{text}: {fault}");
        assert_eq!(fault.member(), Some(at), "{text}");
        assert!(fault.hint().is_some(), "{text}");
    }
    let hint = fault(r#"{"inner":{"naem":null}}"#).hint();
    assert_eq!(hint.as_deref(), Some("did you mean `name`?"));
    let long = format!("{{\"{}\":0}}", "x".repeat(9999));
    assert!(fault(&long).member().is_some_and(|at| at.len() < 300));
    let value = serde_json::json!({"pairs": []});
    assert_eq!(
        from_value::<Inner>(value).unwrap_err().member(),
        Some("pairs")
    );
}

#[test]
fn the_member_of_a_wrong_value_is_told() {
    for (text, at) in [
        (r#"{"inner":{"name":1}}"#, Some("inner.name")),
        (
            r#"{"several":[{"pair":[1,2]},{"pair":[1,"a"]}]}"#,
            Some("several[1].pair[1]"),
        ),
        (r#"{"text":"a","text":"b"}"#, Some("text")),
        (r#"{"by_name":{"c":{},"c":{}}}"#, Some("by_name.c")),
        (r#"{"any":[{"d":1,"d":1}]}"#, Some("any[0].d")),
        (r#"{"inner":{"name":}}"#, None),
        ("7", None),
    ] {
        assert_eq!(fault(text).member(), at, "{text}");
    }
}

#[derive(Debug, Deserialize)]
struct Asked {
    #[serde(rename = "type")]
    _kind: String,
    #[serde(default)]
    _parts: Vec<Part>,
}

#[derive(Debug, Deserialize)]
struct Part {
    _value: Option<String>,
    #[serde(rename = "displayName")]
    _display_name: String,
}

/// The parser says the field alone, behind it the place where its object ends.
#[test]
fn a_member_that_is_missing_is_told_with_the_way_to_it() {
    for (text, at) in [
        ("{}", "type"),
        (r#"{"_parts":[]}"#, "type"),
        (
            r#"{"type":"a","_parts":[{"displayName":"b"},{}]}"#,
            "_parts[1].displayName",
        ),
    ] {
        let fault = from_slice::<Asked>(text.as_bytes()).unwrap_err();
        assert!(matches!(fault, Fault::Missing { .. }), "{text}: {fault}");
        assert_eq!(fault.member(), Some(at), "{text}");
        assert_eq!(fault.to_string(), format!("`{at}` is missing"), "{text}");
    }
    let fault = from_value::<Asked>(serde_json::json!({})).unwrap_err();
    assert_eq!(fault.to_string(), "`type` is missing");
}
