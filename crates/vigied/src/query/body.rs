//! The response of a query.

use super::answer::Pieces;
use super::memory::Reservation;
use super::open_queries::OpenQuery;
use super::running::CancelOnDrop;
use crate::http::accept_encoding::Packing;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderValue, header};
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use tokio::sync::mpsc;

/// `vary` tells caches that the encoding depends on the request.
const JSON: [(header::HeaderName, &str); 2] = [
    (header::CONTENT_TYPE, "application/json"),
    (header::VARY, "accept-encoding"),
];

fn response(body: Body, packing: Option<Packing>) -> Response {
    let mut response = (JSON, body).into_response();
    if let Some(packing) = packing {
        let name = HeaderValue::from_static(packing.name());
        response
            .headers_mut()
            .insert(header::CONTENT_ENCODING, name);
    }
    response
}

/// A complete answer. Until the socket has taken the last of it, its memory is counted and its caller's access checked.
pub(super) fn whole(
    bytes: Vec<u8>,
    packing: Option<Packing>,
    cancel_on_drop: CancelOnDrop,
    reservation: Arc<Reservation>,
) -> Response {
    let open_query = Arc::clone(&cancel_on_drop.open_query);
    open_query.mark_answer_started();
    let left = Bytes::from_owner(OwnedBytes {
        bytes,
        _cancel_on_drop: cancel_on_drop,
        _reservation: reservation,
    });
    response(Body::new(FullBody { left, open_query }), packing)
}

/// Bytes of which the HTTP library still holds parts.
struct OwnedBytes {
    bytes: Vec<u8>,
    _cancel_on_drop: CancelOnDrop,
    _reservation: Arc<Reservation>,
}

impl AsRef<[u8]> for OwnedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Bytes of a complete answer that are given out between two checks.
const FRAME_BYTES: usize = 16 * 1024;

struct FullBody {
    left: Bytes,
    open_query: Arc<OpenQuery>,
}

impl hyper::body::Body for FullBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        if self.open_query.is_withdrawn() {
            self.left.clear();
            return Poll::Ready(Some(Err(BrokenOff)));
        }
        let length = self.left.len().min(FRAME_BYTES);
        Poll::Ready(Some(Ok(Frame::data(self.left.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.len() as u64)
    }
}

/// An answer whose rest is still being written. Dropping it cancels the query.
pub(super) fn pieces(
    pieces: Pieces,
    cancel_on_drop: CancelOnDrop,
    reservation: Arc<Reservation>,
) -> Response {
    let packing = pieces.packing;
    cancel_on_drop.open_query.mark_answer_started();
    let body = StreamingBody {
        first: Some(pieces.first),
        rest: pieces.rest,
        is_whole: pieces.is_whole,
        ended: false,
        cancel_on_drop,
        reservation,
    };
    response(Body::new(body), packing)
}

/// A piece of an answer, whose memory is counted until the HTTP library has written it: of an HTTP/2 stream whose client reads
/// nothing, the library holds pieces also when their body has ended.
struct Piece {
    bytes: Vec<u8>,
    _reservation: Arc<Reservation>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

struct StreamingBody {
    first: Option<Vec<u8>>,
    rest: mpsc::Receiver<Vec<u8>>,
    is_whole: Arc<AtomicBool>,
    ended: bool,
    cancel_on_drop: CancelOnDrop,
    reservation: Arc<Reservation>,
}

impl StreamingBody {
    fn frame(&self, bytes: Vec<u8>) -> Frame<Bytes> {
        Frame::data(piece(bytes, &self.reservation))
    }
}

fn piece(bytes: Vec<u8>, reservation: &Arc<Reservation>) -> Bytes {
    Bytes::from_owner(Piece {
        bytes,
        _reservation: Arc::clone(reservation),
    })
}

/// The connection ends before the answer is complete.
#[derive(Debug, thiserror::Error)]
#[error("the answer broke off")]
struct BrokenOff;

impl hyper::body::Body for StreamingBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        // Pieces that are written but not sent are dropped.
        if self.cancel_on_drop.open_query.is_withdrawn() {
            self.ended = true;
            return Poll::Ready(Some(Err(BrokenOff)));
        }
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(self.frame(first))));
        }
        if self.ended {
            return Poll::Ready(None);
        }
        match ready!(self.rest.poll_recv(context)) {
            Some(bytes) => Poll::Ready(Some(Ok(self.frame(bytes)))),
            None => {
                self.ended = true;
                let is_whole = self.is_whole.load(Ordering::Acquire);
                Poll::Ready((!is_whole).then_some(Err(BrokenOff)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::Pool;
    use super::*;
    use crate::http::fair_share::{ShareOwner, Shares};
    use base::context::MemoryReservation as _;

    /// Bytes that the library had not written were counted no more once the body had ended.
    #[test]
    fn a_piece_is_counted_until_it_is_written() {
        let pool = Arc::new(Pool::new(1000, Shares::whole()));
        let reservation = Arc::new(Reservation::new(&pool, ShareOwner::Proxy));
        reservation.reserve(640).unwrap();
        let unwritten = piece(b"all of it".to_vec(), &reservation);
        drop(reservation);
        let mut rest = unwritten.clone();
        drop(unwritten);
        let written = rest.split_to(8);
        drop(written);
        assert_eq!((pool.used(), &*rest), (640, &b"t"[..]));
        drop(rest);
        assert_eq!(pool.used(), 0);
    }
}
