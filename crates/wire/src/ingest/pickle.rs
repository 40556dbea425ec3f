//! Graphite's pickles, as carbon's relay sends them: a list of `(path, (time, value))` in Python's format, after its length.
//!
//! Only data is read: lists, tuples, texts and numbers of the binary protocols 2 to 5. Whatever would name a class or call
//! something refuses the frame. Nothing here recurses, and all that is made lies flat (`values.rs`): the memory is a fixed multiple
//! of the frame, also where it refers to one thing many times, because such a frame is refused.

mod error;
mod machine;
mod values;

pub use error::FrameError;

use crate::ingest::default_times::DefaultTimes;
use crate::ingest::{
    LineReject, Lines, Moment, Names, Now, instant, script_mistakes, short_text, value,
};
use base::name::SeriesName;
use base::sample::RejectReason;
use values::{Value, Values};

/// How many bytes of a frame's length stand before it.
pub const HEAD_BYTES: usize = 4;

/// Names may be repeated by reference, so that together they are longer than the frame: so many times, and no more.
const NAMES_PER_FRAME: usize = 8;

/// The same for small frames.
const NAME_BYTES_MIN: usize = 64 * 1024;

/// An item has more bytes than this in its frame, unless it is another by reference.
const BYTES_PER_ITEM: usize = 8;

/// Items that any frame may have.
const ITEMS_MIN: usize = 16;

/// The length of the frame whose head this is.
#[must_use]
pub const fn length(head: [u8; HEAD_BYTES]) -> u32 {
    u32::from_be_bytes(head)
}

/// Reads one frame, without its head; `now` is the time of items whose time is -1. The lines are the items of the list, from 1.
///
/// # Errors
/// [`FrameError`] when none of it can be used.
pub fn decode<'n>(frame: &[u8], now: impl Into<Now<'n>>) -> Result<Lines, FrameError> {
    let now = now.into();
    let values = machine::run(frame)?;
    let mut reader = Reader {
        values: &values,
        now,
        stamps: DefaultTimes::default(),
        name_bytes: frame
            .len()
            .saturating_mul(NAMES_PER_FRAME)
            .max(NAME_BYTES_MIN),
        ready: Lines::default(),
    };
    let items = values.list().ok_or(FrameError::NoList)?;
    if items.len() > frame.len() / BYTES_PER_ITEM + ITEMS_MIN {
        return Err(FrameError::Dense);
    }
    for (number, item) in (1..).zip(items) {
        reader.take(number, *item);
    }
    Ok(reader.ready)
}

struct Reader<'v, 'f, 'n> {
    values: &'v Values<'f>,
    now: Now<'n>,
    stamps: DefaultTimes,
    /// How many bytes of names are left.
    name_bytes: usize,
    ready: Lines,
}

impl<'f> Reader<'_, 'f, '_> {
    fn take(&mut self, number: u64, item: Value<'f>) {
        self.ready.received += 1;
        let pair = self.values.pair(item);
        let path = pair.and_then(|[path, _]| self.values.text(path));
        match self.sample(pair, path) {
            Ok((name, time, value)) => {
                let time = time.unwrap_or_else(|| self.stamps.moment(name.as_str(), self.now));
                self.ready.push(&name, time, value, number);
            }
            Err(reason) => {
                let name = path.and_then(|path| std::str::from_utf8(path).ok());
                // Where names are too many, no reject repeats one either.
                let name = name.filter(|name| self.charge(name.len().min(1024)));
                self.ready.rejects.push(LineReject {
                    line: number,
                    name: name.map(short_text::name),
                    reason,
                });
            }
        }
    }

    fn charge(&mut self, bytes: usize) -> bool {
        match self.name_bytes.checked_sub(bytes) {
            Some(left) => {
                self.name_bytes = left;
                true
            }
            None => false,
        }
    }

    fn sample(
        &mut self,
        pair: Option<[Value<'f>; 2]>,
        path: Option<&'f [u8]>,
    ) -> Result<(SeriesName<'f>, Option<Moment>, f64), RejectReason> {
        let malformed = |what: &str| RejectReason::Malformed(what.to_owned());
        let form = "the item is no `(path, (time, value))`";
        let [_, point] = pair.ok_or_else(|| malformed(form))?;
        let path = path.ok_or_else(|| malformed("the item's path is no text"))?;
        let [at, sample] = self.values.pair(point).ok_or_else(|| malformed(form))?;
        let path =
            std::str::from_utf8(path).map_err(|_| malformed("the item's path is not UTF-8"))?;
        if !self.charge(path.len()) {
            return Err(malformed(
                "the frame repeats its names by reference too often; send fewer items in one",
            ));
        }
        let path = path.strip_suffix(';').unwrap_or(path);
        script_mistakes::number_as_name(path)?;
        let name = Names::default().read(path)?;
        let number = self.number(sample, value).ok_or_else(|| {
            RejectReason::Value("the item's value is no finite number".to_owned())
        })?;
        let time = match self.values.number(at) {
            Some(-1.0) => None,
            Some(number) => Some(instant(number, &number)?),
            None => match self
                .values
                .text(at)
                .and_then(|text| std::str::from_utf8(text).ok())
            {
                Some("-1") => None,
                Some(text) => Some(super::timestamp(text)?),
                None => {
                    return Err(RejectReason::Timestamp(
                        "the item's time is no number".to_owned(),
                    ));
                }
            },
        };
        Ok((name, time.map(Moment::from), number))
    }

    /// A number, also where it was sent as text.
    fn number(
        &self,
        value: Value<'f>,
        read: impl Fn(&str) -> Result<f64, RejectReason>,
    ) -> Option<f64> {
        let number = self.values.number(value).or_else(|| {
            let text = std::str::from_utf8(self.values.text(value)?).ok()?;
            read(text).ok()
        });
        number.filter(|number| number.is_finite())
    }
}

#[cfg(test)]
mod tests;
