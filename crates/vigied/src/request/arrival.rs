//! Receives one body: bounded in size, in rate, by the request's time, and by the number of bodies arriving at once.

use super::body_buffer::BodyBuffer;
use super::body_limit::BodyLimit;
use crate::app::App;
use crate::http::bodies::BodyReservation;
use crate::http::fair_share::ShareOwner;
use crate::http::problem::Refusal;
use axum::body::{Body, HttpBody as _};
use axum::response::{IntoResponse as _, Response};
use base::error::{Kind, Problem};
use base::limit;
use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};
use wire::code;

/// A received body, and the reservation of its bytes.
#[derive(Debug)]
pub(crate) struct ReceivedBody {
    pub(crate) bytes: Bytes,
    pub(crate) held: BodyReservation,
}

impl AsRef<[u8]> for ReceivedBody {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Marks an answer after which the rest of the body is not read and the connection is closed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CloseConnection;

/// Takes the body in.
///
/// # Errors
/// The answer when it is too large, too slow, or there is no room.
pub(crate) async fn take_in(
    app: &App,
    owner: ShareOwner,
    body_limit: BodyLimit,
    mut body: Body,
) -> Result<ReceivedBody, Response> {
    let (_, allowed) = body_limit.limit(app);
    let too_large = || Refusal(too_large(app, body_limit)).into_response();
    let declared = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if declared > app.limits.body_bytes.max(allowed) {
        // Too large for any route.
        return Err(Refusal(self::too_large(app, BodyLimit::Samples)).into_response());
    }
    if declared > allowed {
        return Err(too_large());
    }
    if body.is_end_stream() {
        return Ok(ReceivedBody {
            bytes: Bytes::new(),
            held: BodyReservation::nothing(&app.bodies, owner),
        });
    }
    let nothing = BodyReservation::nothing(&app.bodies, owner);
    if let Some(most) = nothing.never_fits(declared) {
        return Err(most.never_fits().into_response());
    }
    let mut gathered = BodyBuffer::nothing();
    let entered = app.bodies.enter(owner);
    let mut arriving = entered.map_err(|over| over.refusal().into_response())?;
    let last = Instant::now() + app.limits.request_time;
    let leave = arriving.leave();
    loop {
        let deadline = arriving.deadline().min(last);
        let frame = tokio::select! {
            biased;
            () = leave.notified() => return Err(displaced()),
            frame = timeout_at(deadline, body.frame()) => frame,
        };
        let data = match frame {
            Err(_) if deadline == last => return Err(Refusal(too_late(app)).into_response()),
            Err(_) => return Err(Refusal(too_slow()).into_response()),
            Ok(None) => break,
            Ok(Some(Err(_))) => {
                let problem = code::REQUEST_MALFORMED.problem("the body broke off");
                return Err(Refusal(problem).into_response());
            }
            Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
        };
        if gathered.len().saturating_add(data.len()) > allowed {
            return Err(too_large());
        }
        if let Some(most) = arriving.never_fits(data.len()) {
            return Err(most.never_fits().into_response());
        }
        arriving.record_received(data.len());
        let held = tokio::select! {
            biased;
            () = leave.notified() => return Err(displaced()),
            held = arriving.reserve(data.len()) => held,
        };
        held.map_err(|over| over.refusal().into_response())?;
        gathered.add(data, declared);
    }
    Ok(ReceivedBody {
        bytes: gathered.into_bytes(),
        held: arriving.arrived(),
    })
}

/// The refusal of a body that is larger than its route takes.
pub(crate) fn too_large(app: &App, body_limit: BodyLimit) -> Problem {
    let (limit, allowed) = body_limit.limit(app);
    let message = format!("the body has more than `{}` = {allowed} bytes", limit.name);
    let problem = match body_limit {
        // The token service answers a form that is too large like one that it cannot read.
        BodyLimit::Nothing | BodyLimit::Form => Problem::new(
            Kind::Invalid,
            "BXNIM0106E",
            format!("Property validation failed: {message}"),
        ),
        BodyLimit::Empty | BodyLimit::Management => code::BODY_TOO_LARGE
            .problem(message)
            .hint("send only the fields of the route; samples go to `/v1/metrics`"),
        BodyLimit::Samples => code::BODY_TOO_LARGE
            .problem(message)
            .hint("send it in smaller batches"),
    };
    problem.limit(limit)
}

fn too_late(app: &App) -> Problem {
    let seconds = app.limits.request_time.as_secs();
    let message = format!("the body did not arrive within `request_seconds` = {seconds}");
    code::TIMEOUT
        .problem(message)
        .limit(&limit::REQUEST_SECONDS)
}

fn too_slow() -> Problem {
    let message = format!(
        "the body stood still for longer than `{}`, or came more slowly than `{}`",
        limit::BODY_STALL_SECONDS.name,
        limit::BODY_BYTES_PER_SECOND_MIN.name
    );
    code::TIMEOUT
        .problem(message)
        .hint("send the body as soon as its head")
        .limit(&limit::BODY_STALL_SECONDS)
}

fn displaced() -> Response {
    let message = format!(
        "the body came so slowly that it gave way to another: `{}`",
        limit::ARRIVING_BODIES.name
    );
    let problem = code::TOO_BUSY
        .problem(message)
        .hint("send again after `Retry-After` seconds, the body as soon as its head")
        .limit(&limit::ARRIVING_BODIES);
    let mut response = Refusal(problem).into_response();
    response.extensions_mut().insert(CloseConnection);
    response
}
