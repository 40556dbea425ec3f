//! A change of a version of something, as a handler takes it: the header `If-Match`, and the body.

use super::if_match::naming;
use super::params::body;
use super::payload::Payload;
use crate::http::header::single;
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::HeaderMap;
use serde::de::DeserializeOwned;

/// Both, the body of at most `management_body_bytes`. A handler reads them when it knows that the caller may make the change.
#[derive(Debug)]
pub(crate) struct VersionedBody {
    headers: HeaderMap,
    bytes: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for VersionedBody {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let headers = request.headers().clone();
        let Payload(bytes) = Payload::from_request(request, state).await?;
        Ok(Self { headers, bytes })
    }
}

impl VersionedBody {
    /// The versions that the change is meant for, as the header has them.
    pub(crate) fn tag(&self) -> Result<&str, Refusal> {
        let tag = single(&self.headers, "if-match", "If-Match")?;
        let tag = tag.and_then(|value| value.to_str().ok());
        let tag = tag.ok_or_else(|| {
            let message = "the header `If-Match` with the entity tag, or `*`, is missing";
            invalid("If-Match", message)
        })?;
        naming(tag)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The versions, and the body, which is a JSON object.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<(&str, T), Refusal> {
        Ok((self.tag()?, body(&self.bytes)?))
    }
}
