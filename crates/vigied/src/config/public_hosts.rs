//! The hosts by which clients know the server besides `public_url`: the value of `public_hosts`, hosts or origins with commas
//! between them.

use super::host::{Host, usual_port};
use std::str::FromStr;

/// Maximum entries of a list.
const ENTRIES_MAX: usize = 64;

/// A host, and its scheme if one was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicHost {
    is_https: Option<bool>,
    host: Host,
}

/// Why a list cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PublicHostsError {
    #[error(
        "must be hosts or origins like `metrics.internal, 10.0.0.5:8080, https://metrics.example.org`, not `{0}`"
    )]
    Entry(String),
    #[error("must have at most {ENTRIES_MAX} entries, not {0}")]
    TooMany(usize),
}

impl PublicHost {
    /// Parses `http://HOST[:PORT]` or `https://HOST[:PORT]`, with an optional slash at the end.
    pub(crate) fn origin(text: &str) -> Option<Self> {
        Self::read(text).filter(|host| host.is_https.is_some())
    }

    fn read(text: &str) -> Option<Self> {
        let (is_https, rest) = match text.split_once("://") {
            Some(("http", rest)) => (Some(false), rest.trim_end_matches('/')),
            Some(("https", rest)) => (Some(true), rest.trim_end_matches('/')),
            Some(_) => return None,
            None => (None, text),
        };
        let host = Host::read(rest)?;
        Some(Self { is_https, host })
    }

    /// Whether its scheme is `https`; `otherwise` if it has none.
    pub(crate) fn is_https(&self, otherwise: bool) -> bool {
        self.is_https.unwrap_or(otherwise)
    }

    /// The origin of a request to `asked`, if it matches this entry. A host without scheme and port matches the port that the
    /// server listens on and the default port of the scheme.
    pub(crate) fn origin_of(&self, asked: &Host, otherwise: bool, listens: u16) -> Option<String> {
        let is_https = self.is_https(otherwise);
        let usual = usual_port(is_https);
        let port = asked.port.unwrap_or(usual);
        let is_this = match (self.host.port, self.is_https) {
            (Some(named), _) => port == named,
            (None, Some(_)) => port == usual,
            (None, None) => port == usual || port == listens,
        };
        (is_this && asked.name == self.host.name).then(|| asked.origin(is_https).to_string())
    }

    /// Its origin for requests that name no host.
    pub(crate) fn own_origin(&self, otherwise: bool, listens: u16) -> String {
        let is_https = self.is_https(otherwise);
        let port = match (self.host.port, self.is_https) {
            (None, None) => Some(listens),
            (port, _) => port,
        };
        let name = self.host.name.clone();
        Host { name, port }.origin(is_https).to_string()
    }
}

/// All of them, in the order they were named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PublicHosts(pub(crate) Vec<PublicHost>);

impl FromStr for PublicHosts {
    type Err = PublicHostsError;

    fn from_str(text: &str) -> Result<Self, PublicHostsError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let count = text.split(',').count();
        if count > ENTRIES_MAX {
            return Err(PublicHostsError::TooMany(count));
        }
        let entries = text.split(',').map(str::trim).map(|entry| {
            PublicHost::read(entry).ok_or_else(|| PublicHostsError::Entry(entry.to_owned()))
        });
        entries.collect::<Result<_, _>>().map(Self)
    }
}
