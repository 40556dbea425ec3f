//! The body of a request as a handler takes it. Each kind has its limit (`request/body_limit.rs`); the guard has received the
//! body within that limit before the handler runs (`request/receive.rs`).

use crate::http::problem::Refusal;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use wire::code;

/// The body of a management request: at most `management_body_bytes`.
#[derive(Debug)]
pub(crate) struct Payload(pub(crate) Bytes);

/// The form of a token endpoint: at most `form_bytes`.
#[derive(Debug)]
pub(crate) struct FormPayload(pub(crate) Bytes);

/// Samples: at most `body_bytes`.
#[derive(Debug)]
pub(crate) struct SamplesPayload(pub(crate) Bytes);

/// A body that was taken in.
#[derive(Debug, Clone)]
pub(crate) struct Received(pub(crate) Bytes);

fn received(mut request: Request) -> Result<Bytes, Refusal> {
    match request.extensions_mut().remove::<Received>() {
        Some(Received(bytes)) => Ok(bytes),
        None => {
            tracing::error!("a handler asked for a body on an unguarded route");
            Err(Refusal(code::INTERNAL.problem("the body was not taken in")))
        }
    }
}

macro_rules! payloads {
    ($($kind:ident)*) => {
        $(impl<S: Send + Sync> FromRequest<S> for $kind {
            type Rejection = Refusal;

            async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
                received(request).map(Self)
            }
        })*
    };
}

payloads!(Payload FormPayload SamplesPayload);
