//! The bounds of a deletion: what can not be read for certain deletes nothing.

use super::question::{no_time, parameter};
use crate::app::App;
use crate::http::problem::Refusal;
use base::time::TimeRange;
use base::time_expr::lenient::Notice;
use base::time_expr::{self, TimeError, bounds};
use jiff::tz::TimeZone;
use wire::code;
use wire::excerpt::beginning;
use wire::query::Query;

/// Reads `tz`, `now`, `from` and `until` of a deletion; no range is all there is.
pub(super) fn bounds(
    app: &App,
    query: &Query,
) -> Result<(Option<TimeRange>, Option<Notice>), Refusal> {
    let zone = match parameter(query, "tz")? {
        // A question may take UTC for a zone that it does not know.
        Some(name) => time_expr::zone(name).ok_or_else(|| {
            let name = beginning(name);
            let message = format!("`{name}` is no time zone: nothing was deleted");
            let problem = code::PARAMETER_INVALID.problem(message).field("tz");
            Refusal(problem.hint("zones are named as `UTC` or `Europe/Paris`"))
        })?,
        None => TimeZone::UTC,
    };
    let refuse = |error: TimeError| {
        let Refusal(mut problem) = no_time(&error);
        problem.message.to_mut().push_str(": nothing was deleted");
        Refusal(problem)
    };
    let clock = app.clock.now();
    let now = parameter(query, "now")?
        .map(|text| bounds::given("now", text, clock, &zone).map_err(refuse))
        .transpose()?;
    let (from, until) = (parameter(query, "from")?, parameter(query, "until")?);
    let counted_from = now.map_or(clock, |now| now.at);
    let (range, notice) = bounds::range(from, until, counted_from, &zone).map_err(refuse)?;
    Ok((range, notice.or(now.and_then(|now| now.notice))))
}
