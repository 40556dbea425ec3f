//! Checks that all time formats share: digits, and the range of years.

use crate::time::Millis;

/// The first millisecond of year 1.
pub(super) const EARLIEST: i64 = -62_135_596_800_000;
/// The last millisecond of year 9999.
pub(super) const LATEST: i64 = 253_402_300_799_999;

/// The instant, where it lies in the years 1 to 9999.
pub(super) fn in_range(milliseconds: i64) -> Option<Millis> {
    (EARLIEST..=LATEST)
        .contains(&milliseconds)
        .then_some(Millis(milliseconds))
}

/// Whether there are digits and nothing else.
pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
