//! Checks that a server's metadata is its own (RFC 8414, 3.3): metadata copied from another server could be used to collect that
//! server's tokens, or to send this server's tokens to it.

use crate::context::Context;
use crate::error::Failure;
use crate::origin::Origin;
use crate::printable_text::{PrintableText, escaped};
use crate::prompt;

/// The server that the metadata describes.
#[derive(Debug, PartialEq, Eq)]
enum Subject {
    /// The server that it was read from.
    Itself,
    /// Another address, which may be the server's proper name.
    Another(Origin),
    /// No valid address.
    Nobody,
}

/// Fails unless `issuer` is the address that the metadata was read from (`read_from` with `/identity`), or is trusted for it; asks
/// at a terminal.
pub(super) fn check(context: &Context, read_from: &str, issuer: &str) -> Result<(), Failure> {
    let root = root(issuer);
    let another = match subject(read_from, issuer) {
        Subject::Itself => return Ok(()),
        Subject::Another(another) => Some(another),
        Subject::Nobody => None,
    };
    if let Some(another) = &another {
        let is_weaker = read_from.starts_with("https://") && !another.is_https();
        if context.is_trusted(another)? {
            return Ok(());
        }
        if prompt::is_possible() && !is_weaker {
            return context
                .require_trusted(root, "its own address")
                .map_err(|failure| with_remedies(failure, read_from));
        }
    }
    let mut failure = Failure::failed(escaped!(
        "`{}` describes itself as `{}`: what it says is for that address alone, so that no credential was sent",
        read_from,
        PrintableText::untrusted(root)
    ));
    if let Some(another) = another {
        failure = failure.hint(escaped!(
            "if `{}` is the server you mean, log in there: `vigie login -a {}`; if both belong together, add `--trust-origin {}`",
            PrintableText::untrusted(root),
            PrintableText::word(root),
            PrintableText::word(&another.to_string())
        ));
    }
    Err(with_remedies(failure, read_from))
}

/// Adds hints for the operator and for the user.
fn with_remedies(failure: Failure, read_from: &str) -> Failure {
    failure
        .hint(escaped!(
            "if `{}` is the address that people type, its operator starts it with `--public-url {}` (setting `public_url`)",
            read_from,
            PrintableText::word(read_from)
        ))
        .hint(escaped!(
            "to send credentials to this very address all the same: `vigie login -a {} --iam-endpoint {}`",
            PrintableText::word(read_from),
            PrintableText::word(read_from)
        ))
}

/// The server's address in an issuer's address.
pub(super) fn root(issuer: &str) -> &str {
    let issuer = issuer.trim_end_matches('/');
    issuer.strip_suffix("/identity").unwrap_or(issuer)
}

fn subject(read_from: &str, issuer: &str) -> Subject {
    let root = root(issuer);
    match (Origin::of(root), Origin::of(read_from)) {
        _ if !issuer.trim_end_matches('/').ends_with("/identity") => Subject::Nobody,
        // The server listens on every address and does not know its public one; `trust` handles that.
        (Ok(claimed), Ok(_)) if claimed.is_unspecified() => Subject::Itself,
        (Ok(claimed), Ok(server)) if !claimed.is_same_server(&server) => Subject::Another(claimed),
        (Ok(_), Ok(_)) if path(root) == path(read_from) => Subject::Itself,
        _ => Subject::Nobody,
    }
}

/// The path of an address.
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
            ("https://a", "https://0.0.0.0/identity"),
            ("https://a", "http://[::]:8080/identity"),
        ] {
            assert_eq!(
                subject(read_from, issuer),
                Subject::Itself,
                "{read_from} {issuer}"
            );
        }
        for (read_from, issuer) in [
            ("https://a", "https://b/identity"),
            ("https://a", "http://a/identity"),
            ("https://a", "https://a:8443/identity"),
            ("https://a", "https://a"),
            ("https://a", "https://a/x/identity"),
            ("https://a", "https://a@b/identity"),
            ("http://127.0.0.1:1", "http://127.0.0.1:2/identity"),
            ("https://a", ""),
        ] {
            assert_ne!(
                subject(read_from, issuer),
                Subject::Itself,
                "{read_from} {issuer}"
            );
        }
    }
}
