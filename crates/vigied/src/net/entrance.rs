//! Where a request leaves its connection and enters the routes: it is told where it came from, and its answer is watched on
//! the way out.

use super::answer::Paced;
use super::followed;
use super::line::Line;
use super::peer::Peer;
use super::shared::Shared;
use super::tidy::tidied;
use crate::http::source;
use axum::body::Body;
use http::{Request, Response, header};
use hyper::body::Incoming;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use tower::ServiceExt as _;

/// The routes, as one connection sees them.
#[derive(Debug)]
pub(super) struct Entrance {
    pub(super) shared: Arc<Shared>,
    pub(super) line: Arc<Line>,
    pub(super) peer: Peer,
}

impl hyper::service::Service<Request<Incoming>> for Entrance {
    type Response = Response<Paced>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Paced>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let asked = self.line.asked(request.version());
        let mut request = tidied(request.map(Body::new));
        let address = self.peer.address();
        let from = self.shared.proxies.source(address, request.headers());
        let extensions = request.extensions_mut();
        extensions.insert(self.peer);
        extensions.insert(source::From(from));
        extensions.insert(Arc::clone(&self.line));
        let (shared, line) = (Arc::clone(&self.shared), Arc::clone(&self.line));
        let router = shared.router.clone();
        Box::pin(async move {
            let mut response = followed::on(&line, router.oneshot(request)).await?;
            if let Some(value) = &shared.hsts {
                let name = header::STRICT_TRANSPORT_SECURITY;
                response.headers_mut().insert(name, value.clone());
            }
            let response = response.map(|body| Paced::new(body, &line));
            drop(asked);
            Ok(response)
        })
    }
}
