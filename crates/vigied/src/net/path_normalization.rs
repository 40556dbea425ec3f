//! Removes redundant slashes: `//v1/metrics/` becomes `/v1/metrics`. Clients produce them by appending a path to a base URL
//! that ends in a slash. This runs before anything reads the path, so that all code sees the same one.
//!
//! It leaves paths alone that a proxy in front may block: a proxy rule for `/metrics` does not match `//metrics`. And the path of a
//! deletion keeps a slash at its end: in a script's `/v1/sessions/$ID` nothing may stand for the id, and `/v1/sessions` is all of them.

use http::Method;

/// Paths that a proxy may block and no client builds by joining; only the exact spelling reaches them.
const EXACT: [&str; 2] = ["/metrics", "/health"];

/// The request with the path in its shortest form.
pub(super) fn with_normalized_path<B>(mut request: http::Request<B>) -> http::Request<B> {
    let keeps_end = request.method() == Method::DELETE;
    if let Some(path) = normalized(request.uri().path(), keeps_end) {
        let query = request.uri().query();
        let target = query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
        let mut parts = request.uri().clone().into_parts();
        parts.path_and_query = target.parse().ok();
        if let Ok(uri) = http::Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    request
}

/// The path in its shortest form, or in that with its one slash at the end; `None` when it stays as it is.
fn normalized(given: &str, keeps_end: bool) -> Option<String> {
    let ends_in_slash = given.len() > 1 && given.ends_with('/');
    if !given.contains("//") && (keeps_end || !ends_in_slash) {
        return None;
    }
    let parts = given.split('/').filter(|part| !part.is_empty());
    let mut path = parts.fold(String::new(), |whole, part| whole + "/" + part);
    let is_under = |prefix: &str| {
        path.strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if EXACT.iter().any(|prefix| is_under(prefix)) {
        return below_metrics(given);
    }
    if keeps_end && ends_in_slash {
        path.push('/');
    }
    Some(if path.is_empty() {
        "/".to_owned()
    } else {
        path
    })
}

/// `/metrics/find/` is `/metrics/find`, which Graphite's documentation writes both ways. A rule for what begins with `/metrics`
/// fits both.
fn below_metrics(path: &str) -> Option<String> {
    let without_slash = path.strip_suffix('/')?;
    let is_below = without_slash.starts_with("/metrics/")
        && !without_slash.contains("//")
        && !without_slash.ends_with('/');
    is_below.then(|| without_slash.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_that_say_nothing_go() {
        for (given, expected) in [
            ("//v1/metrics", "/v1/metrics"),
            ("/v1//metrics/", "/v1/metrics"),
            ("/v1/metrics/", "/v1/metrics"),
            ("//", "/"),
            ("/metrics/find/", "/metrics/find"),
            ("/metrics/index.json/", "/metrics/index.json"),
        ] {
            assert_eq!(
                normalized(given, false).as_deref(),
                Some(expected),
                "{given}"
            );
        }
        for same in ["/", "/v1/metrics", "/v1/apikeys/a%2Fb"] {
            assert_eq!(normalized(same, false), None, "{same}");
        }
        let request = http::Request::get("http://h//v1/metrics/?target=a//b/").body(());
        let request = with_normalized_path(request.unwrap());
        assert_eq!(request.uri(), "http://h/v1/metrics?target=a//b/");
    }

    #[test]
    fn a_deletion_keeps_the_slash_behind_which_nothing_stands() {
        for (given, expected) in [
            ("//v1/sessions/a", "/v1/sessions/a"),
            ("/v1/sessions//", "/v1/sessions/"),
            ("//", "/"),
        ] {
            assert_eq!(
                normalized(given, true).as_deref(),
                Some(expected),
                "{given}"
            );
        }
        for same in ["/", "/v1/sessions", "/v1/sessions/"] {
            assert_eq!(normalized(same, true), None, "{same}");
        }
        let request = http::Request::delete("/v1//sessions/?a=b").body(());
        let request = with_normalized_path(request.unwrap());
        assert_eq!(request.uri(), "/v1/sessions/?a=b");
    }

    #[test]
    fn what_a_proxy_may_keep_to_itself_has_one_spelling() {
        for same in [
            "//metrics",
            "/metrics/",
            "/metrics//",
            "/metrics//find/",
            "//metrics/find/",
            "/metrics/find//",
            "/health/live/",
            "///metrics",
            "//health/ready",
            "/health//live",
        ] {
            assert_eq!(normalized(same, false), None, "{same}");
            assert_eq!(normalized(same, true), None, "{same}");
        }
        assert_eq!(
            normalized("//metricsx", false).as_deref(),
            Some("/metricsx")
        );
    }
}
