//! Slips of scripts that make a sample of something else: `echo "$NAME $VALUE $(date +%s)"` with an empty value or name.

use base::sample::RejectReason;
use base::time::Millis;

/// A value that is also an instant this close to now is taken for one.
const NEAR_DAYS: i64 = 400;
const DAY_MS: f64 = 86_400_000.0;
/// The output of `date +%s` in the years 2001 to 2033.
const SECONDS: std::ops::Range<f64> = 1e9..2e9;

/// Whether a name is a number alone.
#[must_use]
pub fn is_number(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))
        && fast_float2::parse::<f64, _>(name).is_ok()
}

/// A name that is a number alone is a value or a time in the wrong place.
pub(super) fn number_as_name(name: &str) -> Result<(), RejectReason> {
    if is_number(name) {
        return Err(RejectReason::Malformed(format!(
            "the name `{name}` is a number, so the name may be missing; the form is `name value timestamp`"
        )));
    }
    Ok(())
}

/// A line of two fields whose second is a time. `gap` is what parts them.
pub(super) fn time_as_value(
    name: &str,
    gap: usize,
    text: &str,
    number: f64,
    now: Millis,
) -> Result<(), RejectReason> {
    let is_whole = text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = if SECONDS.contains(&(number / 1000.0)) {
        number / 1000.0
    } else {
        number
    };
    #[expect(clippy::cast_precision_loss, reason = "good for days")]
    let days_off = (seconds * 1000.0 - now.0 as f64).abs() / DAY_MS;
    let is_near = days_off < NEAR_DAYS as f64;
    if is_whole && SECONDS.contains(&seconds) && (is_near || gap > 1) {
        return Err(RejectReason::Malformed(format!(
            "`{text}` looks like a time, so the value may be missing; if it is the value, write `{name} {text} N`"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_764_072_000_123);

    #[test]
    fn a_time_in_the_place_of_the_value_is_seen() {
        for (gap, text, is_slip) in [
            (1, "1764072000", true),
            (1, "1764072000000", true),
            (1, "1750000000", true),
            // Three years ago, which a count of bytes may well be; but something was left out.
            (1, "1650000000", false),
            (2, "1650000000", true),
            (2, "1650000000000", true),
            (2, "0.5", false),
            (2, "17", false),
            (1, "1764072000.5", false),
            (1, "3000000000", false),
            (2, "999999999", false),
        ] {
            let number = text.parse().unwrap();
            let seen = time_as_value("a", gap, text, number, NOW).is_err();
            assert_eq!(seen, is_slip, "{gap} {text}");
        }
    }

    #[test]
    fn a_number_in_the_place_of_the_name_is_seen() {
        for name in ["1700000000", "0.5", "-1", "+1", "1e3", ".5"] {
            assert!(number_as_name(name).is_err(), "{name}");
        }
        for name in [
            "a",
            "404.hits",
            "0.5.x",
            "1700000000.load",
            "inf",
            "nan",
            "1-2",
        ] {
            assert_eq!(number_as_name(name), Ok(()), "{name}");
        }
    }
}
