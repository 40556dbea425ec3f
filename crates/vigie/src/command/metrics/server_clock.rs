//! Estimates the server's clock: samples with the time of a machine whose clock is hours off would not be found, and samples from
//! the future are refused.

use crate::client::Request;
use crate::context::Context;
use crate::error::Failure;
use crate::figures;
use crate::monitoring::Monitoring;
use base::time::{Clock as _, Millis, SystemClock};
use jiff::fmt::rfc2822::DateTimeParser;
use std::cell::OnceCell;
use std::time::Instant;

/// With a larger difference no times are set, because either clock may be the wrong one.
const OFFSET_MAX_MS: u64 = 24 * 3600 * 1000;
/// A smaller difference is ignored: `Date` has only whole seconds.
const OFFSET_MIN_MS: i64 = 2000;

/// The server's clock, measured once, when it is first needed.
pub(crate) struct ServerClock<'a> {
    server: Option<(&'a Context, String)>,
    offset: OnceCell<i64>,
}

impl<'a> ServerClock<'a> {
    /// The clock of the server that samples go to; this machine's clock in a dry run.
    pub(crate) fn new(context: &'a Context, monitoring: Option<&Monitoring<'_>>) -> Self {
        Self {
            server: monitoring.map(|monitoring| (context, monitoring.url("/health/live"))),
            offset: OnceCell::new(),
        }
    }

    /// Converts a time of this machine's clock to the server's.
    pub(crate) fn by_server(&self, here: Millis) -> Millis {
        let offset = *self.offset.get_or_init(|| self.measure());
        here.plus(if is_plausible_offset(offset) {
            offset
        } else {
            0
        })
    }

    /// Fails if the clock was needed and the two are too far apart.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        match self.offset() {
            Some(offset) if !is_plausible_offset(offset) => {
                let here = SystemClock.now();
                Err(Failure::failed(format!(
                    "the server's clock says {}, and this machine's {}: so far apart, neither sets a time",
                    time_text(here.0.saturating_add(offset)),
                    time_text(here.0)
                ))
                .hint("give each sample a time, or correct the clock that is wrong"))
            }
            _ => Ok(()),
        }
    }

    /// How far the server's clock is ahead, in milliseconds, if it was measured and the difference matters.
    pub(crate) fn offset(&self) -> Option<i64> {
        self.offset.get().copied().filter(|offset| *offset != 0)
    }

    /// An error here is ignored: sending samples will report it.
    fn measure(&self) -> i64 {
        let Some((context, url)) = &self.server else {
            return 0;
        };
        let (begun, here) = (Instant::now(), SystemClock.now());
        let Ok(reply) = context.send(Request::get(url)) else {
            return 0;
        };
        let elapsed = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        let date = reply.header("date").and_then(|date| {
            let date = DateTimeParser::new().parse_timestamp(date).ok()?;
            Some(Millis(date.as_millisecond()))
        });
        date.map_or(0, |date| offset(here, elapsed, date))
    }
}

const fn is_plausible_offset(offset: i64) -> bool {
    offset.unsigned_abs() <= OFFSET_MAX_MS
}

fn time_text(at: i64) -> String {
    figures::instant(at / 1000).unwrap_or_else(|| format!("{at} ms"))
}

/// How far the server is ahead: its `Date` plus half a second, minus the middle of the round trip.
fn offset(begun: Millis, elapsed: i64, date: Millis) -> i64 {
    let ahead = (date.0 + 500).saturating_sub(begun.0.saturating_add(elapsed / 2));
    if ahead.abs() > OFFSET_MIN_MS.saturating_add(elapsed / 2) {
        ahead
    } else {
        0
    }
}

/// The difference in words.
pub(crate) fn described(offset: i64) -> String {
    let seconds = offset.unsigned_abs() / 1000;
    let span = match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    };
    let direction = if offset > 0 { "behind" } else { "ahead of" };
    format!("this machine's clock is {span} {direction} the server's, by which times were set")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_difference_that_is_certain_counts() {
        let date = Millis(1_764_072_000_000);
        let hour = 3_600_000;
        for (begun, elapsed, expected) in [
            (date.0 + 500, 0, 0),
            (date.0 - 1400, 0, 0),
            (date.0 - hour, 1000, hour),
            (date.0 + hour + 500, 0, -hour),
            // As uncertain as the round trip was long.
            (date.0 - 4000, 6000, 0),
            (date.0 - hour, 60_000, hour - 29_500),
        ] {
            assert_eq!(
                offset(Millis(begun), elapsed, date),
                expected,
                "{begun} {elapsed}"
            );
        }
    }

    #[test]
    fn a_clock_that_is_a_day_off_sets_no_time() {
        let clock = |offset: i64| ServerClock {
            server: None,
            offset: OnceCell::from(offset),
        };
        let here = Millis(1_764_072_000_000);
        for hours in [1, 23, -23] {
            let near = clock(hours * 3_600_000);
            assert_eq!(near.by_server(here), here.plus(hours * 3_600_000));
            assert!(near.check().is_ok());
        }
        for hours in [25, -25, 24 * 365 * 7000] {
            let far = clock(hours * 3_600_000);
            assert_eq!(far.by_server(here), here);
            let refused = far.check().unwrap_err().message.into_string();
            assert!(refused.contains("the server's clock says "), "{refused}");
        }
        assert!(clock(i64::MIN).check().is_err());
    }

    #[test]
    fn a_difference_is_told_as_people_tell_it() {
        assert!(described(7_260_000).contains("is 2 h 1 min behind the server's"));
        assert!(described(-2_500).contains("is 2 s ahead of the server's"));
        assert!(described(125_000).contains("is 2 min 5 s behind"));
    }
}
