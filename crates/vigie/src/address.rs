//! Addresses of servers as people type them. Addresses that servers advertise are checked in [`crate::origin`].

use crate::error::Failure;
use crate::loopback::{host, is_loopback};
use crate::origin::Origin;
use base::user_info;

/// Completes an address typed without a scheme: `http` for this machine, `https` for any other.
pub(crate) fn complete(typed: &str) -> Result<String, Failure> {
    let text = typed.trim().trim_end_matches('/');
    let redacted = user_info::hidden(typed);
    let wrong = |why: &str| {
        Failure::usage(format!(
            "`{redacted}` is not the address of a server: {why}"
        ))
        .hint("an address looks like `https://metrics.example.org` or `127.0.0.1:8080`")
    };
    if text.is_empty() || text.ends_with(':') {
        return Err(wrong("it names no host"));
    }
    // Anywhere: a password may hold the `/` at which the host would seem to end.
    if text.contains('@') {
        return Err(wrong(
            "it holds a user name or a password; log in with `vigie login`, which asks for them",
        ));
    }
    let complete = match text.split_once("://") {
        Some(("http" | "https", _)) => text.to_owned(),
        Some(_) => return Err(wrong("only `http` and `https` are supported")),
        None if is_loopback(text) => format!("http://{text}"),
        None => format!("https://{text}"),
    };
    let host = host(&complete);
    if host.is_empty() {
        return Err(wrong("it names no host"));
    }
    if complete.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#')) {
        return Err(wrong(
            "it contains a character that is not allowed in an address",
        ));
    }
    if Origin::of(&complete).is_ok_and(|destination| destination.is_unspecified()) {
        return Err(Failure::usage(format!(
            "`{redacted}` is the unspecified address, at which no server can be reached"
        ))
        .hint("name one that the server has; on this machine that is `127.0.0.1`"));
    }
    Ok(complete)
}

/// Whether requests to it leave this machine unencrypted.
pub(crate) fn is_readable_on_the_way(address: &str) -> bool {
    address.starts_with("http://") && !is_loopback(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_completed() {
        let of = |text| complete(text).ok();
        assert_eq!(
            of("127.0.0.1:8080").as_deref(),
            Some("http://127.0.0.1:8080")
        );
        assert_eq!(of("[::1]:80/").as_deref(), Some("http://[::1]:80"));
        assert_eq!(of("localhost").as_deref(), Some("http://localhost"));
        assert_eq!(
            of("metrics.example.org").as_deref(),
            Some("https://metrics.example.org")
        );
        assert_eq!(
            of("http://metrics.example.org/").as_deref(),
            Some("http://metrics.example.org")
        );
        for wrong in ["", "ftp://x", "https://", "https://u:p@h", "h?x", "a b"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn regression_7_a_password_in_an_address_is_not_repeated() {
        for text in [
            "https://user:secretpw@host",
            "user:secretpw@host",
            "https://secretpw@host",
            "https://user:secret/pw@host",
            "https://user:secretpw@host?x",
            "ftp://user:secretpw@host",
            " https://user:secretpw@0.0.0.0 ",
        ] {
            let error = format!("{:?}", complete(text).unwrap_err());
            assert!(!error.contains("secret"), "{error}");
            assert!(error.contains("user name or a password"), "{error}");
        }
    }

    #[test]
    fn what_leaves_the_machine_unencrypted_is_known() {
        assert!(is_readable_on_the_way("http://a"));
        assert!(!is_readable_on_the_way("http://127.0.0.1:1"));
    }
}
