//! Spans of time as functions take them: `1h`, `-5min`, `1d12h`.

use crate::error::Fault;

const DAY: i64 = 86_400;

/// The greatest span, about 2.7 million years; a longer one is no span.
const SECONDS_MAX: i64 = 999_999_999 * DAY;

/// The units; the first whose beginning the word has.
const UNITS: &[(&str, i64)] = &[
    ("s", 1),
    ("min", 60),
    ("h", 3600),
    ("d", DAY),
    ("w", 7 * DAY),
    ("mon", 30 * DAY),
    ("y", 365 * DAY),
];

/// The unit of a word, as the seconds of it: `min`, `minutes`, `months`.
pub(crate) fn unit(word: &str) -> Option<i64> {
    let mut units = UNITS.iter();
    units
        .find(|(start, _)| word.starts_with(start))
        .map(|(_, seconds)| *seconds)
}

/// Seconds of a span; an empty text is none at all. The sign in front counts for all of it.
pub(crate) fn interval(text: &str) -> Result<i64, Fault> {
    seconds(text).ok_or_else(|| {
        Fault::argument(format!(
            "`{text}` is not a span of time such as `5min`, `1h` or `1d12h`"
        ))
    })
}

fn seconds(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut sum = 0_i64;
    while !rest.is_empty() {
        let (number, after) = split(rest, |c| c.is_ascii_digit());
        let (word, after) = split(after, char::is_alphabetic);
        let number: i64 = number.parse().ok()?;
        sum = sum.checked_add(number.checked_mul(unit(word)?)?)?;
        rest = after;
    }
    (sum <= SECONDS_MAX).then_some(sign * sum)
}

fn split(text: &str, is_part: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// Makes sure that a span leads on.
pub(crate) fn ensure_positive(seconds: i64) -> Result<i64, Fault> {
    if seconds > 0 {
        Ok(seconds)
    } else {
        Err(Fault::argument("an interval must be longer than no time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_graphite_does() {
        for (text, expected) in [
            ("", Some(0)),
            ("90s", Some(90)),
            ("5min", Some(300)),
            ("5minutes", Some(300)),
            ("1h", Some(3600)),
            ("-1d12h", Some(-129_600)),
            ("+2weeks", Some(1_209_600)),
            ("1mon", Some(2_592_000)),
            ("1y", Some(31_536_000)),
            ("5m", None),
            ("5", None),
            ("h", None),
            ("1H", None),
            ("1h-1min", None),
            ("1 h", None),
            ("--1h", None),
            ("99999999999999999999s", None),
            ("9000000000000000000s", None),
        ] {
            assert_eq!(interval(text).ok(), expected, "{text}");
        }
    }
}
