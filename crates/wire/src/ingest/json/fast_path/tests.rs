use super::super::{BodyError, decode, general};
use super::*;
use crate::ingest::{Names, Reject};
use base::time_expr::lenient::Notice;
use proptest::prelude::*;

const NOW: Millis = Millis(1_700_000_000_123);

/// Everything that a body decodes to.
type All = (
    Vec<(String, i64, u64)>,
    Vec<usize>,
    Vec<Reject>,
    usize,
    usize,
    Option<Notice>,
);

fn all(decoded: &Decoded) -> All {
    let samples = decoded.batch.iter();
    (
        samples
            .map(|sample| {
                (
                    sample.name().into_owned(),
                    sample.at.0,
                    sample.value.to_bits(),
                )
            })
            .collect(),
        decoded.positions.clone(),
        decoded.rejects.clone(),
        decoded.received,
        decoded.stamped,
        decoded.notice,
    )
}

/// Whether the body went the usual way, which must have led to where the general one does.
fn is_usual(body: &str) -> bool {
    let trimmed = body.trim_start_matches([' ', '\t', '\r', '\n']);
    let general = general(body, trimmed, Now::from(NOW), Names::default());
    let usual = super::decode(trimmed, Now::from(NOW), Names::default());
    if let Some(usual) = &usual {
        let general = general.as_ref().map(all);
        assert_eq!(Ok(all(usual)), general.map_err(Clone::clone), "{body}");
    }
    if trimmed.starts_with(['[', '{']) {
        let both = decode(body.as_bytes(), NOW);
        assert_eq!(both.as_ref().map(all), general.as_ref().map(all), "{body}");
    }
    usual.is_some()
}

#[test]
fn what_senders_write_goes_the_usual_way() {
    for body in [
        "[]",
        " [ ] \n",
        r#"[{"name":"a.b","value":1.5,"timestamp":1519862400}]"#,
        "[ {\n\t\"value\" : -0 , \"name\" : \"é\" } , {\"name\":\"a;t=b\",\"timestamp\":1519862400123,\"value\":1e-3}\r\n]\n",
        r#"[{"timestamp":-0,"name":"a","value":0.1000000000000000055511151231257827}]"#,
    ] {
        assert!(is_usual(body), "{body}");
    }
}

#[test]
fn an_item_that_is_written_otherwise_goes_the_general_way_alone() {
    for item in [
        "7",
        "null",
        "[]",
        "{}",
        r#"{"name":"b","value":null}"#,
        r#"{"name":"b","value":1,"host":{"x":[1]}}"#,
        r#"{"name":"\u0062","value":1}"#,
        r#"{"name":"b\"","value":1}"#,
        r#"{"name":"b","name":"c","value":1}"#,
        r#"{"name":"b","value":1,"timestamp":"10m"}"#,
        r#"{"name":"b","value":1,"timestamp":null}"#,
        r#"{"name":"b","value":1,"timestamp":-1}"#,
        r#"{"name":"b","value":1,"timestamp":253402300800000}"#,
        r#"{"name":"b","value":1e999}"#,
        r#"{"name":"b..c","value":1}"#,
    ] {
        let body = format!(r#"[{{"name":"a","value":1}},{item},{{"name":"z","value":2}}]"#);
        assert!(is_usual(&body), "{item}");
        let decoded = decode(body.as_bytes(), NOW).unwrap();
        assert_eq!(decoded.received, 3, "{item}");
    }
}

#[test]
fn what_may_be_an_error_is_judged_by_the_general_way() {
    for body in [
        "[",
        "[,]",
        r#"[{"name":"a","value":1},]"#,
        r#"[{"name":"a","value":1}"#,
        r#"[{"name":"a","value":1}] x"#,
        r#"[{"name":"a","value":1,}]"#,
        r#"[{"name":"a","value":01}]"#,
        r#"[{"name":"a","value":1}{"name":"b","value":1}]"#,
        "[{\"name\":\"a\u{1}\",\"value\":1}]",
        "[{\"name\":\"a\",\"value\":1}\u{a0}]",
    ] {
        assert!(!is_usual(body), "{body}");
        assert!(
            matches!(decode(body.as_bytes(), NOW), Err(BodyError::Syntax { .. })),
            "{body}"
        );
    }
    assert!(!is_usual(r#"{"name":"a","value":1}"#));
}

/// Items of all sorts, most of them usual.
/// A first item that is no sample says nothing about the rest, and a short one no more than a sample can be short.
#[test]
fn room_is_asked_for_in_proportion_to_the_body() {
    let blanks = " ".repeat(1 << 20);
    for first in ["0", "{}", "[]", r#"{"name":"a","value":1}"#] {
        let body = format!("[{first}{blanks}]");
        let decoded = super::decode(&body, Now::from(NOW), Names::default()).unwrap();
        let most = body.len() / ITEM_BYTES_MIN + 8;
        assert!(decoded.positions.capacity() <= most, "{first}");
        assert_eq!(decoded.positions.capacity() > 8, first.contains("name"));
    }
}

fn items() -> impl Strategy<Value = String> {
    let name = r#"("[a-cé.;=]{0,6}"|"[a-c]{1,3}\.[a-c]{1,3}"|"[a-c]{1,3}"|"a[\\"\u{1}b]"|5|null)"#;
    let number =
        r#"(-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?|[0-9]{1,2}\.[0-9]{2})"#;
    let time = r#"([0-9]{1,10}|[1-9][0-9]{9}|1519862400(\.[0-9]{1,6})?|[1-9][0-9]{11,15}|-?[0-9.e]{1,6}|null|"10m"|"soon")"#;
    let blank = "[ \n\t]{0,2}";
    let field = format!(
        r#"("name"{blank}:{blank}{name}|"value"{blank}:{blank}{number}|"timestamp"{blank}:{blank}{time}|"x":\[\{{\}}\])"#
    );
    let usual = format!(
        r#"\{{{blank}"name":{blank}{name}{blank},{blank}"value":{number}(,"timestamp":{blank}{time})?{blank}\}}"#
    );
    let other =
        format!(r#"(\{{{blank}({field}({blank},{blank}{field}){{0,3}})?{blank}\}}|7|"t"|null)"#);
    let of = |pattern: &str| proptest::string::string_regex(pattern).unwrap();
    prop_oneof![4 => of(&usual), 1 => of(&other)]
}

fn bodies() -> impl Strategy<Value = String> {
    let list = proptest::collection::vec(items(), 0..6);
    list.prop_map(|items| format!("[{}]", items.join(",")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn both_ways_lead_to_the_same(body in bodies()) {
        is_usual(&body);
    }

    #[test]
    fn both_ways_lead_to_the_same_from_damaged_bodies(
        body in bodies(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), 0_u8..3, r#"[\[\]{}:,"\\ne0-9.\n a-]"#), 1..4),
    ) {
        let mut characters: Vec<char> = body.chars().collect();
        for (at, how, with) in changes {
            let at = at.index(characters.len());
            let with = with.chars().next().unwrap();
            match how {
                0 => characters[at] = with,
                1 => characters.insert(at, with),
                _ if characters.len() > 1 => { characters.remove(at); }
                _ => {}
            }
        }
        is_usual(&characters.iter().collect::<String>());
    }
}
