//! Which [`Source`] a request counts for.

use super::listener::Peer;
use super::problem::Refusal;
use crate::app::App;
use axum::extract::{FromRequestParts, Request};
use base::source::Source;
use http::request::Parts;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// The source of this request. Handlers take it as the argument `From(source)`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct From(pub(crate) Source);

/// Whose request it is.
pub(crate) fn of(request: &Request) -> Source {
    match request.extensions().get::<Peer>() {
        Some(peer) => Source::client(peer.address()),
        None => Source::client(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
    }
}

impl FromRequestParts<Arc<App>> for From {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Refusal> {
        let unknown = Source::client(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Ok(parts
            .extensions
            .get::<Self>()
            .copied()
            .unwrap_or(Self(unknown)))
    }
}
