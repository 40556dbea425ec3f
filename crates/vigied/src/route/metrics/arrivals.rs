//! `GET /v1/metrics/senders` and `GET /v1/metrics/rejects`: what arrives for a domain, for those who reach all of its series.

use super::parameters::{invalid, query_of};
use crate::app::App;
use crate::app::arrivals::{ArrivalSource, View};
use crate::http::problem::Refusal;
use crate::request::caller::Caller;
use crate::route::reply::json;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use std::sync::Arc;
use wire::arrivals::{RejectItem, RejectList, SenderItem, SenderList};
use wire::excerpt::beginning;

/// Lists the senders.
pub(crate) async fn senders(
    State(app): State<Arc<App>>,
    caller: Caller,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    let view = view(&app, &caller, raw.as_deref())?;
    let now = app.clock.now();
    let senders = view.senders.into_iter().map(|(by, figures)| {
        let (listener, source, key) = parts(&by);
        SenderItem {
            listener,
            source,
            key,
            first_at: figures.first_at.secs(),
            last_at: figures.last_at.secs(),
            silent: figures.is_silent(now),
            usual_gap_seconds: (figures.batches > 1).then(|| seconds(figures.gap)),
            batches: figures.batches,
            received: figures.taken.saturating_add(figures.refused),
            accepted: figures.taken,
            rejected: figures.refused,
        }
    });
    let list = SenderList {
        since: app.arrivals.since().secs(),
        senders: senders.collect(),
        left_out: view.left_out,
        missed: app.arrivals.missed(),
    };
    json(StatusCode::OK, &list)
}

/// Lists the refusals.
pub(crate) async fn rejects(
    State(app): State<Arc<App>>,
    caller: Caller,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    let view = view(&app, &caller, raw.as_deref())?;
    let rejects = view.refused.into_iter().map(|reject| {
        let (listener, source, key) = parts(&reject.by);
        RejectItem {
            at: reject.at.secs(),
            listener,
            source,
            key,
            reason: reject.reason.to_owned(),
            name: reject.name.map(Into::into),
            message: reject.message.into(),
        }
    });
    let reasons = view.reasons.into_iter();
    let list = RejectList {
        since: app.arrivals.since().secs(),
        by_reason: reasons
            .map(|(reason, count)| (reason.to_owned(), count))
            .collect(),
        rejects: rejects.collect(),
        missed: app.arrivals.missed(),
    };
    json(StatusCode::OK, &list)
}

/// The arrivals of the caller's domain.
fn view(app: &App, caller: &Caller, raw: Option<&str>) -> Result<View, Refusal> {
    let query = query_of(raw)?;
    if let Some(other) = query.unknown(&[]) {
        let message = format!("this takes no parameter `{}`", beginning(other));
        return Err(invalid("query", message));
    }
    let domain = caller.scope.domain();
    Ok(app.arrivals.of(domain, |limit| app.metrics.limited(limit)))
}

fn parts(by: &ArrivalSource) -> (String, String, Option<String>) {
    let key = by.key.map(|key| key.to_string());
    (by.listener.to_owned(), by.address.to_string(), key)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of some years are exact"
)]
fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}
