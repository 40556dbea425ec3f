//! The items of a body, one by one: each becomes a sample, or a reason why it is none.

use crate::ingest::{Moment, Names, Now, Reject, moment, short_text, timestamp, value};
use base::sample::{Batch, RejectReason};
use base::time_expr::lenient::Notice;
use serde::de::{Deserializer as _, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// A body with more items than this that are no samples is refused as a whole: it is something else, and a reason for
/// each would take many times its size.
pub(crate) const REJECTS_MAX: usize = 100_000;

/// The contents of a body: `received = batch.len() + rejects.len()`.
#[derive(Debug, Clone, Default)]
pub struct Decoded {
    /// The samples.
    pub batch: Batch,
    /// The position in the body of each sample.
    pub positions: Vec<usize>,
    /// The items that are none, ascending by index.
    pub rejects: Vec<Reject>,
    /// How many items the body holds.
    pub received: usize,
    /// How many of the samples have a time that the reader set: that of their reading, or one that counts from it.
    pub stamped: usize,
    /// How many of the samples have a name in which a character was replaced.
    pub renamed: usize,
    /// A notice about how a time was read.
    pub notice: Option<Notice>,
}

/// Takes in items one after the other.
pub(super) struct Items<'a> {
    pub(super) decoded: &'a mut Decoded,
    pub(super) now: Now<'a>,
    pub(super) names: Names,
}

impl Items<'_> {
    /// Takes in one, as it was sent.
    pub(super) fn take(&mut self, raw: &str) {
        let index = self.decoded.received;
        self.decoded.received += 1;
        let Decoded {
            batch,
            positions,
            rejects,
            stamped,
            renamed,
            notice,
            ..
        } = &mut *self.decoded;
        match item(raw, (self.now, self.names), batch) {
            Ok((time, is_renamed)) => {
                *renamed += usize::from(is_renamed);
                positions.push(index);
                *stamped += usize::from(time.counts_from_now);
                *notice = notice.or(time.notice);
            }
            Err((name, reason)) => rejects.push(Reject {
                index,
                name: name.map(|name| short_text::name(&name)),
                reason,
            }),
        }
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of samples")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        while let Some(raw) = items.next_element::<&RawValue>()? {
            self.take(raw.get());
            if self.decoded.rejects.len() > REJECTS_MAX {
                return Err(A::Error::custom("too many rejects"));
            }
        }
        Ok(())
    }
}

type ItemError<'a> = (Option<Cow<'a, str>>, RejectReason);

/// Reads one item into the batch; its time, and whether a character of its name was replaced.
fn item<'a>(
    raw: &'a str,
    (now, names): (Now<'_>, Names),
    batch: &mut Batch,
) -> Result<(Moment, bool), ItemError<'a>> {
    if !raw.starts_with('{') {
        return Err((
            None,
            RejectReason::Malformed(format!("the item is {}, expected an object", kind(raw))),
        ));
    }
    let fields = serde_json::Deserializer::from_str(raw)
        .deserialize_map(Fields::default())
        .map_err(|_| {
            let what = "the item has a field whose name is not text that can be decoded";
            (None, RejectReason::Malformed(what.to_owned()))
        })?;
    let name = name(fields.name).map_err(|reason| (None, reason))?;
    let checked = names.read(&name).map_err(RejectReason::from);
    let sample = checked.and_then(|name| {
        let value = number("value", fields.value).and_then(value)?;
        let time = match fields.timestamp {
            None | Some("null") => now.moment(),
            Some(raw) => time(raw, now)?,
        };
        batch.push(&name, time.at, value);
        Ok(time)
    });
    let sample = sample.map(|time| (time, names.changes(&name)));
    sample.map_err(|reason| (Some(name), reason))
}

fn name(raw: Option<&str>) -> Result<Cow<'_, str>, RejectReason> {
    let raw = raw.ok_or_else(|| RejectReason::Malformed("the item has no `name`".to_owned()))?;
    if !raw.starts_with('"') {
        return Err(RejectReason::Malformed(format!(
            "`name` is {}, expected text",
            kind(raw)
        )));
    }
    let plain = raw
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .filter(|inner| !inner.contains('\\'));
    match plain {
        Some(plain) => Ok(Cow::Borrowed(plain)),
        None => serde_json::from_str::<String>(raw)
            .map(Cow::Owned)
            .map_err(|_| {
                RejectReason::Malformed(
                    "`name` holds an escape that stands for no character".to_owned(),
                )
            }),
    }
}

fn number<'a>(field: &str, raw: Option<&'a str>) -> Result<&'a str, RejectReason> {
    let raw = raw.ok_or_else(|| RejectReason::Value(format!("the item has no `{field}`")))?;
    if raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        Ok(raw)
    } else {
        Err(RejectReason::Value(format!(
            "`{field}` is {}, expected a number",
            kind(raw)
        )))
    }
}

fn time(raw: &str, now: Now<'_>) -> Result<Moment, RejectReason> {
    if raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        timestamp(raw).map(Moment::from)
    } else if raw.starts_with('"') {
        let text: String = serde_json::from_str(raw).map_err(|_| {
            let what = "`timestamp` holds an escape that stands for no character";
            RejectReason::Timestamp(what.to_owned())
        })?;
        moment(&text, now)
    } else {
        Err(RejectReason::Timestamp(format!(
            "`timestamp` is {}, expected a number of seconds since 1970, or a time as text",
            kind(raw)
        )))
    }
}

/// The sort of JSON that a text is, for a message.
fn kind(raw: &str) -> &'static str {
    match raw.bytes().next() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "text",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// The fields of an item, still as they were sent.
#[derive(Default)]
struct Fields<'a> {
    name: Option<&'a str>,
    value: Option<&'a str>,
    timestamp: Option<&'a str>,
}

impl<'de> Visitor<'de> for Fields<'de> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some(key) = map.next_key::<Key>()? {
            let raw = Some(map.next_value::<&RawValue>()?.get());
            match key {
                Key::Name => self.name = raw,
                Key::Value => self.value = raw,
                Key::Timestamp => self.timestamp = raw,
                Key::Other => {}
            }
        }
        Ok(self)
    }
}

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Key {
    Name,
    Value,
    Timestamp,
    #[serde(other)]
    Other,
}
