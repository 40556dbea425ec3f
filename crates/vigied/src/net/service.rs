//! Passes requests from a connection to the routes: adds the source of the request, and watches how its answer is sent.

use super::answer::Paced;
use super::client_watch;
use super::connection_state::ConnectionState;
use super::path_normalization::with_normalized_path;
use super::peer::Peer;
use super::request_body::RequestBody;
use super::shared::ListenerContext;
use crate::http::graphite_prefix::without_prefix;
use crate::http::source;
use axum::body::Body;
use http::{Request, Response, header};
use hyper::body::Incoming;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tower::ServiceExt as _;

/// The routes, as one connection sees them.
#[derive(Debug)]
pub(super) struct ConnectionService {
    pub(super) shared: Arc<ListenerContext>,
    pub(super) state: Arc<ConnectionState>,
    pub(super) peer: Peer,
}

impl hyper::service::Service<Request<Incoming>> for ConnectionService {
    type Response = Response<Paced>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Paced>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let asked = self.state.begin_request(request.version());
        let state = Arc::clone(&self.state);
        let request = request.map(|body| Body::new(RequestBody::new(body, state)));
        let request = with_normalized_path(request);
        let mut request = without_prefix(request);
        let from = self.shared.proxies.source(self.peer, request.headers());
        let extensions = request.extensions_mut();
        extensions.insert(self.peer);
        extensions.insert(source::RequestSource(from));
        extensions.insert(Arc::clone(&self.state));
        let (shared, state) = (Arc::clone(&self.shared), Arc::clone(&self.state));
        let router = shared.router.clone();
        Box::pin(async move {
            let withdrawn = Arc::new(AtomicBool::new(false));
            let answer = router.oneshot(request);
            let mut response = client_watch::on(&state, &withdrawn, answer).await?;
            if let Some(value) = &shared.hsts {
                let name = header::STRICT_TRANSPORT_SECURITY;
                response.headers_mut().insert(name, value.clone());
            }
            let response = response.map(|body| Paced::new(body, &state).bind_to_access(&withdrawn));
            drop(asked);
            Ok(response)
        })
    }
}
