//! Query strings and URL-encoded bodies: `a=1&b=2`, with `%XX` and `+`.
//!
//! Strict where leniency would hide a mistake (a broken `%`, bytes that are no UTF-8, a key given twice where one is
//! meant), kind where custom is loose (`target` and `target[]`, empty pairs, a key without `=`). Graphite's routes leave a
//! broken `%` as it is, as graphite-web does: dashboards write `xFormat=%H:%M`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The most pairs that are read.
pub(crate) const PAIRS_MAX: usize = base::limit::QUERY_PARAMETERS.default as usize;

/// Why a query string can't be used; offsets are bytes from its beginning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// `%` not followed by two hexadecimal digits.
    #[error("`%` at offset {at} is not followed by two hexadecimal digits")]
    Percent {
        /// Where.
        at: usize,
    },
    /// Decoded, it is no UTF-8.
    #[error("the text at offset {at} is not UTF-8")]
    Encoding {
        /// Where the key or value begins.
        at: usize,
    },
    /// More than `PAIRS_MAX`.
    #[error("more than `query_parameters` = {PAIRS_MAX} parameters")]
    TooMany,
    /// A parameter that may be given once.
    #[error("`{key}` is given more than once, the second time at offset {at}")]
    Repeated {
        /// Its key.
        key: String,
        /// Where it is given again.
        at: usize,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pair {
    key: String,
    value: String,
    at: usize,
}

/// A parsed query string: pairs in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    pairs: Vec<Pair>,
}

impl Query {
    /// Parses what follows the `?`, without it.
    ///
    /// # Errors
    /// [`QueryError`] says what is wrong and where.
    pub fn parse(raw: &str) -> Result<Self, QueryError> {
        Self::parse_bytes(raw.as_bytes())
    }

    /// Parses bytes, as of a request's body.
    ///
    /// # Errors
    /// [`QueryError`] says what is wrong and where.
    pub fn parse_bytes(raw: &[u8]) -> Result<Self, QueryError> {
        Self::parse_pairs(raw, decode)
    }

    /// Parses bytes, and leaves a `%` without two hexadecimal digits behind it as it is.
    ///
    /// # Errors
    /// [`QueryError`] says what is wrong and where; never [`QueryError::Percent`].
    pub fn parse_lenient(raw: &[u8]) -> Result<Self, QueryError> {
        Self::parse_pairs(raw, decode_lenient)
    }

    fn parse_pairs(
        raw: &[u8],
        decode: fn(&[u8], usize) -> Result<String, QueryError>,
    ) -> Result<Self, QueryError> {
        let mut pairs = Vec::new();
        let mut at = 0_usize;
        for part in raw.split(|byte| *byte == b'&') {
            if !part.is_empty() {
                if pairs.len() == PAIRS_MAX {
                    return Err(QueryError::TooMany);
                }
                let (key, value) = match memchr::memchr(b'=', part) {
                    Some(equals) => part.split_at(equals),
                    None => (part, &[] as &[u8]),
                };
                let value_at = at + key.len() + 1;
                let value = value.strip_prefix(b"=").unwrap_or(value);
                pairs.push(Pair {
                    key: decode(key, at)?,
                    value: decode(value, value_at)?,
                    at,
                });
            }
            at += part.len() + 1;
        }
        Ok(Self { pairs })
    }

    /// The value of a parameter that may be given once; an empty value is one.
    ///
    /// # Errors
    /// [`QueryError::Repeated`] when it is given again, be it with the same value.
    pub fn one(&self, key: &str) -> Result<Option<&str>, QueryError> {
        let mut found = self.pairs.iter().filter(|pair| pair.key == key);
        let first = found.next();
        if let Some(again) = found.next() {
            return Err(QueryError::Repeated {
                key: key.to_owned(),
                at: again.at,
            });
        }
        Ok(first.map(|pair| pair.value.as_str()))
    }

    /// Every value of `key` and of `key[]`, in their order.
    #[must_use]
    pub fn all(&self, key: &str) -> Vec<&str> {
        self.pairs
            .iter()
            .filter(|pair| pair.key == key || pair.key.strip_suffix("[]") == Some(key))
            .map(|pair| pair.value.as_str())
            .collect()
    }

    /// Every pair, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|pair| (pair.key.as_str(), pair.value.as_str()))
    }

    /// The first key that is none of `known` (`key[]` counts as `key`).
    #[must_use]
    pub fn unknown(&self, known: &[&str]) -> Option<&str> {
        self.pairs
            .iter()
            .map(|pair| pair.key.as_str())
            .find(|key| !known.contains(&key.strip_suffix("[]").unwrap_or(key)))
    }

    /// The first key that is given twice, and where.
    pub(crate) fn duplicate(&self) -> Option<QueryError> {
        let mut seen = std::collections::HashSet::new();
        self.pairs
            .iter()
            .find(|pair| !seen.insert(pair.key.as_str()))
            .map(|pair| QueryError::Repeated {
                key: pair.key.clone(),
                at: pair.at,
            })
    }
}

/// A key or value without its `%XX` and `+`.
pub(crate) fn decode(raw: &[u8], offset: usize) -> Result<String, QueryError> {
    decoded(raw, offset, false)
}

/// The same, with a broken `%` as it is.
fn decode_lenient(raw: &[u8], offset: usize) -> Result<String, QueryError> {
    decoded(raw, offset, true)
}

fn decoded(raw: &[u8], offset: usize, is_lenient: bool) -> Result<String, QueryError> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw;
    // What stands for itself is copied up to the next `%` or `+`, not byte by byte: keys and tokens have none.
    let next = |rest: &[u8]| memchr::memchr2(b'%', b'+', rest);
    while let Some((plain, [first, tail @ ..])) = next(rest).map(|at| rest.split_at(at)) {
        bytes.extend_from_slice(plain);
        rest = tail;
        bytes.push(match first {
            b'+' => b' ',
            _ => match escaped(tail) {
                Some((byte, after)) => {
                    rest = after;
                    byte
                }
                None if is_lenient => b'%',
                None => {
                    let at = offset + raw.len() - tail.len() - 1;
                    return Err(QueryError::Percent { at });
                }
            },
        });
    }
    bytes.extend_from_slice(rest);
    String::from_utf8(bytes).map_err(|_| QueryError::Encoding { at: offset })
}

/// The byte that two hexadecimal digits are, and what follows them.
const fn escaped(text: &[u8]) -> Option<(u8, &[u8])> {
    let [high, low, after @ ..] = text else {
        return None;
    };
    match (hex(*high), hex(*low)) {
        (Some(high), Some(low)) => Some(((high << 4) | low, after)),
        _ => None,
    }
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Writes pairs as a query string or a URL-encoded body.
#[must_use]
pub fn encode(pairs: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (key, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        out.extend(utf8_percent_encode(key, RESERVED));
        out.push('=');
        out.extend(utf8_percent_encode(value, RESERVED));
    }
    out
}

/// Everything but letters, digits and `-._~`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A text that is fit for a segment of a path, a query and a form.
#[must_use]
pub fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_render_query_is_read() {
        let query = Query::parse("target=a.%2A&target[]=b+c&from=-1h&&flag&empty=").unwrap();
        assert_eq!(query.all("target"), ["a.*", "b c"]);
        assert_eq!(query.one("from").unwrap(), Some("-1h"));
        assert_eq!(query.one("flag").unwrap(), Some(""));
        assert_eq!(query.one("empty").unwrap(), Some(""));
        assert_eq!(query.one("until").unwrap(), None);
        assert_eq!(query.unknown(&["target", "from", "flag"]), Some("empty"));
    }

    #[test]
    fn mistakes_have_a_place() {
        assert_eq!(Query::parse("a=1&b=%4"), Err(QueryError::Percent { at: 6 }));
        assert_eq!(Query::parse("a=x%zz"), Err(QueryError::Percent { at: 3 }));
        assert_eq!(
            Query::parse("a=1&b=%ff"),
            Err(QueryError::Encoding { at: 6 })
        );
        let query = Query::parse("from=1&from=1").unwrap();
        assert_eq!(
            query.one("from"),
            Err(QueryError::Repeated {
                key: "from".to_owned(),
                at: 7
            })
        );
        assert_eq!(
            Query::parse(&"a=1&".repeat(PAIRS_MAX + 1)),
            Err(QueryError::TooMany)
        );
    }

    #[test]
    fn a_broken_percent_may_be_left_as_it_is() {
        let query = Query::parse_lenient(b"xFormat=%H:%M&a=50%&b=%4&c=%zz%41%%42").unwrap();
        let values: Vec<_> = query.iter().map(|(_, value)| value).collect();
        assert_eq!(values, ["%H:%M", "50%", "%4", "%zzA%B"]);
        assert_eq!(
            Query::parse_lenient(b"b=%ff"),
            Err(QueryError::Encoding { at: 2 })
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(pairs in proptest::collection::vec(("\\PC{1,8}", "\\PC{0,12}"), 0..6)) {
            let borrowed: Vec<(&str, &str)> = pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            let query = Query::parse(&encode(&borrowed)).unwrap();
            prop_assert_eq!(query.iter().collect::<Vec<_>>(), borrowed);
        }

        #[test]
        fn no_bytes_panic(raw: Vec<u8>) {
            let _ = Query::parse_bytes(&raw);
            let is_percent = matches!(Query::parse_lenient(&raw), Err(QueryError::Percent { .. }));
            prop_assert!(!is_percent);
        }
    }
}
