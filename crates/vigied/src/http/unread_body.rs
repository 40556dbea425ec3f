//! Drains the unread rest of a refused request's body, within limits, before the answer is sent. Closing the connection while the
//! client still sends would reset it, and the client would see a broken pipe instead of the error.

use super::bodies::ArrivingBody;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long an answer waits for the rest of a body.
const TIME_MAX: Duration = Duration::from_secs(10);

/// Where a dropped body's rest is found.
#[derive(Debug, Default, Clone)]
pub(crate) struct UnreadRest(Arc<Mutex<Option<Body>>>);

/// A body that leaves its rest behind when it is dropped.
#[derive(Debug)]
struct UnreadBody {
    inner: Option<Body>,
    rest: UnreadRest,
}

impl HttpBody for UnreadBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let Some(inner) = this.inner.as_mut() else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(inner).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            this.inner = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for UnreadBody {
    fn drop(&mut self) {
        let rest = self.inner.take().filter(|body| !body.is_end_stream());
        *self.rest.0.lock().unwrap_or_else(PoisonError::into_inner) = rest;
    }
}

impl UnreadRest {
    /// Sees to it that what is not read of the request's body is found here.
    pub(crate) fn watch(request: Request) -> (Self, Request) {
        let unread = Self::default();
        let rest = unread.clone();
        let request = request.map(|body| {
            Body::new(UnreadBody {
                inner: Some(body),
                rest,
            })
        });
        (unread, request)
    }

    /// Takes in the rest, at the least rate of a body and as one that gives way to others; whether the client has sent all of
    /// it.
    pub(crate) async fn drain(self, mut arriving: ArrivingBody, bytes_max: usize) -> bool {
        let rest = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut body) = rest else { return true };
        let (leave, last) = (arriving.leave(), Instant::now() + TIME_MAX);
        let mut left = bytes_max;
        loop {
            let deadline = arriving.deadline().min(last);
            let frame = tokio::select! {
                biased;
                () = leave.notified() => return false,
                frame = timeout_at(deadline, body.frame()) => frame,
            };
            let frame = match frame {
                Ok(Some(Ok(frame))) => frame,
                Ok(None) => return true,
                Ok(Some(Err(_))) | Err(_) => return false,
            };
            let length = frame.data_ref().map_or(0, Bytes::len);
            let Some(fewer) = left.checked_sub(length) else {
                return false;
            };
            left = fewer;
            arriving.record_received(length);
        }
    }

    /// Whether something is left.
    pub(crate) fn is_some(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::bodies::tests::bodies;
    use crate::http::fair_share::ShareOwner;

    fn arriving() -> ArrivingBody {
        bodies(1, 1).enter(ShareOwner::Proxy).unwrap()
    }

    fn request(body: &'static str) -> Request {
        Request::new(Body::new(http_body_util::Full::new(Bytes::from(body))))
    }

    #[tokio::test]
    async fn what_is_read_leaves_nothing() {
        let (unread, request) = UnreadRest::watch(request("abc"));
        request.into_body().collect().await.unwrap();
        assert!(!unread.is_some());
        assert!(unread.drain(arriving(), 0).await);
    }

    #[tokio::test]
    async fn what_is_not_read_is_taken_in_within_bounds() {
        for (bytes_max, whole) in [(3, true), (2, false)] {
            let (unread, request) = UnreadRest::watch(request("abc"));
            drop(request);
            assert!(unread.is_some());
            assert_eq!(
                unread.drain(arriving(), bytes_max).await,
                whole,
                "{bytes_max}"
            );
        }
    }
}
