//! `POST /v1/metrics`.

use super::question::{Told, invalid, parameter, query_of};
use crate::app::App;
use crate::http::caller::Caller;
use crate::http::payload::SamplesPayload;
use crate::http::problem::Refusal;
use crate::http::worker;
use crate::route::reply::json;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use base::sample::{Appended, RejectReason};
use base::store::Durability;
use http::{HeaderValue, StatusCode, header};
use std::sync::Arc;
use wire::code;
use wire::excerpt;
use wire::ingest::json::Decoded;
use wire::ingest::{Reject, json as ingest};
use wire::problem::MonitoringError;
use wire::receipt::{Receipt, Rejection};

/// `POST /v1/metrics`: a receipt says what became of every item.
pub(crate) async fn send(
    State(app): State<Arc<App>>,
    caller: Caller,
    RawQuery(raw): RawQuery,
    SamplesPayload(body): SamplesPayload,
) -> Result<Response, Refusal> {
    let query = query_of(raw.as_deref())?;
    let durability = match parameter(&query, "durability")? {
        None | Some("committed") => Durability::Committed,
        Some("buffered") => Durability::Buffered,
        Some(other) => {
            return Err(invalid(
                "durability",
                format!(
                    "`durability` is `committed` or `buffered`, not `{}`",
                    excerpt::beginning(other)
                ),
            ));
        }
    };
    let now = app.clock.now();
    let worker = Arc::clone(&app);
    let domain = caller.scope.domain();
    let directory = app.iam.directory();
    let account = directory.account_of(domain).ok_or_else(|| {
        // Deleted since the credential was verified.
        Refusal(code::DOMAIN_NOT_FOUND.problem(format!("there is no domain `{domain}`")))
    })?;
    let told = Told::default();
    let kept = told.clone();
    let outcome = worker::run(move || -> Result<_, Refusal> {
        let decoded = match ingest::decode(&body, now) {
            Ok(decoded) => decoded,
            Err(error) => return Ok(Err(error)),
        };
        kept.keep(decoded.notice);
        let scope = &caller.scope;
        let batch = decoded.batch.len();
        let (allowance, taken) = worker.quotas.allowance(&worker, account, batch)?;
        let appended = worker
            .store
            .writer(scope)
            .append(&decoded.batch, durability, allowance)?;
        taken.wrote(appended.stored, appended.created);
        let reasons = || {
            decoded
                .rejects
                .iter()
                .map(|reject| &reject.reason)
                .chain(appended.rejected.iter().map(|r| &r.1))
        };
        // Counted here, beside the store, so that a caller who hangs up is counted all the same.
        worker.metrics.wrote(scope.domain(), &appended, reasons());
        Ok(Ok(receipt(&decoded, &appended)))
    })
    .await??;
    let receipt = outcome.map_err(|error| {
        let problem = code::BODY_MALFORMED.problem(error.to_string());
        Refusal(problem.hint(
            "send a JSON array like `[{\"name\":\"a.b\",\"value\":1.5,\"timestamp\":1519862400}]`",
        ))
    })?;
    let status = status(&receipt);
    let mut response = json(status, &receipt)?;
    if status == StatusCode::TOO_MANY_REQUESTS {
        let seconds = HeaderValue::from_static("60");
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    Ok(told.tell(response))
}

/// Nothing stored is a bad request; or, where that is so only because the account is at its limit, one for later.
fn status(receipt: &Receipt) -> StatusCode {
    let later = RejectReason::ACCOUNT_LIMIT;
    if receipt.received == 0 || receipt.stored > 0 {
        StatusCode::OK
    } else if receipt.rejections.iter().all(|own| own.code == later) {
        StatusCode::TOO_MANY_REQUESTS
    } else {
        StatusCode::BAD_REQUEST
    }
}

fn receipt(decoded: &Decoded, appended: &Appended) -> Receipt {
    let names: Vec<String> = if appended.rejected.is_empty() {
        Vec::new()
    } else {
        let samples = decoded.batch.iter();
        samples.map(|sample| sample.name().into_owned()).collect()
    };
    let mut rejections: Vec<Rejection> = decoded.rejects.iter().map(Rejection::from).collect();
    rejections.extend(appended.rejected.iter().map(|(at, reason)| {
        let index = decoded.positions.get(*at).copied().unwrap_or(*at);
        let name = names.get(*at).cloned();
        Rejection::from(&Reject {
            index,
            name,
            reason: RejectReason::clone(reason),
        })
    }));
    rejections.sort_by_key(|rejection| rejection.index);
    let received = decoded.received as u64;
    let errors = if appended.stored == 0 && received > 0 {
        let first = rejections
            .first()
            .map_or("", |rejection| rejection.reason.as_str());
        let problem = code::NOTHING_STORED
            .problem(format!(
                "none of the {received} items was stored; the first because {first}"
            ))
            .hint("`rejections` says why for each");
        vec![MonitoringError::from(&problem)]
    } else {
        Vec::new()
    };
    Receipt {
        received,
        stored: appended.stored,
        overwritten: appended.overwritten,
        rejected: rejections.len() as u64,
        rejections,
        errors,
    }
}
