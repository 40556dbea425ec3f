//! The query parameters that the metrics routes share.

use crate::app::App;
use crate::http::problem::Refusal;
use axum::response::Response;
use base::context::Context;
use base::limit;
use base::pattern::PatternError;
use base::selector::Selector;
use base::store::StoreError;
use base::time::{Millis, TimeRange};
use base::time_expr::lenient::{self, Notice};
use base::time_expr::{self, TimeError};
use http::{HeaderName, HeaderValue};
use jiff::tz::TimeZone;
use std::sync::{Arc, OnceLock};
use wire::code::{self, Code};
use wire::excerpt;
use wire::query::{Query, QueryError};

const NOTICE_HEADER: HeaderName = HeaderName::from_static("x-vigie-time-notice");

/// Parses the query string.
pub(super) fn query_of(raw: Option<&str>) -> Result<Query, Refusal> {
    Query::parse(raw.unwrap_or_default()).map_err(|error| query_refusal(&error))
}

/// The refusal of a query string or a form.
pub(super) fn query_refusal(error: &QueryError) -> Refusal {
    let problem = code::REQUEST_MALFORMED.problem(error.to_string());
    Refusal(match error {
        QueryError::TooMany => problem.limit(&limit::QUERY_PARAMETERS),
        _ => problem,
    })
}

/// A parameter that may be given once.
pub(super) fn parameter<'q>(
    query: &'q Query,
    key: &'static str,
) -> Result<Option<&'q str>, Refusal> {
    query.one(key).map_err(|error| {
        Refusal(
            code::PARAMETER_INVALID
                .problem(error.to_string())
                .field(key),
        )
    })
}

/// The refusal of a parameter's value.
pub(super) fn invalid(key: &'static str, message: String) -> Refusal {
    Refusal(code::PARAMETER_INVALID.problem(message).field(key))
}

/// The time parameters of a query.
pub(super) struct Times {
    /// The range of `from` and `until`; `None` when neither is given.
    pub(super) range: Option<TimeRange>,
    /// The base of relative times: `now` of the query, or the clock.
    pub(super) now: Millis,
    /// Where days begin.
    pub(super) zone: TimeZone,
    /// A notice about how the times were parsed.
    pub(super) notice: Option<Notice>,
}

/// The refusal of a time.
pub(super) fn time_refusal(error: &TimeError) -> Refusal {
    let code = match error {
        TimeError::EmptyRange | TimeError::Backwards => &code::RANGE_EMPTY,
        _ => &code::TIME_MALFORMED,
    };
    Refusal(
        code.problem(error.to_string())
            .hint("write times like `-24h`, `2017-07-01T02:00Z`, `now` or epoch seconds"),
    )
}

/// Parses `tz`, `now`, `from` and `until`.
pub(super) fn times(app: &App, query: &Query) -> Result<Times, Refusal> {
    let zone = match parameter(query, "tz")? {
        // Graphite takes UTC for a zone it does not know.
        Some(name) => time_expr::zone(name),
        None => None,
    };
    let zone = zone.unwrap_or(TimeZone::UTC);
    let refuse = |error: TimeError| match (time_refusal(&error), error) {
        (Refusal(problem), TimeError::EmptyRange) => Refusal(
            problem.hint("without `from` it is 24 hours before `until`, without `until` it is now"),
        ),
        (refusal, _) => refusal,
    };
    let clock = app.clock.now();
    let (now, of_now) = match parameter(query, "now")? {
        Some(text) => {
            let read = lenient::parse(text, clock, &zone).map_err(refuse)?;
            (read.at, read.notice)
        }
        None => (clock, None),
    };
    let (from, until) = (parameter(query, "from")?, parameter(query, "until")?);
    let (range, notice) = if from.is_none() && until.is_none() {
        (None, None)
    } else {
        let (range, notice) = lenient::range(from, until, now, &zone).map_err(refuse)?;
        (Some(range), notice)
    };
    Ok(Times {
        range,
        now,
        zone,
        notice: notice.or(of_now),
    })
}

/// Passes a notice from the query's thread to the head of the answer.
#[derive(Debug, Clone, Default)]
pub(super) struct NoticeSlot(Arc<OnceLock<Notice>>);

impl NoticeSlot {
    /// Sets the notice.
    pub(super) fn set(&self, notice: Option<Notice>) {
        if let Some(notice) = notice {
            // A query is parsed once.
            let _ = self.0.set(notice);
        }
    }

    /// Adds the notice to an answer.
    pub(super) fn add_to(&self, mut response: Response) -> Response {
        if let Some(notice) = self.0.get() {
            let value = HeaderValue::from_static(notice.header());
            response.headers_mut().insert(NOTICE_HEADER, value);
        }
        response
    }
}

/// The `query` of a listing or a deletion.
pub(super) fn selector(text: &str) -> Result<Selector, Refusal> {
    Selector::parse(text)
        .map_err(|error| pattern_refusal(&code::QUERY_MALFORMED, "query", text, &error))
}

/// Reserves memory for the tables of a selector.
pub(super) fn reserve_tables(context: &Context, selector: &Selector) -> Result<(), Refusal> {
    let reserved = context.reserve(selector.table_bytes());
    reserved.map_err(|stop| StoreError::Stopped(stop).into())
}

/// The refusal of a pattern; it repeats only the part around the error.
pub(super) fn pattern_refusal(
    code: &Code,
    key: &'static str,
    text: &str,
    error: &PatternError,
) -> Refusal {
    let part = excerpt::around(text, error.at().map_or(0, |at| at.byte));
    let problem = code.problem(format!("`{part}`: {error}")).field(key);
    Refusal(match error.limit() {
        Some(limit) => problem.limit(limit),
        None => problem,
    })
}
