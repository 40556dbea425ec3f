//! The header `X-Auth-Scope-Id`: which domain a request is about.

use base::id::{AccountId, Guid, OrgId, SpaceId};
use base::scope::Domain;

/// Why a header names no domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScopeIdError {
    /// Nothing in it.
    #[error(
        "the scope id is empty, expected `s-<space GUID>`, `o-<organization GUID>` or `a-<account id>`"
    )]
    Empty,
    /// A GUID alone.
    #[error(
        "the scope id has no prefix, expected `s-` (space), `o-` (organization) or `a-` (account) before the GUID"
    )]
    PrefixMissing,
    /// A prefix that is none of ours.
    #[error(
        "the scope id begins with `{prefix}-`, expected `s-` (space), `o-` (organization) or `a-` (account)"
    )]
    PrefixUnknown {
        /// The character before the hyphen.
        prefix: char,
    },
    /// The text after the prefix is no GUID.
    #[error(
        "after `{prefix}-`, the scope id has no GUID of 32 hexadecimal digits (its length there: {length})"
    )]
    Guid {
        /// The character before the hyphen.
        prefix: char,
        /// How many characters follow.
        length: usize,
    },
    /// Bytes that are no text.
    #[error("the scope id is not text")]
    Characters,
}

/// Reads the header. Upper-case digits, a GUID without hyphens, and blanks or quotes around are accepted.
///
/// # Errors
/// [`ScopeIdError`] says what is expected.
pub fn parse(header: &[u8]) -> Result<Domain, ScopeIdError> {
    let text = std::str::from_utf8(header).map_err(|_| ScopeIdError::Characters)?;
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace() || matches!(c, '"' | '\''));
    if text.is_empty() {
        return Err(ScopeIdError::Empty);
    }
    let mut characters = text.chars();
    let (Some(prefix), Some('-')) = (characters.next(), characters.next()) else {
        return Err(ScopeIdError::PrefixMissing);
    };
    let rest = characters.as_str();
    let domain: fn(Guid) -> Domain = match prefix {
        's' | 'S' => |guid| Domain::Space(SpaceId(guid)),
        'o' | 'O' => |guid| Domain::Org(OrgId(guid)),
        'a' | 'A' => |guid| Domain::Account(AccountId(guid)),
        _ => return Err(ScopeIdError::PrefixUnknown { prefix }),
    };
    Guid::parse(rest)
        .map(domain)
        .map_err(|_| ScopeIdError::Guid {
            prefix,
            length: rest.chars().count(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GUID: &str = "01234567-89ab-cdef-0123-456789abcdef";

    #[test]
    fn the_three_domains() {
        for prefix in ["s-", "o-"] {
            let text = format!("{prefix}{GUID}");
            assert_eq!(parse(text.as_bytes()).unwrap().to_string(), text);
            assert_eq!(
                parse(text.to_uppercase().as_bytes()).unwrap().to_string(),
                text
            );
            assert_eq!(
                parse(format!(" \"{text}\"\r\n").as_bytes())
                    .unwrap()
                    .to_string(),
                text
            );
        }
        let account = "a-0123456789abcdef0123456789abcdef";
        assert_eq!(parse(account.as_bytes()).unwrap().to_string(), account);
    }

    #[test]
    fn mistakes_say_what_is_expected() {
        assert_eq!(parse(b" "), Err(ScopeIdError::Empty));
        assert_eq!(parse(GUID.as_bytes()), Err(ScopeIdError::PrefixMissing));
        assert_eq!(parse(b"space"), Err(ScopeIdError::PrefixMissing));
        assert_eq!(
            parse(format!("x-{GUID}").as_bytes()),
            Err(ScopeIdError::PrefixUnknown { prefix: 'x' })
        );
        assert_eq!(
            parse(b"s-0123"),
            Err(ScopeIdError::Guid {
                prefix: 's',
                length: 4
            })
        );
        assert_eq!(parse(b"s-\xff"), Err(ScopeIdError::Characters));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(header: Vec<u8>) {
            let _ = parse(&header);
        }
    }
}
