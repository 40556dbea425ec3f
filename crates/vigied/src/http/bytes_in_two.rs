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

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    #[tokio::test]
    async fn both_parts_are_sent_whichever_is_empty_and_nothing_after_them() {
        for (first, second) in [("ab", "cd"), ("", "cd"), ("ab", ""), ("", "")] {
            let mut body = BytesInTwo::new(Bytes::from(first), Bytes::from(second));
            let length = (first.len() + second.len()) as u64;
            assert_eq!(body.size_hint().exact(), Some(length));
            let mut sent = Vec::new();
            while let Some(frame) = body.frame().await {
                let data = frame.unwrap().into_data().unwrap();
                assert!(!data.is_empty());
                sent.extend_from_slice(&data);
            }
            assert_eq!(sent, format!("{first}{second}").as_bytes());
            assert!(body.is_end_stream());
        }
    }

    #[test]
    fn a_part_is_sent_without_a_copy_of_it() {
        let first = Bytes::from(vec![1_u8; 100]);
        let mut body = BytesInTwo::new(first.clone(), Bytes::new());
        let mut context = Context::from_waker(std::task::Waker::noop());
        let polled = Pin::new(&mut body).poll_frame(&mut context);
        let Poll::Ready(Some(Ok(frame))) = polled else {
            panic!("{polled:?}");
        };
        assert_eq!(frame.into_data().unwrap().as_ptr(), first.as_ptr());
    }
}
