//! A host and its port, safe to put in a URL that others follow: no reader can take it for more than a host, each host has one
//! spelling, and it is never the address for all interfaces.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Maximum bytes of a name, and of one label (RFC 1035, 2.3.4).
const NAME_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;

/// A plain host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host {
    /// In lower case, without a trailing dot; an IPv6 address has brackets.
    pub(crate) name: String,
    pub(crate) port: Option<u16>,
}

impl Host {
    /// Parses `HOST[:PORT]`; `None` for anything else.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (name, rest) = match text.strip_prefix('[') {
            Some(inner) => {
                let (inner, rest) = inner.split_once(']')?;
                (ipv6(inner)?, rest)
            }
            None => {
                let end = text.find(':').unwrap_or(text.len());
                let (before, rest) = text.split_at(end);
                (name(before)?, rest)
            }
        };
        let port = match rest {
            "" => None,
            rest => Some(port(rest.strip_prefix(':')?)?),
        };
        Some(Self { name, port })
    }

    /// The origin of this host; the default port of the scheme is left out.
    pub(crate) fn origin(&self, is_https: bool) -> Origin<'_> {
        Origin {
            is_https,
            host: self,
        }
    }
}

/// The default port of a scheme.
pub(crate) const fn usual_port(is_https: bool) -> u16 {
    if is_https { 443 } else { 80 }
}

/// Scheme, host and port, written as browsers do.
#[derive(Debug)]
pub(crate) struct Origin<'h> {
    is_https: bool,
    host: &'h Host,
}

impl fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_https { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.host.name)?;
        match self.host.port {
            Some(port) if port != usual_port(self.is_https) => write!(f, ":{port}"),
            _ => Ok(()),
        }
    }
}

fn port(digits: &str) -> Option<u16> {
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|port| is_number && *port != 0)
}

fn ipv6(text: &str) -> Option<String> {
    let address: Ipv6Addr = text.parse().ok()?;
    (!address.to_canonical().is_unspecified()).then(|| format!("[{address}]"))
}

fn name(text: &str) -> Option<String> {
    let text = text.strip_suffix('.').unwrap_or(text);
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return (!address.is_unspecified()).then(|| address.to_string());
    }
    let is_label = |label: &str| {
        let is_taken = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && label.bytes().all(is_taken)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // A name whose last part is a number is an address to browsers and resolvers: `0`, `127.1`, `1.2.3.0x4`.
    let last = text.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit())
        || last
            .strip_prefix("0x")
            .or_else(|| last.strip_prefix("0X"))
            .is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let is_name = text.len() <= NAME_BYTES_MAX && text.split('.').all(is_label) && !is_number;
    is_name.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_plain_host_has_one_spelling() {
        for (text, is) in [
            ("a", "http://a"),
            ("A.Example.", "http://a.example"),
            ("a_b:8080", "http://a_b:8080"),
            ("a:80", "http://a"),
            ("192.0.2.1:443", "http://192.0.2.1:443"),
            ("[2001:DB8::0:1]:1", "http://[2001:db8::1]:1"),
            ("1a", "http://1a"),
        ] {
            let host = Host::read(text).unwrap();
            assert_eq!(host.origin(false).to_string(), is, "{text}");
        }
        let host = Host::read("a:443").unwrap();
        assert_eq!(host.origin(true).to_string(), "https://a");
        for text in [
            "",
            ":80",
            "a:",
            "a:0",
            "a:65536",
            "a:+1",
            "a:1:2",
            "u@h",
            "a/b",
            "a b",
            "a?b",
            "a#b",
            "a\\b",
            "a,b",
            ".",
            ".a",
            "a..b",
            "-a",
            "a-",
            "0",
            "0.0.0.0",
            "0.0.0.0.",
            "127.1",
            "0x0",
            "a.0X",
            "[::]",
            "[::ffff:0.0.0.0]",
            "[::1",
            "::1",
            "[::1]x",
            "[fe80::1%eth0]",
            "[a]",
            "h\u{fc}t",
            "a\u{0}",
            "a%41",
        ] {
            assert_eq!(Host::read(text), None, "{text}");
        }
    }

    proptest! {
        /// A parsed host parses to the same value again, and in a URL it is exactly the host and port.
        #[test]
        fn what_is_read_stays_itself(text in "[\\[\\]a-zA-Z0-9:._@/%-]{0,40}|\\PC{0,20}") {
            if let Some(host) = Host::read(&text) {
                let origin = host.origin(false).to_string();
                let uri: http::Uri = origin.parse().unwrap();
                prop_assert_eq!(uri.host(), Some(host.name.as_str()));
                let again = Host::read(origin.strip_prefix("http://").unwrap()).unwrap();
                prop_assert_eq!(again.name, host.name);
            }
        }
    }
}
