//! Pages of other sites that may read answers: those whose origin is in `cors.origins`, on routes of metrics, with a credential
//! that they send themselves. No answer allows what a browser would add of itself (`Access-Control-Allow-Credentials`).

use super::presented_credential::AuthorizationKinds;
use super::routes::Route;
use crate::app::App;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Headers that a page may send.
const REQUEST_HEADERS: &str = "authorization, content-encoding, content-type, transaction-id, x-auth-scope-id, x-auth-user-token, x-correlation-id, x-request-id";

/// Headers of an answer that a page may read.
const ANSWER_HEADERS: &str =
    "retry-after, transaction-id, x-vigie-credential-notice, x-vigie-receipt, x-vigie-time-notice";

/// How long a browser may keep the answer to its preflight request.
const SECONDS: &str = "600";

/// The methods of the routes of metrics, by path.
#[derive(Debug)]
pub(crate) struct CorsMethods(BTreeMap<&'static str, String>);

impl CorsMethods {
    pub(crate) fn of(table: &[Route]) -> Self {
        let mut methods = BTreeMap::<&'static str, String>::new();
        for route in table
            .iter()
            .filter(|route| AuthorizationKinds::of(route.guard) == AuthorizationKinds::Metrics)
        {
            let listed = methods.entry(route.path).or_default();
            if !listed.is_empty() {
                listed.push_str(", ");
            }
            listed.push_str(route.verb);
        }
        Self(methods)
    }
}

/// Answers what a browser asks before it lets a page send a request, and marks answers that a page may read.
pub(crate) async fn share(
    State((app, shared)): State<(Arc<App>, Arc<CorsMethods>)>,
    request: Request,
    next: Next,
) -> Response {
    if app.origins.is_empty() {
        return next.run(request).await;
    }
    let path = request.extensions().get::<MatchedPath>();
    let Some(methods) = path.and_then(|path| shared.0.get(path.as_str())) else {
        return next.run(request).await;
    };
    let origin = listed_origin(&app, request.headers());
    let asks = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match &origin {
        Some(_) if asks => allowed(methods),
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    // A cache must not show one page what was answered to another.
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        set(
            headers,
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            ANSWER_HEADERS,
        );
    }
    response
}

/// The origin of the page, if there is one and it is listed.
fn listed_origin(app: &App, headers: &HeaderMap) -> Option<HeaderValue> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let origin = origins.next()?;
    let is_one = origins.next().is_none();
    (is_one && app.origins.lists(origin.as_bytes())).then(|| origin.clone())
}

fn allowed(methods: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    if let Ok(methods) = HeaderValue::from_str(methods) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    }
    set(
        headers,
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        REQUEST_HEADERS,
    );
    set(headers, header::ACCESS_CONTROL_MAX_AGE, SECONDS);
    let asked = "access-control-request-method, access-control-request-headers";
    set(headers, header::VARY, asked);
    response
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
