//! The origins whose pages may read answers about metrics, the value of `cors.origins`.

use super::host::Host;
use base::limit::CORS_ORIGINS;
use std::str::FromStr;

/// Why a list cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OriginsError {
    #[error(
        "must be origins like `https://grafana.example.org, http://localhost:3000`, not `{0}`; `*` and `null` are none"
    )]
    Entry(String),
    #[error("must have at most `{name}` = {} entries, not {count}", CORS_ORIGINS.default, name = CORS_ORIGINS.name)]
    TooMany {
        /// The entries.
        count: usize,
    },
}

/// Origins, as browsers write them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origins(Vec<String>);

impl Origins {
    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this origin is one of them.
    pub(crate) fn lists(&self, origin: &[u8]) -> bool {
        self.0.iter().any(|listed| listed.as_bytes() == origin)
    }
}

fn origin(text: &str) -> Option<String> {
    let (is_https, rest) = match text.split_once("://")? {
        (scheme, rest) if scheme.eq_ignore_ascii_case("http") => (false, rest),
        (scheme, rest) if scheme.eq_ignore_ascii_case("https") => (true, rest),
        _ => return None,
    };
    let host = Host::read(rest.strip_suffix('/').unwrap_or(rest))?;
    Some(host.origin(is_https).to_string())
}

impl FromStr for Origins {
    type Err = OriginsError;

    fn from_str(text: &str) -> Result<Self, OriginsError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let count = text.split(',').count();
        if count as u64 > CORS_ORIGINS.default {
            return Err(OriginsError::TooMany { count });
        }
        let entries = text.split(',').map(str::trim);
        let entries = entries.map(|entry| {
            origin(entry).ok_or_else(|| OriginsError::Entry(entry.chars().take(100).collect()))
        });
        entries.collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_listed_as_browsers_write_it() {
        let origins: Origins = "https://A.example:443/ , http://localhost:3000,http://[::1]:80"
            .parse()
            .unwrap();
        for origin in ["https://a.example", "http://localhost:3000", "http://[::1]"] {
            assert!(origins.lists(origin.as_bytes()), "{origin}");
        }
        for other in [
            "",
            "null",
            "*",
            "http://a.example",
            "https://a.example.evil",
            "https://a.example:444",
            "http://localhost",
            "https://A.example",
        ] {
            assert!(!origins.lists(other.as_bytes()), "{other}");
        }
        assert!("".parse::<Origins>().unwrap().is_empty());
    }

    #[test]
    fn what_is_no_origin_is_refused_by_its_text_and_too_many_by_the_limit() {
        for wrong in [
            "*",
            "null",
            "a.example",
            "https://*.example",
            "https://a.example/path",
            "https://a.example//",
            "ftp://a.example",
            "https://u@a.example",
            "https://a,",
        ] {
            assert!(wrong.parse::<Origins>().is_err(), "{wrong}");
        }
        let many = |count| vec!["http://a"; count].join(",");
        assert!(many(64).parse::<Origins>().is_ok());
        let error = many(65).parse::<Origins>().unwrap_err().to_string();
        assert!(error.contains("`cors_origins` = 64"), "{error}");
    }
}
