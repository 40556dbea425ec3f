//! `/graphite/SCOPE/render` is `/render` in the domain `SCOPE`, which is what `X-Auth-Scope-Id` says elsewhere: for programs that
//! can be told an address, and no header.
//!
//! The prefix is taken off before the request is routed, so the table of routes has each route once. Which routes may have had it
//! is theirs to say: all others do not exist under it.

use http::Request;
use http::uri::PathAndQuery;

/// The prefix before the scope.
const PREFIX: &str = "/graphite/";

/// The scope that stood in the path, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathScope(pub(crate) String);

/// The request without the prefix, if its path has one.
pub(crate) fn without_prefix<B>(mut request: Request<B>) -> Request<B> {
    let Some((scope, target)) = split(request.uri().path_and_query()) else {
        return request;
    };
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = Some(target);
    if let Ok(uri) = http::Uri::from_parts(parts) {
        *request.uri_mut() = uri;
        request.extensions_mut().insert(PathScope(scope));
    }
    request
}

fn split(target: Option<&PathAndQuery>) -> Option<(String, PathAndQuery)> {
    let target = target?;
    let inside = target.path().strip_prefix(PREFIX)?;
    let (scope, rest) = inside.split_at(inside.find('/')?);
    if scope.is_empty() || rest.len() < 2 {
        return None;
    }
    let begins = PREFIX.len() + scope.len();
    let rest = target.as_str().get(begins..)?.parse().ok()?;
    Some((scope.to_owned(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scope_is_cut_from_before_the_path() {
        for (given, path, scope) in [
            ("/graphite/s-1/render", "/render", Some("s-1")),
            (
                "/graphite/s-1/render?target=a/b",
                "/render?target=a/b",
                Some("s-1"),
            ),
            ("/graphite/x/metrics/find", "/metrics/find", Some("x")),
            ("/graphite/a/graphite/b/c", "/graphite/b/c", Some("a")),
            ("/graphite/s-1/", "/graphite/s-1/", None),
            ("/graphite/s-1", "/graphite/s-1", None),
            ("/graphite//render", "/graphite//render", None),
            ("/graphite", "/graphite", None),
            (
                "/render?a=/graphite/x/render",
                "/render?a=/graphite/x/render",
                None,
            ),
            ("/Graphite/x/render", "/Graphite/x/render", None),
        ] {
            let request = Request::get(given).body(()).unwrap();
            let request = without_prefix(request);
            assert_eq!(request.uri(), path, "{given}");
            let found_scope = request.extensions().get::<PathScope>();
            assert_eq!(found_scope.map(|found| found.0.as_str()), scope, "{given}");
        }
        let request = Request::get("http://h/graphite/s-1/render?x")
            .body(())
            .unwrap();
        assert_eq!(without_prefix(request).uri(), "http://h/render?x");
    }
}
