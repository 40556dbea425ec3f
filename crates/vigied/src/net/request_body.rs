//! A request's body, which tells its connection whenever a piece of it is taken, and while more of it is waited for.

use super::connection_state::ConnectionState;
use axum::body::{Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

#[derive(Debug)]
pub(super) struct RequestBody {
    body: Incoming,
    state: Arc<ConnectionState>,
    is_awaited: bool,
}

impl RequestBody {
    pub(super) const fn new(body: Incoming, state: Arc<ConnectionState>) -> Self {
        Self {
            body,
            state,
            is_awaited: false,
        }
    }

    /// Says whether its request waits for more of it.
    fn set_awaited(&mut self, is_awaited: bool) {
        if std::mem::replace(&mut self.is_awaited, is_awaited) != is_awaited {
            self.state.set_awaits_body(is_awaited);
        }
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        self.set_awaited(false);
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        // An empty piece brings a request no further.
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && frame.data_ref().is_some_and(|data| !data.is_empty())
        {
            self.state.record_body();
        }
        let is_over = !matches!(&polled, Poll::Pending | Poll::Ready(Some(Ok(_))));
        let is_awaited = !is_over && !self.body.is_end_stream();
        self.set_awaited(is_awaited);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
