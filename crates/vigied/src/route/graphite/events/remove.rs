//! `DELETE /events/`: the events of a range. graphite-web has no such route: it keeps every event for ever.

use super::super::parameters::{Parameters, invalid, time};
use super::post::in_our_words;
use crate::app::App;
use crate::failure::refused;
use crate::http::problem::Refusal;
use crate::request::caller::Caller;
use crate::request::request_access::RequestAccess;
use crate::route::reply::json;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use base::time::TimeRange;
use http::StatusCode;
use std::sync::Arc;
use wire::event::Deleted;
use wire::excerpt::beginning;

/// The parameters of a deletion.
const PARAMETERS: [&str; 4] = ["from", "until", "now", "tz"];

/// `DELETE /events/`: deletes the events of a range, both ends included.
pub(crate) async fn delete_events(
    State(app): State<Arc<App>>,
    caller: Caller,
    access: RequestAccess,
    RawQuery(url): RawQuery,
) -> Result<Response, Refusal> {
    let parameters = Parameters::parse(url.as_deref(), b"")?;
    // A mistyped parameter must not delete more than was meant.
    if let Some((other, _)) = (parameters.iter()).find(|(name, _)| !PARAMETERS.contains(name)) {
        let message = format!(
            "a deletion of events has no parameter `{}`",
            beginning(other)
        );
        let Refusal(problem) = invalid("until", message);
        let known = PARAMETERS.map(|name| format!("`{name}`")).join(", ");
        return Err(Refusal(problem.hint(format!("it knows {known}"))));
    }
    for name in PARAMETERS {
        let problem = match parameters.all(name)[..] {
            [] => continue,
            // Blanks and signs alone would be read as now.
            [one] if one.chars().any(char::is_alphanumeric) => continue,
            [_] => "is empty",
            _ => "is there twice",
        };
        let message = format!("`{name}` {problem}: nothing was deleted");
        return Err(invalid(name, message));
    }
    let clock = parameters.clock(&app)?;
    let instant = |name: &'static str| {
        let text = parameters.last(name);
        text.map(|text| time(text, clock.now, &clock.zone, name))
            .transpose()
    };
    let Some(until) = instant("until")? else {
        let Refusal(problem) = invalid("until", "`until` is missing".to_owned());
        let hint =
            "`until=-1y` deletes what is older than a year, `until=now` everything up to now";
        return Err(Refusal(problem.hint(hint)));
    };
    let range = TimeRange {
        from: instant("from")?.unwrap_or(TimeRange::ALL.from),
        until,
    };
    let who = (&caller.scope, caller.credential);
    let verify_again = || access.scope_now(caller.scope.domain());
    let deleted = app.iam.delete_events(who, range, verify_again).await;
    let deleted = deleted.map_err(|error| match refused::of(&error) {
        Some(problem) => in_our_words(problem),
        None => error.into(),
    })?;
    json(StatusCode::OK, &Deleted { deleted })
}
