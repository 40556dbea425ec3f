//! `POST /collectd`: what collectd's `write_http` sends, in either of its forms. It resends nothing, whatever the answer; people
//! who try it by hand get a receipt as from `POST /v1/metrics`.

use super::portions::{Outcome, Portions};
use super::reply::json;
use crate::app::App;
use crate::app::arrivals::ArrivalSource;
use crate::http::problem::Refusal;
use crate::http::source::RequestSource;
use crate::http::worker;
use crate::request::caller::Caller;
use crate::request::payload::SamplesPayload;
use crate::request::request_access::RequestAccess;
use axum::extract::State;
use axum::response::Response;
use base::time::Millis;
use http::{HeaderValue, StatusCode, header};
use std::sync::Arc;
use wire::code;
use wire::ingest::Lines;
use wire::ingest::collectd::{command, json as lists};
use wire::problem::MonitoringError;
use wire::receipt::Receipt;

/// About what a sample or a reject takes, its name aside.
const ENTRY_BYTES: usize = 512;

/// Stores the value lists of a body.
pub(crate) async fn write(
    State(app): State<Arc<App>>,
    caller: Caller,
    admission: RequestAccess,
    RequestSource(source): RequestSource,
    SamplesPayload(body): SamplesPayload,
) -> Result<Response, Refusal> {
    let now = app.clock.now();
    let by = ArrivalSource::new("/collectd", source, caller.key);
    let stored = move || {
        let portions = Portions::new(&app, (&caller.scope, &admission), by, body.len());
        store(portions, &body, now)
    };
    let outcome = worker::run(stored).await??;
    let status = if outcome.received == 0 || outcome.stored > 0 {
        StatusCode::OK
    } else if outcome.is_for_later() {
        StatusCode::TOO_MANY_REQUESTS
    } else {
        StatusCode::BAD_REQUEST
    };
    let mut response = json(status, &receipt(&outcome))?;
    if status == StatusCode::TOO_MANY_REQUESTS {
        let seconds = HeaderValue::from_static("60");
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    outcome.add_receipt(response.headers_mut());
    Ok(response)
}

/// Decodes and stores a body: JSON if it begins as JSON does, else commands. Blocks.
fn store(mut portions: Portions<'_>, body: &[u8], now: Millis) -> Result<Outcome, Refusal> {
    if body.trim_ascii_start().first() == Some(&b'[') {
        let mut decoder = lists::Decoder::new(body).map_err(|error| {
            let problem = code::BODY_MALFORMED.problem(error.to_string());
            Refusal(problem.hint(
                "send what `write_http` sends with `Format \"JSON\"` or `Format \"Command\"`",
            ))
        })?;
        let mut ready = Lines::default();
        while decoder.step(&mut ready, now) {
            if portions.reserve(bytes(&ready))? {
                portions.store(&std::mem::take(&mut ready))?;
            }
        }
        portions.reserve(bytes(&ready))?;
        portions.store(&ready)?;
    } else {
        let mut decoder = command::Decoder::default();
        for slice in body.chunks(portions.slice()) {
            decoder.feed(slice, now);
            if portions.reserve(bytes(decoder.ready()))? {
                portions.store(&decoder.take())?;
            }
        }
        // Also a last line without an end is decoded only now.
        decoder.finish(now);
        portions.reserve(bytes(decoder.ready()))?;
        portions.store(&decoder.take())?;
    }
    Ok(portions.outcome)
}

/// About how many bytes what is ready takes; names are no longer than a series name may be, and mostly much shorter.
fn bytes(ready: &Lines) -> usize {
    usize::try_from(ready.received)
        .unwrap_or(usize::MAX)
        .saturating_mul(ENTRY_BYTES)
}

fn receipt(outcome: &Outcome) -> Receipt {
    let first = outcome.first.as_ref();
    let mut receipt = Receipt {
        received: outcome.received,
        stored: outcome.stored,
        overwritten: outcome.overwritten,
        rejected: outcome.rejected,
        rejections: Vec::new(),
        rejections_left_out: outcome.rejected,
        rejected_by_code: outcome
            .by_code
            .iter()
            .map(|(code, count)| ((*code).to_owned(), *count))
            .collect(),
        errors: Vec::new(),
    };
    if let Some(first) = first
        && outcome.stored == 0
    {
        let (received, line, reason) = (outcome.received, first.line, &first.reason);
        let problem = code::NOTHING_STORED.problem(format!(
            "none of the {received} values was stored; the first, in list or line {line}, because {reason}"
        ));
        receipt.errors = vec![MonitoringError::from(&problem)];
    }
    receipt
}
