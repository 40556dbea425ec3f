//! The body of an answer while it is sent: in pieces, so that the connection buffers only a few of them, and watched, so that
//! it can be given up when the client does not read.

use super::connection_state::ConnectionState;
use super::remaining_body::{RemainingBody, SharedBody};
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll};

/// An answer's body, in pieces.
#[derive(Debug)]
pub(super) struct Paced {
    shared_body: Arc<SharedBody>,
    state: Arc<ConnectionState>,
    id: u64,
}

/// The client took too little for too long.
#[derive(Debug, thiserror::Error)]
#[error("the client did not take the answer")]
pub(super) struct AnswerAborted;

impl Paced {
    pub(super) fn new(body: Body, state: &Arc<ConnectionState>) -> Self {
        let rest = Bytes::new();
        let shared_body = Arc::new(SharedBody::new(RemainingBody { body, rest }));
        let id = state.begin_answer(&shared_body);
        let state = Arc::clone(state);
        Self {
            shared_body,
            state,
            id,
        }
    }
}

impl Paced {
    /// The answer ends with its caller's access: when this is set.
    pub(super) fn bind_to_access(self, withdrawn: &Arc<AtomicBool>) -> Self {
        self.state.bind_to_access(self.id, withdrawn);
        self
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.state.end_client_turn(self.id);
        let mut shared_body = self.shared_body.lock();
        let Some(left) = shared_body.as_mut() else {
            return Poll::Ready(Some(Err(AnswerAborted.into())));
        };
        if left.rest.is_empty() {
            match Pin::new(&mut left.body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => left.rest = data,
                    Err(frame) => return Poll::Ready(Some(Ok(frame))),
                },
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error.into()))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
        let piece = left.piece();
        self.state.begin_client_turn(self.id, piece.len());
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        let shared_body = self.shared_body.lock();
        shared_body
            .as_ref()
            .is_some_and(|left| left.rest.is_empty() && left.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let shared_body = self.shared_body.lock();
        let Some(left) = shared_body.as_ref() else {
            return SizeHint::default();
        };
        let rest = left.rest.len() as u64;
        let hint = left.body.size_hint();
        let mut whole = SizeHint::new();
        if let Some(upper) = hint.upper() {
            whole.set_upper(upper.saturating_add(rest));
        }
        whole.set_lower(hint.lower().saturating_add(rest));
        whole
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        self.state.end_answer(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::remaining_body::PIECE_BYTES;
    use http_body_util::BodyExt as _;

    #[tokio::test]
    async fn an_answer_goes_in_pieces_and_whole() {
        let state = Arc::new(ConnectionState::new(None));
        let bytes: Vec<u8> = (0..100_000_u32).map(|at| at.to_le_bytes()[0]).collect();
        let mut paced = Paced::new(Body::from(bytes.clone()), &state);
        assert_eq!(paced.size_hint().exact(), Some(100_000));
        let mut got = Vec::new();
        while let Some(frame) = paced.frame().await {
            let piece = frame.unwrap().into_data().unwrap();
            assert!(piece.len() <= PIECE_BYTES);
            got.extend(piece);
            assert_eq!(paced.size_hint().exact(), Some(100_000 - got.len() as u64));
        }
        assert!(paced.is_end_stream() && got == bytes);
        assert!(Paced::new(Body::empty(), &state).is_end_stream());
    }
}
