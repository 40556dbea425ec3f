//! Answers to a sender, in the words and statuses by which clients of InfluxDB drop or send again: 204 when nothing is to be
//! done, 400 for what sending again would not mend, 429 for what it may.

use crate::http::problem::Refusal;
use crate::route::portions::{First, Outcome};
use axum::response::{IntoResponse, Response};
use base::sample::RejectReason;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use wire::code;
use wire::influx::VERSION;

/// The answer to a write.
pub(super) fn to(outcome: &Outcome) -> Response {
    let mut response = match refusal(outcome) {
        None => StatusCode::NO_CONTENT.into_response(),
        Some(refusal) => refusal.into_response(),
    };
    mark(response.headers_mut());
    outcome.add_receipt(response.headers_mut());
    response
}

/// Adds the headers by which clients recognise the server.
pub(super) fn mark(headers: &mut HeaderMap) {
    for (name, value) in [("x-influxdb-version", VERSION), ("x-influxdb-build", "OSS")] {
        let name = HeaderName::from_static(name);
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// The refusal of what was not stored. Text fields beside numbers appear only in the counts: most senders have some, and cannot
/// avoid them.
fn refusal(outcome: &Outcome) -> Option<Refusal> {
    let First { line, reason, .. } = outcome.first.as_ref()?;
    let is_stored = outcome.stored > 0;
    if is_stored && outcome.rejected == outcome.texts {
        return None;
    }
    let dropped = outcome.rejected;
    if !is_stored && outcome.is_for_later() {
        let problem = code::ACCOUNT_LIMIT.problem(format!("nothing was stored: {reason}"));
        return Some(Refusal(problem.retry_after(60)));
    }
    // The words are InfluxDB's: clients look for them, and some resend for ever what is refused in other words. If nothing was
    // stored, only `unable to parse` and `points beyond retention policy` make them drop it.
    let what = match reason {
        RejectReason::TooOld { .. } => {
            format!("points beyond retention policy, the first in line {line}: {reason}")
        }
        RejectReason::Malformed(_) => format!("unable to parse line {line}: {reason}"),
        _ if is_stored => format!("line {line}: {reason}"),
        _ => format!("unable to parse or store line {line}: {reason}"),
    };
    let (code, begin) = if is_stored {
        (&code::PARTLY_STORED, "partial write: ")
    } else {
        (&code::NOTHING_STORED, "")
    };
    Some(Refusal(
        code.problem(format!("{begin}{what} dropped={dropped}")),
    ))
}
