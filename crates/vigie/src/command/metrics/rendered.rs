//! `metrics get --format png`, `svg` and `raw`: what the server renders.

use super::caret::marked;
use super::get_args::{Format, GetArgs};
use super::server_clock::ServerClock;
use crate::client::Request;
use crate::context::Context;
use crate::error::{Failure, code};
use crate::monitoring::{Monitoring, RetryPolicy};
use base::time::{Clock as _, Millis, SystemClock, TimeRange};
use base::time_expr::lenient;
use jiff::tz::TimeZone;

/// The default size of a picture, in pixels.
const WIDTH: u16 = 1000;
const HEIGHT: u16 = 400;

/// A time at which a relative range would mean something else.
const LATER_MS: i64 = 3_600_000;

/// The bytes of the picture or text.
pub(super) fn rendered(
    format: Format,
    args: &GetArgs,
    (name, zone): (&str, &TimeZone),
    monitoring: &Monitoring<'_>,
    context: &Context,
) -> Result<Vec<u8>, Failure> {
    let (word, media_type) = match format {
        Format::Png => ("png", "image/png"),
        Format::Svg => ("svg", "image/svg+xml"),
        _ => ("raw", "text/plain"),
    };
    let range = range(args, zone, &ServerClock::new(context, Some(monitoring)))?;
    let seconds = [range.from, range.until].map(|at| at.secs().to_string());
    let size = [
        args.screen.width.unwrap_or(WIDTH),
        args.screen.height.unwrap_or(HEIGHT),
    ]
    .map(|pixels| pixels.to_string());
    let [from, until] = &seconds;
    let [width, height] = &size;
    let mut fields = vec![
        ("from", from.as_str()),
        ("until", until),
        ("tz", name),
        ("format", word),
        ("width", width),
        ("height", height),
        // As Graphite, the server leaves the legend out where there are more than ten series, unless it is asked for.
        ("hideLegend", "false"),
    ];
    let theme = args.theme.map(|theme| ("template", theme.template()));
    let title = args.title.as_deref().map(|title| ("title", title));
    fields.extend(theme.into_iter().chain(title));
    fields.extend(
        args.targets
            .iter()
            .map(|target| ("target", target.as_str())),
    );
    let make = || Request::post(monitoring.url("/render")).form(&fields);
    let reply = monitoring.exchange(make, RetryPolicy::Once)?;
    if !reply.is_success() {
        let failure = reply.refusal("get metrics");
        return Err(marked(failure, &reply.body, &args.targets));
    }
    let given = reply.header("content-type").unwrap_or_default();
    let given = given.split(';').next().unwrap_or_default().trim();
    if given != media_type {
        return Err(Failure::failed(format!(
            "cannot get metrics: the server answered with `{given}`, not `{media_type}`"
        ))
        .coded(code::ANSWER_MALFORMED)
        .hint("is this address a Vigie server? see `vigie api`"));
    }
    Ok(reply.body)
}

/// The range by the server's clock, which only relative times need: `/render` reads Graphite's forms of a time alone.
fn range(args: &GetArgs, zone: &TimeZone, clock: &ServerClock<'_>) -> Result<TimeRange, Failure> {
    let (from, until) = (args.from.as_deref(), args.until.as_deref());
    let read = |now: Millis| {
        let range = lenient::range(from, until, now, zone);
        range
            .map(|(range, _)| range)
            .map_err(|error| Failure::usage(error.to_string()))
    };
    let here = SystemClock.now();
    let range = read(here)?;
    if read(here.plus(LATER_MS))? == range {
        return Ok(range);
    }
    read(clock.by_server(SystemClock.now()))
}
