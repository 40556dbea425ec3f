//! A request's body: whole, bounded in size and time, unpacked where it came with `Content-Encoding: gzip`.

use super::problem::Refusal;
use super::worker;
use crate::app::App;
use axum::extract::{FromRequest, Request};
use base::error::Problem;
use base::limit;
use bytes::Bytes;
use http::header;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::io::Read;
use std::sync::Arc;
use wire::code;

/// The body's bytes.
#[derive(Debug)]
pub(crate) struct Payload(pub(crate) Bytes);

impl FromRequest<Arc<App>> for Payload {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Refusal> {
        let encoding = request
            .headers()
            .get(header::CONTENT_ENCODING)
            .map(|value| value.as_bytes().to_ascii_lowercase());
        let allowed = app.limits.body_bytes;
        let collect = Limited::new(request.into_body(), allowed).collect();
        let body = match tokio::time::timeout(app.limits.request_time, collect).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.downcast_ref::<LengthLimitError>().is_some() => {
                return Err(too_large(app));
            }
            Ok(Err(_)) => {
                return Err(Refusal(
                    code::REQUEST_MALFORMED.problem("the body broke off"),
                ));
            }
            Err(_) => {
                let seconds = app.limits.request_time.as_secs();
                let message =
                    format!("the body did not arrive within `request_seconds` = {seconds}");
                let problem = code::TIMEOUT.problem(message);
                return Err(Refusal(problem.limit(&limit::REQUEST_SECONDS)));
            }
        };
        match encoding.as_deref() {
            None | Some(b"" | b"identity") => Ok(Self(body)),
            Some(b"gzip" | b"x-gzip") => {
                let app = Arc::clone(app);
                worker::run(move || unpack(&app, &body)).await?.map(Self)
            }
            Some(other) => {
                let name = String::from_utf8_lossy(other).into_owned();
                let problem = code::REQUEST_MALFORMED
                    .problem(format!("the content encoding `{name}` is not understood"));
                Err(Refusal(
                    problem
                        .hint("send the body plain or with `gzip`")
                        .field("Content-Encoding"),
                ))
            }
        }
    }
}

fn unpack(app: &App, packed: &[u8]) -> Result<Bytes, Refusal> {
    let allowed = app.limits.body_bytes;
    let mut plain = Vec::new();
    let room = u64::try_from(allowed).unwrap_or(u64::MAX).saturating_add(1);
    let read = flate2::read::MultiGzDecoder::new(packed)
        .take(room)
        .read_to_end(&mut plain);
    if read.is_err() {
        return Err(Refusal(
            code::REQUEST_MALFORMED
                .problem("the body is not valid gzip")
                .field("Content-Encoding"),
        ));
    }
    if plain.len() > allowed {
        return Err(too_large(app));
    }
    Ok(plain.into())
}

fn too_large(app: &App) -> Refusal {
    let allowed = app.limits.body_bytes;
    let problem: Problem = code::BODY_TOO_LARGE.problem(format!(
        "the body has more than `body_bytes` = {allowed} bytes"
    ));
    let problem = problem.hint("send it in smaller batches");
    Refusal(problem.limit(&limit::BODY_BYTES))
}
