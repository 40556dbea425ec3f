//! The usual body in one pass: an array of objects of `name`, `value` and perhaps `timestamp`, in any order, with no
//! escapes. An item that is written otherwise goes the general way alone. At the first thing that may make the whole body
//! an error the general way begins anew, so that nothing here decides what an error says.

use super::item::{Decoded, Items, REJECTS_MAX};
use super::number::Number;
use crate::ingest::names::Names;
use crate::ingest::{MILLISECONDS_FROM, Moment, Now, timestamp, value};
use base::name::SeriesName;
use base::sample::Batch;
use base::time::Millis;
use serde_json::value::RawValue;

/// Whole seconds below this count as such, and more than 1000 times as many would be beyond the year 9999.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a whole number of twelve digits"
)]
const SECONDS_BELOW: u64 = MILLISECONDS_FROM as u64;

/// After so many items the processor is offered to whoever waits for it: a large body takes tens of milliseconds, and a small
/// request that has just woken up would otherwise wait until this thread has used up its slice.
const YIELD_EVERY: usize = 256;

/// Decodes a body; `None` where the general way has to.
pub(super) fn decode(text: &str, now: Now<'_>, names: Names) -> Option<Decoded> {
    let mut rest = JsonCursor::of(text);
    rest.take(b"[")?;
    rest.skip_blanks();
    let mut decoded = Decoded::default();
    if rest.take(b"]").is_some() {
        return rest.is_blank().then_some(decoded);
    }
    loop {
        let before = rest.at;
        let first = decoded.received == 0;
        take_item(&mut rest, (now, names), &mut decoded)?;
        if decoded.received.is_multiple_of(YIELD_EVERY) {
            std::thread::yield_now();
        }
        if first {
            make_room(&mut decoded, rest.at - before, text.len() - rest.at);
        }
        rest.skip_blanks();
        if rest.take(b",").is_none() {
            rest.take(b"]")?;
            return rest.is_blank().then_some(decoded);
        }
        rest.skip_blanks();
    }
}

fn take_item(
    rest: &mut JsonCursor<'_>,
    (now, names): (Now<'_>, Names),
    decoded: &mut Decoded,
) -> Option<()> {
    let mut ahead = *rest;
    if let Some(time) = item(&mut ahead, now, &mut decoded.batch) {
        *rest = ahead;
        decoded.positions.push(decoded.received);
        decoded.received += 1;
        decoded.stamped += usize::from(time.counts_from_now);
        return Some(());
    }
    let ahead = rest.text.get(rest.at..)?;
    let mut values = serde_json::Deserializer::from_str(ahead).into_iter::<&RawValue>();
    let raw = values.next()?.ok()?;
    Items {
        decoded,
        now,
        names,
    }
    .take(raw.get());
    rest.at += values.byte_offset();
    (decoded.rejects.len() <= REJECTS_MAX).then_some(())
}

/// The shortest item that is a sample: `{"name":"a","value":1}`, and the comma after it.
const ITEM_BYTES_MIN: usize = 23;

/// Most items of a body are as long as its first: what they need is asked for once. Where the first is none there is nothing
/// to go by, and no sample is shorter than can be: what is asked for stays in proportion to the body.
fn make_room(decoded: &mut Decoded, first: usize, rest: usize) {
    if decoded.batch.is_empty() {
        return;
    }
    let more = rest / first.max(ITEM_BYTES_MIN);
    let text = decoded
        .batch
        .iter()
        .map(|sample| sample.key.as_str().len())
        .sum();
    decoded.batch.reserve(more, more.saturating_mul(text));
    decoded.positions.reserve(more);
}

/// Reads a usual item into the batch; `None` where it is another.
fn item(rest: &mut JsonCursor<'_>, now: Now<'_>, batch: &mut Batch) -> Option<Moment> {
    rest.take(b"{")?;
    let (mut name, mut value, mut time) = (None, None, None);
    loop {
        rest.skip_blanks();
        // Of a field given twice the last one counts, whatever the first one is: rare enough for the general way.
        if rest.take(b"\"name\"").is_some() {
            rest.colon()?;
            fill(&mut name, rest.text()?)?;
        } else if rest.take(b"\"value\"").is_some() {
            rest.colon()?;
            fill(&mut value, rest.value()?)?;
        } else {
            rest.take(b"\"timestamp\"")?;
            rest.colon()?;
            fill(&mut time, rest.instant()?)?;
        }
        rest.skip_blanks();
        if rest.take(b",").is_none() {
            rest.take(b"}")?;
            break;
        }
    }
    let Ok(name) = SeriesName::parse(name?) else {
        return None;
    };
    let time = time.map_or_else(|| now.moment(), Moment::from);
    batch.push(&name, time.at, value?);
    Some(time)
}

fn fill<T>(field: &mut Option<T>, value: T) -> Option<()> {
    field.replace(value).is_none().then_some(())
}

/// A body, and how far it is read.
#[derive(Debug, Clone, Copy)]
struct JsonCursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> JsonCursor<'a> {
    const fn of(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The bytes not read yet.
    fn ahead(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn take<const N: usize>(&mut self, what: &[u8; N]) -> Option<()> {
        if self.ahead().first_chunk() != Some(what) {
            return None;
        }
        self.at += N;
        Some(())
    }

    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.ahead().first() {
            self.at += 1;
        }
    }

    fn is_blank(mut self) -> bool {
        self.skip_blanks();
        self.at == self.text.len()
    }

    fn colon(&mut self) -> Option<()> {
        self.skip_blanks();
        self.take(b":")?;
        self.skip_blanks();
        Some(())
    }

    /// A text up to the next quotation mark. One that an escape made part of the text leaves a backslash at the end, which no
    /// name has; nor has it a control character, which JSON does not allow.
    fn text(&mut self) -> Option<&'a str> {
        self.take(b"\"")?;
        let end = self.at + memchr::memchr(b'"', self.ahead())?;
        let text = self.text.get(self.at..end)?;
        self.at = end + 1;
        Some(text)
    }

    /// A number, and how it is written.
    #[inline]
    fn number(&mut self) -> Option<(Number, &'a str)> {
        let number = Number::at_start(self.ahead())?;
        let end = self.at + number.length();
        let text = self.text.get(self.at..end)?;
        self.at = end;
        Some((number, text))
    }

    fn value(&mut self) -> Option<f64> {
        let (number, text) = self.number()?;
        number.short().or_else(|| value(text).ok())
    }

    fn instant(&mut self) -> Option<Millis> {
        let (number, text) = self.number()?;
        match number.whole() {
            Some(seconds) if seconds < SECONDS_BELOW => {
                Some(Millis(i64::try_from(seconds).ok()?.checked_mul(1000)?))
            }
            _ => timestamp(text).ok(),
        }
    }
}

#[cfg(test)]
mod tests;
