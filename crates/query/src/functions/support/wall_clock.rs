//! Local time, counted as if it were UTC.

use crate::error::Fault;
use crate::window::Window;
use base::time::Millis;
use base::time_expr::is_dst;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Seconds that clocks of the window's zone are ahead of UTC at an instant.
pub(crate) fn utc_offset(window: &Window, at: i64) -> i64 {
    let instant = Timestamp::from_second(at);
    instant.map_or(0, |instant| {
        i64::from(window.zone.to_offset(instant).seconds())
    })
}

/// The wall clock, with summer time left out: what graphite-web takes for the epoch second of an instant in some functions.
pub(crate) fn wall_seconds(window: &Window, at: i64) -> i64 {
    let Ok(instant) = Timestamp::from_second(at) else {
        return at;
    };
    let offset = window.zone.to_offset(instant);
    let summer = if is_dst(&window.zone, instant) {
        3600
    } else {
        0
    };
    at.saturating_add(i64::from(offset.seconds()) - summer)
}

/// A time that a function takes: graphite-web reads it by the clocks of the server, which show UTC.
///
/// # Errors
/// When it is no time.
pub(crate) fn date(window: &Window, text: &str) -> Result<i64, Fault> {
    let now = Millis::from_secs(window.now);
    match base::time_expr::parse(text, now, &TimeZone::UTC) {
        Ok(at) => Ok(at.secs()),
        Err(error) => Err(Fault::argument(error.to_string())),
    }
}
