//! `POST /write` and `POST /api/v2/write`.

use super::answer;
use crate::app::App;
use crate::app::arrivals::ArrivalSource;
use crate::http::problem::Refusal;
use crate::http::source::RequestSource;
use crate::http::worker;
use crate::request::caller::Caller;
use crate::request::payload::SamplesPayload;
use crate::request::request_access::RequestAccess;
use crate::route::portions::{Outcome, Portions};
use axum::extract::{RawQuery, State};
use axum::response::Response;
use base::time::Millis;
use std::sync::Arc;
use wire::code;
use wire::excerpt;
use wire::ingest::influx::{Decoder, Precision};
use wire::query::Query;

/// `POST /write` of InfluxDB 1.
pub(crate) async fn write(
    State(app): State<Arc<App>>,
    caller: Caller,
    admission: RequestAccess,
    RequestSource(source): RequestSource,
    RawQuery(raw): RawQuery,
    SamplesPayload(body): SamplesPayload,
) -> Result<Response, Refusal> {
    let by = ArrivalSource::new("/write", source, caller.key);
    let outcome = stored(app, (caller, admission), by, (raw, body)).await?;
    Ok(answer::to(&outcome))
}

/// `POST /api/v2/write` of InfluxDB 2, answered in the same way.
pub(crate) async fn write_v2(
    State(app): State<Arc<App>>,
    caller: Caller,
    admission: RequestAccess,
    RequestSource(source): RequestSource,
    RawQuery(raw): RawQuery,
    SamplesPayload(body): SamplesPayload,
) -> Result<Response, Refusal> {
    let by = ArrivalSource::new("/api/v2/write", source, caller.key);
    let outcome = stored(app, (caller, admission), by, (raw, body)).await?;
    Ok(answer::to(&outcome))
}

async fn stored(
    app: Arc<App>,
    (caller, admission): (Caller, RequestAccess),
    by: ArrivalSource,
    (raw, body): (Option<String>, bytes::Bytes),
) -> Result<Outcome, Refusal> {
    let precision = precision(raw.as_deref().unwrap_or_default())?;
    let now = app.clock.now();
    let stored = move || {
        let portions = Portions::new(&app, (&caller.scope, &admission), by, body.len());
        store_lines(portions, &body, precision, now)
    };
    worker::run(stored).await?
}

/// Decodes and stores a body. Blocks.
fn store_lines(
    mut portions: Portions<'_>,
    body: &[u8],
    precision: Option<Precision>,
    now: Millis,
) -> Result<Outcome, Refusal> {
    let mut decoder = Decoder::new(precision);
    for slice in body.chunks(portions.slice()) {
        decoder.feed(slice, now);
        if portions.reserve(decoder.ready_bytes())? {
            portions.store(&decoder.take())?;
        }
    }
    // Also a last line without an end is decoded only now.
    decoder.finish(now);
    portions.reserve(decoder.ready_bytes())?;
    portions.store(&decoder.take())?;
    let texts = decoder.texts();
    Ok(Outcome {
        texts,
        ..portions.outcome
    })
}

/// The unit of times, if the request says one.
fn precision(raw: &str) -> Result<Option<Precision>, Refusal> {
    let query =
        Query::parse(raw).map_err(|error| code::REQUEST_MALFORMED.problem(error.to_string()))?;
    let refused =
        |message: String| Refusal(code::PARAMETER_INVALID.problem(message).field("precision"));
    let precision = query
        .one("precision")
        .map_err(|error| refused(error.to_string()))?;
    let Some(word) = precision.filter(|word| !word.is_empty()) else {
        return Ok(None);
    };
    let precision = Precision::parse(word).ok_or_else(|| {
        refused(format!(
            "`precision` is `ns`, `us`, `ms`, `s`, `m` or `h`, not `{}`",
            excerpt::beginning(word)
        ))
    })?;
    Ok(Some(precision))
}
