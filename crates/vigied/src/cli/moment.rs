//! A time as an argument of the operator's commands.

use base::time::{Clock, Millis, SystemClock};
use base::time_expr;

/// A time as everywhere else, in UTC where it names no zone.
pub(super) fn time(text: &str) -> Result<Millis, String> {
    if text.trim().is_empty() {
        return Err(
            "must be a time: `-24h`, `yesterday`, `2026-11-26T03:00:00Z`, epoch seconds".to_owned(),
        );
    }
    let read = time_expr::lenient::parse(text, SystemClock.now(), &jiff::tz::TimeZone::UTC);
    read.map(|read| read.at).map_err(|error| {
        format!("{error}: write `-24h`, `yesterday`, `2026-11-26T03:00:00Z` or epoch seconds")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_taken_in_every_form_of_the_help() {
        let at = time("2026-11-26T03:00:00Z").unwrap();
        assert_eq!(at, Millis(1_795_662_000_000));
        assert_eq!(time("1795662000").unwrap(), at);
        assert_eq!(
            time("2026-11-26").unwrap(),
            time("2026-11-26T00:00:00Z").unwrap()
        );
        for ago in ["-24h", "24h", "-10m", "-1.5h", "lastweek"] {
            assert!(time(ago).unwrap() < SystemClock.now(), "{ago}");
        }
        assert!(time(" ").is_err());
        assert!(time("yesterdayish").is_err());
    }
}
