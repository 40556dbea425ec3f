//! `POST /v1/metrics`.

use super::parameters::{NoticeSlot, invalid, parameter, query_of};
use crate::app::App;
use crate::app::arrivals::{Arrival, ArrivalSource};
use crate::http::problem::Refusal;
use crate::http::source::RequestSource;
use crate::http::worker;
use crate::request::caller::Caller;
use crate::request::payload::SamplesPayload;
use crate::route::reply::json;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use base::limit;
use base::sample::{Appended, RejectReason};
use base::store::Durability;
use http::{HeaderValue, StatusCode, header};
use std::collections::BTreeMap;
use std::sync::Arc;
use wire::code;
use wire::excerpt;
use wire::ingest::json::Decoded;
use wire::ingest::{Reject, json as ingest};
use wire::problem::MonitoringError;
use wire::receipt::{Receipt, Rejection};

/// `POST /v1/metrics`: answers with a receipt for every item.
pub(crate) async fn send(
    State(app): State<Arc<App>>,
    caller: Caller,
    RequestSource(source): RequestSource,
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
    let notice_slot = NoticeSlot::default();
    let worker_slot = notice_slot.clone();
    let outcome = worker::run(move || -> Result<_, Refusal> {
        let decoded = match ingest::decode(&body, now) {
            Ok(decoded) => decoded,
            Err(error) => return Ok(Err(error)),
        };
        worker_slot.set(decoded.notice);
        let early = decoded.rejects.iter().map(|reject| &reject.reason);
        let appended = worker.store_batch(&caller.scope, &decoded.batch, early, durability)?;
        let by = ArrivalSource::new("/v1/metrics", source, caller.key);
        let accepted = appended.stored + appended.overwritten;
        let mut arrival = Arrival::new(caller.scope.domain(), by, now, accepted);
        for reject in &decoded.rejects {
            arrival.refused(reject.name.as_deref(), &reject.reason);
        }
        arrival.late(&decoded.batch, &appended);
        worker.note_arrival(arrival);
        let reasons = || {
            decoded
                .rejects
                .iter()
                .map(|reject| &reject.reason)
                .chain(appended.rejected.iter().map(|r| &r.1))
        };
        let receipt = receipt(&decoded, &appended);
        if receipt.rejections_left_out > 0 {
            worker.metrics.limited(&limit::REJECTIONS_PER_RECEIPT);
        }
        // Serialized here, not on a reactor thread.
        let status = status(&receipt, reasons());
        Ok(Ok((status, json(status, &receipt)?)))
    })
    .await??;
    let (status, mut response) = outcome.map_err(|error| {
        let problem = code::BODY_MALFORMED.problem(error.to_string());
        Refusal(problem.hint(
            "send a JSON array like `[{\"name\":\"a.b\",\"value\":1.5,\"timestamp\":1519862400}]`",
        ))
    })?;
    if status == StatusCode::TOO_MANY_REQUESTS {
        let seconds = HeaderValue::from_static("60");
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    Ok(notice_slot.add_to(response))
}

/// 400 if nothing was stored; 429 if only because the account is at its limit.
fn status<'a>(
    receipt: &Receipt,
    mut reasons: impl Iterator<Item = &'a RejectReason>,
) -> StatusCode {
    let later = RejectReason::ACCOUNT_LIMIT;
    if receipt.received == 0 || receipt.stored > 0 {
        StatusCode::OK
    } else if reasons.all(|reason| reason.code() == later) {
        StatusCode::TOO_MANY_REQUESTS
    } else {
        StatusCode::BAD_REQUEST
    }
}

fn receipt(decoded: &Decoded, appended: &Appended) -> Receipt {
    let rejected = decoded.rejects.len() + appended.rejected.len();
    let rejections = first_rejections(decoded, appended);
    let rejections_left_out = (rejected - rejections.len()) as u64;
    let mut rejected_by_code = BTreeMap::new();
    if rejections_left_out > 0 {
        let early = decoded.rejects.iter().map(|reject| &reject.reason);
        for reason in early.chain(appended.rejected.iter().map(|rejection| &rejection.1)) {
            *rejected_by_code.entry(reason.code()).or_insert(0_u64) += 1;
        }
    }
    let received = decoded.received as u64;
    let errors = if appended.stored == 0 && received > 0 {
        let first = rejections
            .first()
            .map_or("", |rejection| rejection.reason.as_str());
        let hint = if rejections_left_out > 0 {
            format!(
                "`rejections` says why for the first {} (`{}`), and `rejected_by_code` counts all",
                rejections.len(),
                limit::REJECTIONS_PER_RECEIPT.name
            )
        } else {
            "`rejections` says why for each".to_owned()
        };
        let problem = code::NOTHING_STORED
            .problem(match received {
                1 => format!("the item was not stored: {first}"),
                _ => format!("none of the {received} items was stored; the first because {first}"),
            })
            .hint(hint);
        vec![MonitoringError::from(&problem)]
    } else {
        Vec::new()
    };
    Receipt {
        received,
        stored: appended.stored,
        overwritten: appended.overwritten,
        rejected: rejected as u64,
        rejections,
        rejections_left_out,
        rejected_by_code: rejected_by_code
            .into_iter()
            .map(|(code, count)| (code.to_owned(), count))
            .collect(),
        errors,
    }
}

/// The first rejections, as many as a receipt lists, by index. A small compressed body can hold half a million items, so no
/// text is made for the others.
fn first_rejections(decoded: &Decoded, appended: &Appended) -> Vec<Rejection> {
    let rejections_max =
        usize::try_from(limit::REJECTIONS_PER_RECEIPT.default).unwrap_or(usize::MAX);
    let early = decoded.rejects.iter().take(rejections_max);
    let mut rejections: Vec<Rejection> = early.map(Rejection::from).collect();
    // Both lists are sorted, so only the first entries of each can be among the first of all.
    let mut samples = decoded.batch.iter().enumerate();
    for (at, reason) in appended.rejected.iter().take(rejections_max) {
        let index = decoded.positions.get(*at).copied().unwrap_or(*at);
        let sample = samples.find(|(index, _)| index == at);
        rejections.push(Rejection::from(&Reject {
            index,
            name: sample.map(|(_, sample)| sample.name().into_owned()),
            reason: RejectReason::clone(reason),
        }));
    }
    rejections.sort_by_key(|rejection| rejection.index);
    rejections.truncate(rejections_max);
    rejections
}
