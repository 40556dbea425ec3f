//! The time range of a deletion. Parameters that cannot be parsed exactly delete nothing.

use super::parameters::{parameter, time_refusal};
use crate::app::App;
use crate::http::problem::Refusal;
use base::time::TimeRange;
use base::time_expr::lenient::Notice;
use base::time_expr::{self, TimeError, bounds};
use jiff::tz::TimeZone;
use wire::code;
use wire::excerpt::beginning;
use wire::query::Query;

/// Parses `tz`, `now`, `from` and `until` of a deletion; `None` without a range.
pub(super) fn bounds(
    app: &App,
    query: &Query,
) -> Result<(Option<TimeRange>, Option<Notice>), Refusal> {
    let zone = match parameter(query, "tz")? {
        // Queries fall back to UTC for an unknown time zone; a deletion must not.
        Some(name) => time_expr::zone(name).ok_or_else(|| {
            let name = beginning(name);
            let message = format!("`{name}` is no time zone: nothing was deleted");
            let problem = code::PARAMETER_INVALID.problem(message).field("tz");
            Refusal(problem.hint("zones are named as `UTC` or `Europe/Paris`"))
        })?,
        None => TimeZone::UTC,
    };
    let refuse = |error: TimeError| {
        let Refusal(mut problem) = time_refusal(&error);
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
