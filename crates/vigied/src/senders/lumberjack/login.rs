//! The login of a connection: for one domain, or by a key for several; and to which of them each of its lines belongs.

use super::super::credential::SenderCredential;
use super::super::multi_space_key::MultiSpaceKey;
use base::id::{Guid, SpaceId};
use base::scope::Domain;

/// The length of a GUID with its hyphens.
const GUID_BYTES: usize = 36;

/// The login of a connection.
#[derive(Debug)]
pub(super) enum Login {
    /// For one domain.
    One {
        credential: SenderCredential,
        domain: Domain,
    },
    /// For several spaces, each named by its lines.
    Several(MultiSpaceKey),
}

impl Login {
    /// The domain for which the connection is counted.
    pub(super) const fn domain(&self) -> Domain {
        match self {
            Self::One { domain, .. } => *domain,
            Self::Several(several) => several.domain(),
        }
    }

    /// Where a line belongs, and the line without the GUID that says so; a word for why it belongs nowhere.
    pub(super) fn place<'l>(&self, line: &'l [u8]) -> Result<(Domain, &'l [u8]), &'static str> {
        if line.is_empty() || memchr::memchr2(b'\n', b'\r', line).is_some() {
            return Err("malformed");
        }
        let named = line
            .split_at_checked(GUID_BYTES)
            .filter(|halves| halves.1.first() == Some(&b'.'))
            .and_then(|(named, rest)| Some((guid(named)?, rest.get(1..)?)));
        match (self, named) {
            (Self::One { domain, .. }, None) => Ok((*domain, line)),
            (Self::One { domain, .. }, Some((guid, rest))) => match domain {
                Domain::Space(id) if id.0 == guid => Ok((*domain, rest)),
                Domain::Org(id) if id.0 == guid => Ok((*domain, rest)),
                _ => Err("another_space"),
            },
            (Self::Several(_), Some((guid, rest))) => Ok((Domain::Space(SpaceId(guid)), rest)),
            (Self::Several(_), None) => Err("no_space"),
        }
    }
}

/// A GUID as this protocol writes it: with hyphens. Thirty-two digits may be a name.
pub(super) fn guid(text: &[u8]) -> Option<Guid> {
    let text = std::str::from_utf8(text).ok()?;
    let has_length = text.len() == GUID_BYTES;
    has_length.then(|| Guid::parse(text).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::KeyId;

    #[test]
    fn a_line_is_for_the_space_that_it_names_and_the_login_allows() {
        let id = "01234567-89ab-4def-8123-456789abcdef";
        let other = "11234567-89ab-4def-8123-456789abcdef";
        let domain = Domain::Space(id.parse().unwrap());
        let credential = SenderCredential::Source(KeyId(Guid::from_random([1; 16])));
        let one = Login::One { credential, domain };
        let placed = |line: &str| {
            let placed = one.place(line.as_bytes());
            placed.map(|(domain, rest)| (domain, String::from_utf8(rest.to_vec()).unwrap()))
        };
        let ours = |line: &str| Ok((domain, line.to_owned()));
        assert_eq!(placed(&format!("{id}.a.b 1 2")), ours("a.b 1 2"));
        assert_eq!(
            placed(&format!("{}.a 1 2", id.to_uppercase())),
            ours("a 1 2")
        );
        assert_eq!(placed("a.b 1 2"), ours("a.b 1 2"));
        let digits = id.replace('-', "");
        assert_eq!(
            placed(&format!("{digits}.a 1")),
            ours(&format!("{digits}.a 1"))
        );
        assert_eq!(placed(&format!("{other}.a 1 2")), Err("another_space"));
        for line in ["", "a 1\nb 2", "a 1\rb 2"] {
            assert_eq!(placed(line), Err("malformed"), "{line:?}");
        }
        // Not a first element, so part of a name.
        assert_eq!(placed(&format!("{id}x.a 1")), ours(&format!("{id}x.a 1")));
    }
}
