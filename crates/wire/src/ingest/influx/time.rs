//! The time of a line.

use super::precision::Precision;
use crate::ingest::short_text;
use base::sample::RejectReason;
use base::time::Millis;

/// The last millisecond of year 9999.
const LATEST: i64 = 253_402_300_799_999;

/// Reads a time. Where no unit was said, nanoseconds are meant, unless that would be a time in 1970 to 1973 and another unit one
/// of this century: then it is refused, and not stored where nobody will look for it.
pub(super) fn read(text: &str, precision: Option<Precision>) -> Result<Millis, RejectReason> {
    let refuse = |what: &str| {
        Err(RejectReason::Timestamp(format!(
            "the timestamp `{}` {what}",
            short_text::short(text)
        )))
    };
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return refuse("is not a whole number");
    }
    if digits.len() < text.len() && digits.bytes().any(|digit| digit != b'0') {
        return refuse("lies before 1970");
    }
    let Ok(count) = digits.parse::<i64>() else {
        return refuse("lies beyond the year 9999");
    };
    if precision.is_none() {
        let likely_unit = match count {
            1_000_000_000..100_000_000_000 => Some("seconds: say so with `precision=s`"),
            100_000_000_000..100_000_000_000_000 => {
                Some("milliseconds: say so with `precision=ms`")
            }
            100_000_000_000_000..100_000_000_000_000_000 => {
                Some("microseconds: say so with `precision=us`")
            }
            _ => None,
        };
        if let Some(likely_unit) = likely_unit {
            return refuse(&format!(
                "would be a time of about 1970 in nanoseconds, and looks like {likely_unit}"
            ));
        }
    }
    match precision.unwrap_or_default().millis(count) {
        Some(at) if at <= LATEST => Ok(Millis(at)),
        _ => refuse("lies beyond the year 9999"),
    }
}
