//! The JSON that `write_http` sends: an array of lists of values, each with its names, its time, and the words for its values.

use super::bounded::Bounded;
use super::path::Identity;
use super::{ListValue, VALUES_MAX, push, refuse};
use crate::ingest::{Lines, Moment, Now, short_text, timestamp, value};
use base::sample::RejectReason;
use serde::Deserialize;
use serde::de::{Deserializer as _, Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// A body with more lists is refused as a whole: collectd cuts its own after some kilobytes.
pub const LISTS_MAX: usize = 200_000;

/// The most bytes of all names of a list together; more than the name of a series may have.
const NAME_BYTES_MAX: usize = 2048;

/// Why a body is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Not an array in JSON.
    #[error("the body is not a JSON array of value lists: {what} at line {line}, column {column}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1, in bytes.
        column: usize,
        /// The error there.
        what: String,
    },
    /// More than [`LISTS_MAX`].
    #[error("the body has more than {LISTS_MAX} value lists")]
    TooMany,
}

/// The lists of a body, to be decoded a few at a time.
#[derive(Debug)]
pub struct Decoder<'b> {
    lists: Vec<&'b RawValue>,
    next: usize,
}

impl<'b> Decoder<'b> {
    /// The lists of this body.
    ///
    /// # Errors
    /// [`BodyError`] when it is none.
    pub fn new(body: &'b [u8]) -> Result<Self, BodyError> {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let mut lists = Vec::new();
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        let read = deserializer.deserialize_seq(Lists(&mut lists));
        match read.and_then(|()| deserializer.end()) {
            Ok(()) => Ok(Self { lists, next: 0 }),
            Err(_) if lists.len() > LISTS_MAX => Err(BodyError::TooMany),
            Err(error) => {
                let text = error.to_string();
                let what = text
                    .rsplit_once(" at line ")
                    .map_or(text.as_str(), |halves| halves.0);
                Err(BodyError::Syntax {
                    line: error.line(),
                    column: error.column(),
                    what: short_text::short(what),
                })
            }
        }
    }

    /// Decodes the next list into `ready`; whether there was one.
    pub fn step<'n>(&mut self, ready: &mut Lines, now: impl Into<Now<'n>>) -> bool {
        let Some(raw) = self.lists.get(self.next) else {
            return false;
        };
        self.next += 1;
        let number = self.next as u64;
        match serde_json::from_str::<List<'_>>(raw.get()) {
            Ok(list) => list.push(ready, number, now.into()),
            Err(error) => {
                let what = format!("the value list cannot be read: {error}");
                refuse(
                    ready,
                    number,
                    None,
                    RejectReason::Malformed(short_text::short(&what)),
                );
            }
        }
        true
    }
}

struct Lists<'l, 'b>(&'l mut Vec<&'b RawValue>);

impl<'b> Visitor<'b> for Lists<'_, 'b> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of value lists")
    }

    fn visit_seq<A: SeqAccess<'b>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(raw) = items.next_element::<&RawValue>()? {
            self.0.push(raw);
            if self.0.len() > LISTS_MAX {
                return Err(A::Error::custom("too many"));
            }
        }
        Ok(())
    }
}

/// A list as it is sent; its other members (`dstypes`, `interval`, `meta`) are ignored.
#[derive(Deserialize)]
struct List<'b> {
    #[serde(borrow)]
    values: Bounded<&'b RawValue, VALUES_MAX>,
    #[serde(borrow, default)]
    dsnames: Bounded<Cow<'b, str>, VALUES_MAX>,
    #[serde(borrow, default)]
    time: Option<&'b RawValue>,
    #[serde(borrow)]
    host: Cow<'b, str>,
    #[serde(borrow)]
    plugin: Cow<'b, str>,
    #[serde(borrow, default)]
    plugin_instance: Cow<'b, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'b, str>,
    #[serde(borrow, default)]
    type_instance: Cow<'b, str>,
}

impl List<'_> {
    fn push(&self, ready: &mut Lines, number: u64, now: Now<'_>) {
        let identity = Identity {
            host: &self.host,
            plugin: &self.plugin,
            plugin_instance: &self.plugin_instance,
            kind: &self.kind,
            type_instance: &self.type_instance,
        };
        let parts = [identity.host, identity.plugin, identity.plugin_instance];
        let parts = parts
            .into_iter()
            .chain([identity.kind, identity.type_instance]);
        let longest = self.dsnames.items.iter().map(|item| item.len()).max();
        let bytes = parts.map(str::len).sum::<usize>() + longest.unwrap_or_default();
        // Before anything is made of it, as each value makes a name.
        if bytes > NAME_BYTES_MAX {
            let what =
                format!("the names of the list have {bytes} bytes, more than {NAME_BYTES_MAX}");
            return refuse(ready, number, None, RejectReason::Malformed(what));
        }
        let name = || {
            let mut name = String::new();
            identity.write(&mut name);
            Some(name)
        };
        let count = self.values.count;
        if count == 0 || count > VALUES_MAX {
            let what = format!("the list has {count} values, expected 1 to {VALUES_MAX}");
            return refuse(ready, number, name(), RejectReason::Malformed(what));
        }
        if count > 1 && self.dsnames.count != count {
            let named = self.dsnames.count;
            let what = format!("the list has {count} values, and names in `dsnames` for {named}");
            return refuse(ready, number, name(), RejectReason::Malformed(what));
        }
        let time = match self.time.map(RawValue::get) {
            None | Some("null") => Ok(now.moment()),
            Some(text) => timestamp(text).map(Moment::from),
        };
        let time = match time {
            Ok(time) => time,
            Err(reason) => return refuse(ready, number, name(), reason),
        };
        let values = self.values.items.iter().map(|raw| given(raw.get()));
        let source = |at: usize| self.dsnames.items.get(at).map(|item| &**item);
        push(ready, &identity, values, source, (time, number));
    }
}

fn given(raw: &str) -> ListValue {
    match raw {
        "null" => Err(RejectReason::Value(
            "the value is `null`: collectd did not know it".to_owned(),
        )),
        number if number.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => value(number),
        _ => Err(RejectReason::Value("the value is not a number".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::time::Millis;
    use proptest::prelude::*;

    fn decode(body: &str) -> Result<Lines, BodyError> {
        let mut decoder = Decoder::new(body.as_bytes())?;
        let mut ready = Lines::default();
        while decoder.step(&mut ready, Millis(7)) {}
        Ok(ready)
    }

    fn samples(lines: &Lines) -> Vec<(String, i64, f64)> {
        let all = lines.batch.iter();
        all.map(|sample| (sample.name().into_owned(), sample.at.0, sample.value))
            .collect()
    }

    #[test]
    fn names_are_those_of_write_graphite() {
        let lines = decode(
            r#"[{"values":[0.5,1,1.5],"dstypes":["gauge","gauge","gauge"],"dsnames":["shortterm","midterm","longterm"],"time":1519862400.250,"interval":10.000,"host":"web1.example.com","plugin":"load","plugin_instance":"","type":"load","type_instance":"","meta":{"a":"b"}},
            {"values":[18446744073709551615],"dstypes":["derive"],"dsnames":["value"],"time":1519862400,"interval":10.000,"host":"a","plugin":"cpu","plugin_instance":"0","type":"cpu","type_instance":"user;x=y [1]"},
            {"values":[null,2],"dsnames":["rx","tx"],"host":"a","plugin":"interface","plugin_instance":"eth0","type":"if_octets"}]"#,
        )
        .unwrap();
        let load = |source: &str| format!("web1_example_com.load.load.{source}");
        assert_eq!(
            samples(&lines),
            [
                (load("shortterm"), 1_519_862_400_250, 0.5),
                (load("midterm"), 1_519_862_400_250, 1.0),
                (load("longterm"), 1_519_862_400_250, 1.5),
                (
                    "a.cpu-0.cpu-user_x=y__1_".to_owned(),
                    1_519_862_400_000,
                    18_446_744_073_709_551_615.0
                ),
                ("a.interface-eth0.if_octets.tx".to_owned(), 7, 2.0),
            ]
        );
        assert_eq!(
            (lines.received, lines.rejects.len(), lines.renamed),
            (6, 1, 1)
        );
        let first = &lines.rejects[0];
        assert_eq!(first.name.as_deref(), Some("a.interface-eth0.if_octets.rx"));
        assert_eq!((first.line, first.reason.code()), (3, "value"));
    }

    #[test]
    fn what_is_no_list_costs_its_neighbours_nothing() {
        let good = r#"{"values":[1],"host":"a","plugin":"b","type":"c"}"#;
        for (wrong, code) in [
            ("1", "malformed"),
            ("{}", "malformed"),
            (
                r#"{"values":[],"host":"a","plugin":"b","type":"c"}"#,
                "malformed",
            ),
            (
                r#"{"values":[1,2],"host":"a","plugin":"b","type":"c"}"#,
                "malformed",
            ),
            (
                r#"{"values":["x"],"host":"a","plugin":"b","type":"c"}"#,
                "value",
            ),
            (
                r#"{"values":[1e999],"host":"a","plugin":"b","type":"c"}"#,
                "value",
            ),
            (
                r#"{"values":[1],"host":"","plugin":"b","type":"c"}"#,
                "name",
            ),
            (
                r#"{"values":[1],"time":"x","host":"a","plugin":"b","type":"c"}"#,
                "timestamp",
            ),
        ] {
            let lines = decode(&format!("[{good},{wrong},{good}]")).unwrap();
            assert_eq!((lines.received, lines.batch.len()), (3, 2), "{wrong}");
            assert_eq!(lines.rejects[0].reason.code(), code, "{wrong}");
        }
        for wrong in ["", "{}", "[", "[1,]", "PUTVAL"] {
            assert!(decode(wrong).is_err(), "{wrong}");
        }
        assert_eq!(decode("[]").unwrap().received, 0);
        let many = format!("[{}1]", "1,".repeat(LISTS_MAX));
        assert_eq!(decode(&many).unwrap_err(), BodyError::TooMany);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_all_is_accounted_for(text in "(\\[|\\]|\\{|\\}|\"values\":|\"host\":|\"a\"|,|1|null){0,40}") {
            if let Ok(lines) = decode(&text) {
                prop_assert_eq!(lines.received, (lines.batch.len() + lines.rejects.len()) as u64);
            }
        }
    }
}
