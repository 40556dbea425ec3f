//! The outermost layer: every request gets a transaction id, a time limit, a line in the log, a count in the metrics, and,
//! when it is refused, an error body in its protocol's form. The request takes its slot in `request/receive.rs`.

use super::arrival::CloseConnection;
use super::caller_audit::CallerId;
use super::overdue::overdue;
use crate::app::App;
use crate::http::fair_share::ShareOwner;
use crate::http::host;
use crate::http::problem::{self, Refusal};
use crate::http::source;
use crate::http::unread_body::UnreadRest;
use crate::self_metrics::NO_ROUTE;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base::limit;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use iam::audit::Origin;
use iam::progress::Progress;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::Instrument;
use wire::code;

/// The headers in which callers may send their own id for a request.
const TRANSACTION_HEADERS: [&str; 3] = ["transaction-id", "x-request-id", "x-correlation-id"];

/// Room for reading a request's body and for a late error to be written, beyond the time limit of the work itself.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

pub(crate) async fn observe(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let (begun, started) = (Instant::now(), app.clock.now());
    let method = method_name(request.method());
    // Shared with the request, not copied.
    let (uri, matched) = (
        request.uri().clone(),
        request.extensions().get::<MatchedPath>().cloned(),
    );
    let (path, route) = (
        uri.path(),
        matched.as_ref().map_or(NO_ROUTE, MatchedPath::as_str),
    );
    let form = app
        .error_form_by_path
        .of(matched.as_ref().map(MatchedPath::as_str), path);
    let transaction = transaction(request.headers());
    let user_agent = request.headers().get(header::USER_AGENT).cloned();
    let flight = app.metrics.start();
    let version = request.version();
    let from = source::RequestSource(source::of(&request));
    request.extensions_mut().insert(from);
    // A client that waits for `100 Continue` has sent no body, and draining would send the `100 Continue`.
    let waits = request.headers().contains_key(header::EXPECT);
    let (unread, request) = UnreadRest::watch(request);
    // Actions are logged by code that knows nothing of requests; this span adds the request to their lines.
    let span = tracing::info_span!("request", source = %from.0, transaction);
    // The audit records this origin for everything the request does.
    let origin = Origin::new(from.0, &transaction);
    let work = origin.scope(limited(&app, request, next));
    let mut response = work.instrument(span).await;
    drop(flight);
    let facts = problem::Request {
        form,
        path,
        transaction: &transaction,
        user_agent: user_agent
            .as_ref()
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default(),
        public_url: &app.public_url,
        started,
        ended: app.clock.now(),
    };
    let written = problem::write(&mut response, &facts);
    if let Some(limit) = written.and_then(|written| written.limit) {
        app.metrics.limited(limit);
    }
    let code = written.map(|written| written.code);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&transaction) {
        headers.insert("transaction-id", value);
    }
    headers.insert(
        "x-content-type-options",
        HeaderValue::from_static("nosniff"),
    );
    problem::mark(headers, form);
    let status = response.status();
    let took = begun.elapsed();
    if let Some(code) = code.filter(|_| status == StatusCode::UNAUTHORIZED) {
        app.metrics.refused(code);
    }
    app.metrics.answered(route, method, status.as_u16(), took);
    let who = response.extensions_mut().remove::<CallerId>();
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    // The path is logged without its query, and never a header: neither may bring a secret into the log.
    tracing::debug!(
        method,
        route,
        status = status.as_u16(),
        code,
        milliseconds,
        transaction,
        source = %from.0,
        caller = who.map(|who| tracing::field::display(who.principal())),
        domain = who.and_then(CallerId::domain).map(tracing::field::display),
        "request"
    );
    if version < Version::HTTP_2 && unread.is_some() {
        let closes = response
            .extensions_mut()
            .remove::<CloseConnection>()
            .is_some();
        let patient = status != StatusCode::REQUEST_TIMEOUT && !waits && !closes;
        if !patient || !drain_rest(&app, from, unread).await {
            response
                .headers_mut()
                .insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
    response
}

/// Reads what is still being sent, as one of the bodies in flight; returns whether that was all.
async fn drain_rest(app: &App, from: source::RequestSource, unread: UnreadRest) -> bool {
    match app.bodies.enter(ShareOwner::unauthenticated(from.0)) {
        // Twice the limit: of a body of samples that is too large, as much is sent in vain as was read.
        Ok(arriving) => {
            let bytes_max = app.limits.body_bytes.saturating_mul(2);
            unread.drain(arriving, bytes_max).await
        }
        Err(_) => false,
    }
}

async fn limited(app: &Arc<App>, request: Request, next: Next) -> Response {
    if let Some(coding) = other_transfer_coding(request.headers()) {
        let problem = code::REQUEST_MALFORMED.problem(format!(
            "the transfer coding `{coding}` is not understood, only `chunked`"
        ));
        let hint = "send packed bodies with `Content-Encoding: gzip`";
        return Refusal(problem.hint(hint).field("Transfer-Encoding")).into_response();
    }
    if let Err(refusal) = host::check(&request) {
        return refusal.into_response();
    }
    let head = head_bytes(&request);
    let allowed = app.limits.header_bytes;
    if head > allowed {
        let message =
            format!("the request head has {head} bytes, more than `header_bytes` = {allowed}");
        let problem = code::HEADERS_TOO_LARGE.problem(message);
        return Refusal(problem.limit(&limit::HEADER_BYTES)).into_response();
    }
    let progress = Progress::default();
    let limit = app.limits.request_time + GRACE;
    match tokio::time::timeout(limit, progress.clone().scope(next.run(request))).await {
        Ok(response) => response,
        Err(_) => overdue(progress.stage(), app.limits.request_time).into_response(),
    }
}

/// A transfer coding that is not decoded here: read as `chunked`, the body would be misunderstood.
fn other_transfer_coding(headers: &HeaderMap) -> Option<String> {
    let codings = headers.get_all(header::TRANSFER_ENCODING);
    let other = codings.iter().find(|value| {
        !value
            .as_bytes()
            .trim_ascii()
            .eq_ignore_ascii_case(b"chunked")
    })?;
    Some(String::from_utf8_lossy(other.as_bytes()).into_owned())
}

fn head_bytes(request: &Request) -> usize {
    let line = request
        .uri()
        .path_and_query()
        .map_or(0, |target| target.as_str().len())
        + 16;
    request.headers().iter().fold(line, |sum, (name, value)| {
        sum + name.as_str().len() + value.len() + 4
    })
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The caller's id when it is harmless to repeat, else a new one.
fn transaction(headers: &HeaderMap) -> String {
    let given = TRANSACTION_HEADERS
        .iter()
        .find_map(|name| text(headers, name));
    match given {
        Some(id) if (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()) => {
            id.to_owned()
        }
        _ => iam::entropy::guid().to_string(),
    }
}

fn method_name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        "PATCH" => "PATCH",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
