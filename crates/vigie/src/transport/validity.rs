//! Reads the validity period of a certificate, which the TLS library does not expose. Parses only the DER before it (RFC 5280,
//! 4.1).

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The two ends, in seconds since 1970, if they can be read.
pub(super) fn of(certificate: &[u8]) -> Option<(i64, i64)> {
    let (fields, _) = element(certificate, SEQUENCE)?;
    let (fields, _) = element(fields, SEQUENCE)?;
    let fields = element(fields, VERSION).map_or(fields, |(_, rest)| rest);
    let (_serial, fields) = element(fields, INTEGER)?;
    let (_algorithm, fields) = element(fields, SEQUENCE)?;
    let (_issuer, fields) = element(fields, SEQUENCE)?;
    let (ends, _) = element(fields, SEQUENCE)?;
    let (from, rest) = time(ends)?;
    let (until, _) = time(rest)?;
    Some((from, until))
}

/// The content of the first element, and the rest, if the element has this tag.
fn element(input: &[u8], kind: u8) -> Option<(&[u8], &[u8])> {
    let (tag, rest) = input.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = digits
                .iter()
                .fold(0, |length, digit| length << 8 | usize::from(*digit));
            (length, rest)
        }
        _ => return None,
    };
    (*tag == kind).then_some(())?;
    rest.split_at_checked(length)
}

fn time(input: &[u8]) -> Option<(i64, &[u8])> {
    let (text, century, rest) = match element(input, UTC_TIME) {
        Some((text, rest)) => {
            // RFC 5280, 4.1.2.5.1.
            let is_past = number(text.get(..2)?)? >= 50;
            (text, Some(if is_past { 1900 } else { 2000 }), rest)
        }
        None => {
            let (text, rest) = element(input, GENERALIZED_TIME)?;
            (text, None, rest)
        }
    };
    let (year, text) = match century {
        Some(century) => (century + number(text.get(..2)?)?, text.get(2..)?),
        None => (number(text.get(..4)?)?, text.get(4..)?),
    };
    (text.len() == 11 && text.last() == Some(&b'Z')).then_some(())?;
    let part = |at: usize| i8::try_from(number(text.get(at..at + 2)?)?).ok();
    let when = DateTime::new(year, part(0)?, part(2)?, part(4)?, part(6)?, part(8)?, 0).ok()?;
    let when = TimeZone::UTC.to_timestamp(when).ok()?;
    Some((when.as_second(), rest))
}

fn number(digits: &[u8]) -> Option<i16> {
    let is_number = digits.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(digits).ok()?;
    text.parse().ok().filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn der(kind: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        let head: &[u8] = if length < 0x80 {
            &[kind, length]
        } else {
            &[kind, 0x81, length]
        };
        [head, content].concat()
    }

    fn certificate(ends: &[u8], with_version: bool) -> Vec<u8> {
        let version = if with_version {
            der(VERSION, &der(INTEGER, &[2]))
        } else {
            Vec::new()
        };
        let fields = [
            version,
            der(INTEGER, &[1; 20]),
            der(SEQUENCE, &[]),
            der(SEQUENCE, &[5; 100]),
            der(SEQUENCE, ends),
        ];
        der(SEQUENCE, &der(SEQUENCE, &fields.concat()))
    }

    #[test]
    fn both_forms_of_time_are_read() {
        let ends = [
            der(UTC_TIME, b"700101000001Z"),
            der(GENERALIZED_TIME, b"20500101000000Z"),
        ];
        for with_version in [true, false] {
            let certificate = certificate(&ends.concat(), with_version);
            assert_eq!(of(&certificate), Some((1, 2_524_608_000)));
        }
        let last = [
            der(UTC_TIME, b"491231235959Z"),
            der(UTC_TIME, b"500101000000Z"),
        ];
        let certificate = certificate(&last.concat(), true);
        assert_eq!(of(&certificate), Some((2_524_607_999, -631_152_000)));
    }

    #[test]
    fn what_is_no_time_is_none() {
        let good = der(UTC_TIME, b"700101000001Z");
        for wrong in [
            der(UTC_TIME, b"700101000001"),
            der(UTC_TIME, b"701301000001Z"),
            der(UTC_TIME, b"7001010000+1Z"),
            der(GENERALIZED_TIME, b"700101000001Z"),
            der(INTEGER, b"700101000001Z"),
            Vec::new(),
        ] {
            assert_eq!(
                of(&certificate(&[good.clone(), wrong].concat(), true)),
                None
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = of(&bytes);
            let _ = of(&certificate(bytes.get(..bytes.len().min(100)).unwrap(), true));
        }
    }
}
