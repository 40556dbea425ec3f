//! The host that a request is for (RFC 9112, 3.2). A request that two servers in a row could read as meant for different hosts
//! is refused.

use super::problem::Refusal;
use axum::extract::Request;
use http::uri::Authority;
use http::{Version, header};
use wire::code;

/// Refuses a request without a host, or with two.
pub(crate) fn check(request: &Request) -> Result<(), Refusal> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let wrong = |message: String| {
        let problem = code::REQUEST_MALFORMED.problem(message);
        Err(Refusal(
            problem
                .hint("send one header `Host` with the server's name")
                .field("Host"),
        ))
    };
    let Some(host) = hosts.next() else {
        return if request.version() == Version::HTTP_11 {
            wrong("the request has no header `Host`, which HTTP/1.1 asks for".to_owned())
        } else {
            Ok(())
        };
    };
    if hosts.next().is_some() {
        return wrong("the request has more than one header `Host`".to_owned());
    }
    let Some(named) = host.to_str().ok().and_then(authority) else {
        return wrong("the header `Host` names no host".to_owned());
    };
    // In HTTP/1.1 the address in the request line counts alone; HTTP/2 knows no such order (RFC 9113, 8.3.1).
    let differs = |authority: &Authority| *authority != named;
    if request.version() == Version::HTTP_2 && request.uri().authority().is_some_and(differs) {
        return wrong("the header `Host` and `:authority` name different hosts".to_owned());
    }
    Ok(())
}

/// `HOST` or `HOST:PORT`: without a user, and no list, which is what a proxy may make of two lines.
fn authority(text: &str) -> Option<Authority> {
    let parsed: Authority = text.parse().ok()?;
    let is_one = !text.contains(['@', ',']);
    (is_one && !parsed.host().is_empty()).then_some(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn is_taken(version: Version, uri: &str, hosts: &[&str]) -> bool {
        let mut request = Request::new(Body::empty());
        *request.version_mut() = version;
        *request.uri_mut() = uri.parse().unwrap();
        for host in hosts {
            let value = http::HeaderValue::from_str(host).unwrap();
            request.headers_mut().append(header::HOST, value);
        }
        check(&request).is_ok()
    }

    #[test]
    fn one_host_and_no_other() {
        for host in [
            "vigie",
            "vigie.example:8080",
            "192.0.2.1",
            "[2001:db8::1]:80",
            "a_b",
        ] {
            assert!(is_taken(Version::HTTP_11, "/", &[host]), "{host}");
        }
        for host in ["", "a b", "a/b", "u@h", "a,b", "http://h"] {
            assert!(!is_taken(Version::HTTP_11, "/", &[host]), "{host}");
        }
        assert!(!is_taken(Version::HTTP_11, "/", &[]));
        assert!(!is_taken(Version::HTTP_11, "http://vigie/", &[]));
        assert!(is_taken(Version::HTTP_11, "http://vigie/", &["other"]));
        assert!(is_taken(Version::HTTP_10, "/", &[]));
        for version in [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2] {
            assert!(!is_taken(version, "/", &["a", "b"]));
            assert!(!is_taken(version, "/", &["a", "a"]));
        }
        assert!(is_taken(Version::HTTP_2, "http://vigie/", &[]));
        assert!(is_taken(Version::HTTP_2, "http://vigie/", &["VIGIE"]));
        assert!(!is_taken(Version::HTTP_2, "http://vigie/", &["other"]));
    }
}
