//! The time range of a deletion: parsed once, shown in the question, and sent exactly as shown.

use super::server_clock::ServerClock;
use super::zone::zone;
use crate::context::Context;
use crate::error::Failure;
use crate::figures::{day_and_time, time_of_day};
use base::time::{Clock as _, Millis, SystemClock, TimeRange};
use base::time_expr::bounds;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// A time at which a relative range would mean something else: used to find out whether the range is relative.
const NOW_VALID_MS: i64 = 3_600_000;

/// The bounds, of which one may be absent, and the zone in which they are shown.
pub(super) struct Span {
    from: Option<Millis>,
    until: Option<Millis>,
    /// Its name, for the server and for people.
    pub(super) zone: String,
    rules: TimeZone,
}

impl Span {
    /// Reads `--from` and `--until`; `None` without either.
    pub(super) fn read(
        (from, until): (Option<&str>, Option<&str>),
        tz: Option<&str>,
        clock: &ServerClock<'_>,
        context: &Context,
    ) -> Result<Option<Self>, Failure> {
        if from.is_none() && until.is_none() {
            return Ok(None);
        }
        let (name, rules) = zone(tz, context)?;
        let read = |now| {
            bounds::range(from, until, now, &rules).map_err(|error| {
                Failure::usage(format!("{error}: nothing was deleted"))
                    .hint("times are written as in `vigie metrics get --help`")
            })
        };
        let here = SystemClock.now();
        let (mut range, notice) = read(here)?;
        // Only relative times need the clock.
        if read(here.plus(NOW_VALID_MS))?.0 != range {
            range = read(clock.by_server(SystemClock.now()))?.0;
        }
        if let Some(notice) = notice {
            context.output.note(notice.to_string());
        }
        Ok(range.map(|range| Self {
            from: (range.from != TimeRange::ALL.from).then_some(range.from),
            until: (range.until != TimeRange::ALL.until).then_some(range.until),
            zone: name,
            rules,
        }))
    }

    /// The parameters of a request: absolute times, so that nothing moves between the question and the deletion.
    pub(super) fn parameters(&self) -> impl Iterator<Item = (&'static str, String)> {
        let instant = |at: Millis| Timestamp::from_millisecond(at.0).ok();
        let bounds = [("from", self.from), ("until", self.until)];
        let bounds = bounds.map(|(name, at)| Some((name, instant(at?)?.to_string())));
        bounds.into_iter().flatten()
    }

    /// For people: `from 2026-11-26 04:20 to 04:40 (Europe/Paris)`.
    pub(super) fn described(&self) -> String {
        let [from, until] = [self.from, self.until].map(|at| self.local(at?));
        let zone = &self.zone;
        match (from, until) {
            (Some((from, summer)), Some((until, winter))) => {
                // On a day with a clock change, a time of day can be ambiguous.
                let end = if from.date() == until.date() && summer == winter {
                    time_of_day(until)
                } else {
                    day_and_time(until)
                };
                format!("from {} to {end} ({zone})", day_and_time(from))
            }
            (Some((from, _)), None) => format!("from {} on ({zone})", day_and_time(from)),
            (None, Some((until, _))) => format!("up to {} ({zone})", day_and_time(until)),
            (None, None) => "of all times".to_owned(),
        }
    }

    fn local(&self, at: Millis) -> Option<(DateTime, Offset)> {
        let instant = Timestamp::from_millisecond(at.0).ok()?;
        let offset = self.rules.to_offset(instant);
        Some((offset.to_datetime(instant), offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: Option<i64>, until: Option<i64>) -> String {
        let span = Span {
            from: from.map(Millis),
            until: until.map(Millis),
            zone: "Europe/Paris".to_owned(),
            rules: base::time_expr::zone("Europe/Paris").unwrap(),
        };
        span.described()
    }

    #[test]
    fn a_span_is_told_with_its_zone() {
        const MINUTE: i64 = 60_000;
        // 2025-11-25T12:00:00Z
        let noon = 1_764_072_000_000;
        for (from, until, expected) in [
            (
                Some(noon),
                Some(noon + 20 * MINUTE),
                "from 2025-11-25 13:00 to 13:20 (Europe/Paris)",
            ),
            (
                Some(noon),
                Some(noon + 24 * 60 * MINUTE + 250),
                "from 2025-11-25 13:00 to 2025-11-26 13:00:00.250 (Europe/Paris)",
            ),
            (
                Some(noon + 1000),
                None,
                "from 2025-11-25 13:00:01 on (Europe/Paris)",
            ),
            (None, Some(noon), "up to 2025-11-25 13:00 (Europe/Paris)"),
        ] {
            assert_eq!(span(from, until), expected);
        }
    }
}
