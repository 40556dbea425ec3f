//! A body of two parts that are never copied into one.

use axum::body::{Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The two parts, as far as they are not sent.
#[derive(Debug)]
pub(crate) struct BytesInTwo {
    first: Bytes,
    second: Bytes,
}

impl BytesInTwo {
    pub(crate) const fn new(first: Bytes, second: Bytes) -> Self {
        Self { first, second }
    }
}

impl HttpBody for BytesInTwo {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let mut part = std::mem::take(&mut self.first);
        if part.is_empty() {
            part = std::mem::take(&mut self.second);
        }
        Poll::Ready((!part.is_empty()).then(|| Ok(Frame::data(part))))
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_empty() && self.second.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact((self.first.len() + self.second.len()) as u64)
    }
}
