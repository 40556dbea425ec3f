//! Takes a request from its guard to its handler: receives the body, takes a slot, decompresses the body, runs the handler. A
//! request that is still arriving takes no slot, and nothing is decompressed without one.

use super::arrival::{self, ReceivedBody};
use super::body_limit::BodyLimit;
use super::empty_body;
use super::payload::Received;
use super::request_access::RequestAccess;
use crate::app::App;
use crate::http::bodies::BodyReservation;
use crate::http::coding::{self, Coding};
use crate::http::fair_share::ShareOwner;
use crate::http::problem::Refusal;
use crate::http::unpack::{Unpackable, unpack};
use crate::http::worker;
use crate::query::open_queries::AccessCheck as _;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A body that is complete within this time came with its head; its caller was verified just now.
const AT_ONCE: Duration = Duration::from_millis(1);

/// Receives and answers a request of `owner`. With `when_full`, it is answered even if no slot is free.
pub(crate) async fn receive(
    app: &Arc<App>,
    owner: ShareOwner,
    (body_limit, when_full): (BodyLimit, bool),
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, mut body) = request.into_parts();
    let mut arrived = None;
    if body_limit != BodyLimit::Nothing {
        let coding = match coding::check_one_type(&parts.headers)
            .and_then(|()| coding::of(&parts.headers))
        {
            Ok(coding) => coding,
            Err(refusal) => return refusal.into_response(),
        };
        let taken = std::mem::replace(&mut body, Body::empty());
        let begun = Instant::now();
        match arrival::take_in(app, owner, body_limit, taken).await {
            Ok(whole) => arrived = Some((whole, coding)),
            Err(response) => return response,
        }
        // The caller may have lost access while the body arrived.
        if begun.elapsed() > AT_ONCE
            && let Err(refusal) = check_access(app, &parts)
        {
            return refusal.into_response();
        }
    }
    let slot = match app.request_slots.take(owner) {
        Ok(slot) => Some(slot),
        Err(_) if when_full => None,
        Err(over) => return over.refusal().into_response(),
    };
    let answer = async move {
        if let Some((whole, coding)) = arrived {
            let bytes = match plain(app, body_limit, whole, coding).await {
                Ok(bytes) => bytes,
                Err(refusal) => return refusal.into_response(),
            };
            if body_limit == BodyLimit::Empty
                && let Err(refusal) = empty_body::check(&bytes)
            {
                return refusal.into_response();
            }
            parts.extensions.insert(Received(bytes));
        }
        next.run(Request::from_parts(parts, body)).await
    };
    match slot {
        Some(slot) => worker::with_slot(slot, answer).await,
        None => answer.await,
    }
}

/// Checks that the verified caller still has access.
fn check_access(app: &Arc<App>, parts: &Parts) -> Result<(), Refusal> {
    match RequestAccess::of(app, parts)? {
        Some(access) => access.recheck(),
        None => Ok(()),
    }
}

/// The decompressed body; its bytes stay counted until dropped.
async fn plain(
    app: &Arc<App>,
    body_limit: BodyLimit,
    whole: ReceivedBody,
    coding: Coding,
) -> Result<Bytes, Refusal> {
    // Some clients say of every request that it is packed, also of those without a body: `influxdb` of Python does.
    if coding == Coding::Plain || whole.bytes.is_empty() {
        return Ok(Bytes::from_owner(whole));
    }
    let (_, allowed) = body_limit.limit(app);
    let unpacked = worker::run(move || -> Result<Bytes, Unpackable> {
        let mut held = BodyReservation::nothing(whole.held.bodies(), whole.held.owner());
        let bytes = unpack(&whole.bytes, allowed, &mut held)?.into();
        Ok(Bytes::from_owner(ReceivedBody { bytes, held }))
    });
    unpacked.await?.map_err(|error| match error {
        Unpackable::TooLarge => Refusal(arrival::too_large(app, body_limit)),
        Unpackable::Other(refusal) => refusal,
    })
}
