//! Decides whether the `Origin` of a browser's request is this server's own.

use http::{HeaderMap, header};

/// Whether an origin is this server's: its own address, or the one of the request.
pub(crate) fn is_own(origin: &[u8], headers: &HeaderMap, public_url: &str) -> bool {
    let Ok(origin) = std::str::from_utf8(origin) else {
        return false;
    };
    if origin.eq_ignore_ascii_case(public_url) {
        return true;
    }
    let Some((scheme, authority)) = origin.split_once("://") else {
        return false;
    };
    let port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let plain = |text: &str| text.strip_suffix(port).unwrap_or(text).to_ascii_lowercase();
    !authority.is_empty() && host.is_some_and(|host| plain(host) == plain(authority))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_ours(origin: &str, host: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, http::HeaderValue::from_static(host));
        is_own(origin.as_bytes(), &headers, "https://vigie.example")
    }

    #[test]
    fn an_origin_is_our_own_by_address_or_by_where_the_request_went() {
        for (origin, host) in [
            ("https://vigie.example", "127.0.0.1:8080"),
            ("http://localhost:8080", "localhost:8080"),
            ("https://other.example", "other.example:443"),
            ("http://OTHER.example:80", "other.example"),
        ] {
            assert!(is_ours(origin, host), "{origin} {host}");
        }
        for (origin, host) in [
            ("", ""),
            ("http://", ""),
            ("https://vigie.example.evil", "vigie.example"),
            ("https://evil.example", "vigie.example"),
            ("http://vigie.example:8080", "vigie.example"),
            ("file://vigie.example", "vigie.example"),
        ] {
            assert!(!is_ours(origin, host), "{origin} {host}");
        }
    }
}
