//! Requests that a browser may send of itself. It keeps a user name and a password once a person has typed them, and adds them to
//! every later request to this server, also to those that a page of another site makes it send. Headers that a page sets itself
//! need no such care: a browser asks first (see `cors`).

use crate::app::App;
use crate::http::problem::Refusal;
use crate::http::same_origin::is_own;
use axum::extract::Request;
use http::{HeaderMap, HeaderValue, Method, header};
use wire::code;

/// Refuses a request with a password that a browser sent for a page of another site, but for the opening of a link. A program that
/// is no browser sends neither header, and cannot be tricked.
pub(super) fn check(app: &App, request: &Request) -> Result<(), Refusal> {
    let headers = request.headers();
    let mut origins = headers.get_all(header::ORIGIN).iter().peekable();
    let names_origin = origins.peek().is_some();
    let is_one_of_ours = |origin: &HeaderValue| {
        let origin = origin.as_bytes();
        app.origins.lists(origin) || is_own(origin, headers, &app.public_url)
    };
    let is_allowed = match sec_fetch_site(headers) {
        Some(Site::Same) => true,
        // A page whose origin is listed may, and says so with it.
        Some(Site::Other) => {
            names_origin && origins.all(|origin| app.origins.lists(origin.as_bytes()))
        }
        None => origins.all(is_one_of_ours),
    };
    if is_allowed || is_link(request) {
        return Ok(());
    }
    let problem = code::CROSS_SITE
        .problem("a browser sent this for a page of another site, with a password that it keeps");
    Err(Refusal(problem.hint(
        "open the page of this server, let the other page send `X-Auth-User-Token` itself, or list its origin in `cors.origins`",
    )))
}

/// From where a browser says that it was made to send a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Site {
    /// From this server's own page, or by its person.
    Same,
    /// From a page of another site, or of a neighbouring host.
    Other,
}

/// The value of `Sec-Fetch-Site`, which no page can set.
pub(super) fn sec_fetch_site(headers: &HeaderMap) -> Option<Site> {
    let mut sites = headers.get_all("sec-fetch-site").iter().peekable();
    sites.peek()?;
    let is_own = sites.all(|site| matches!(site.as_bytes(), b"same-origin" | b"none"));
    Some(if is_own { Site::Same } else { Site::Other })
}

/// Whether somebody opens a link in a window of its own: the other page sees nothing of the answer, and nothing changes.
fn is_link(request: &Request) -> bool {
    let header_is = |name, word: &[u8]| {
        let value = request.headers().get(name);
        value.is_some_and(|value| value.as_bytes() == word)
    };
    matches!(*request.method(), Method::GET | Method::HEAD)
        && header_is("sec-fetch-mode", b"navigate")
        && header_is("sec-fetch-dest", b"document")
}
