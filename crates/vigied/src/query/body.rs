//! An answer as it is sent.

use super::answer::Piece;
use super::memory::Held;
use super::running::Leash;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::header;
use hyper::body::Frame;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::sync::mpsc;

const JSON: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];

/// An answer that is there as a whole; its bytes are held until they are sent.
pub(super) fn whole(bytes: Vec<u8>, held: Arc<Held>) -> Response {
    let bytes = Bytes::from_owner(Whole { bytes, _held: held });
    (JSON, Body::from(bytes)).into_response()
}

struct Whole {
    bytes: Vec<u8>,
    _held: Arc<Held>,
}

impl AsRef<[u8]> for Whole {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// An answer of which the rest is still being written. Dropped, it cancels the query.
pub(super) fn pieces(
    first: Vec<u8>,
    rest: mpsc::Receiver<Piece>,
    leash: Leash,
    held: Arc<Held>,
) -> Response {
    let body = Pieces {
        first: Some(first),
        rest,
        ended: false,
        _leash: leash,
        _held: held,
    };
    (JSON, Body::new(body)).into_response()
}

struct Pieces {
    first: Option<Vec<u8>>,
    rest: mpsc::Receiver<Piece>,
    ended: bool,
    _leash: Leash,
    _held: Arc<Held>,
}

/// Why the connection ends without the answer's.
#[derive(Debug, thiserror::Error)]
#[error("the answer broke off")]
struct BrokenOff;

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first.into()))));
        }
        if self.ended {
            return Poll::Ready(None);
        }
        match ready!(self.rest.poll_recv(context)) {
            Some(Piece::Bytes(bytes)) => Poll::Ready(Some(Ok(Frame::data(bytes.into())))),
            Some(Piece::End) => {
                self.ended = true;
                Poll::Ready(None)
            }
            None => {
                self.ended = true;
                Poll::Ready(Some(Err(BrokenOff)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }
}
