//! Extracts the server's URL from the host by which a request names it.

use crate::app::App;
use crate::http::advertised_address::UrlForCaller;
use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;
use http::uri::Authority;
use std::convert::Infallible;
use std::sync::Arc;

/// From the request's host: the authority of its target in HTTP/2 and with an absolute target, else the `Host` header.
impl FromRequestParts<Arc<App>> for UrlForCaller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let header = || parts.headers.get(header::HOST)?.to_str().ok();
        let host = parts.uri.authority().map(Authority::as_str).or_else(header);
        Ok(app.advertised_address.for_host(host))
    }
}
