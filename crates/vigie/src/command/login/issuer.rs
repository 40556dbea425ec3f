//! Whether a server's description of itself is its own (RFC 8414, 3.3): one that was taken from another server would
//! lead to that one's tokens, or this one's to it.

use crate::error::Failure;
use crate::origin::Origin;
use crate::shown::{Shown, shown};

/// Fails unless `issuer` is the address that the description was read from, which is `read_from` with `/identity`.
pub(super) fn check(read_from: &str, issuer: &str) -> Result<(), Failure> {
    let issuer = issuer.trim_end_matches('/');
    let root = issuer.strip_suffix("/identity").unwrap_or(issuer);
    let claimed = Origin::of(root);
    let is_own = issuer.ends_with("/identity")
        && path(root) == path(read_from)
        && match (&claimed, Origin::of(read_from)) {
            (Ok(claimed), Ok(read_from)) => claimed.is_same_server(&read_from),
            _ => false,
        };
    if is_own {
        return Ok(());
    }
    let failure = Failure::failed(shown!(
        "`{}` describes itself as `{}`: what it says is for that address alone, so that no credential was sent",
        read_from,
        Shown::told(root)
    ));
    let failure = match claimed {
        Ok(_) => failure.hint(shown!(
            "if `{}` is the server you mean, log in there: `vigie login -a {}`",
            Shown::told(root),
            Shown::told(root)
        )),
        Err(_) => failure,
    };
    Err(failure.hint(shown!(
        "if `{}` is the address that people use, its operator starts it with `--public-url {}` (setting `public_url`)",
        read_from,
        read_from
    )))
}

/// What stands behind host and port.
fn path(address: &str) -> &str {
    let rest = address.split_once("://").map_or("", |(_, rest)| rest);
    rest.find('/')
        .and_then(|at| rest.get(at..))
        .unwrap_or_default()
        .trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_speaks_of_itself() {
        for (read_from, issuer) in [
            ("https://a", "https://a/identity"),
            ("https://a", "https://A:443/identity/"),
            ("https://a/vigie", "https://a/vigie/identity"),
            ("http://localhost:8080", "http://127.0.0.1:8080/identity"),
            ("http://127.0.0.1:8080", "http://0.0.0.0:8080/identity"),
        ] {
            assert!(check(read_from, issuer).is_ok(), "{read_from} {issuer}");
        }
        for (read_from, issuer) in [
            ("https://a", "https://b/identity"),
            ("https://a", "http://a/identity"),
            ("https://a", "https://a:8443/identity"),
            ("https://a", "https://a"),
            ("https://a", "https://a/x/identity"),
            ("https://a", "https://a@b/identity"),
            ("https://a", "https://0.0.0.0/identity"),
            ("http://127.0.0.1:1", "http://127.0.0.1:2/identity"),
            ("https://a", ""),
        ] {
            assert!(check(read_from, issuer).is_err(), "{read_from} {issuer}");
        }
    }
}
