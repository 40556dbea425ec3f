//! The [`Source`] of a request, as determined by [`crate::net::proxies`].

use super::problem::Refusal;
use axum::extract::{FromRequestParts, Request};
use base::source::Source;
use http::request::Parts;
use std::net::{IpAddr, Ipv4Addr};

/// The source of a request that came through no listener.
const UNKNOWN: Source = Source::client(IpAddr::V4(Ipv4Addr::UNSPECIFIED));

/// The source of this request. Handlers take it as the argument `RequestSource(source)`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestSource(pub(crate) Source);

/// The source of a request; the listener has put it there.
pub(crate) fn of(request: &Request) -> Source {
    request
        .extensions()
        .get::<RequestSource>()
        .map_or(UNKNOWN, |extension| extension.0)
}

impl<S: Send + Sync> FromRequestParts<S> for RequestSource {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Ok(parts
            .extensions
            .get::<Self>()
            .copied()
            .unwrap_or(Self(UNKNOWN)))
    }
}
