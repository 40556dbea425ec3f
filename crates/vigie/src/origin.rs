//! Origins: scheme, host and port, which decide who receives a request. Parsed with the HTTP client's own parser, so that both
//! agree on the host. Pure; [`crate::trust`] decides whether an origin is trusted.

use std::fmt;
use std::net::Ipv6Addr;
use ureq::http::Uri;

/// Scheme, host and port of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    is_https: bool,
    /// In lower case; an IPv6 address has its brackets.
    host: String,
    port: u16,
}

impl Origin {
    /// The origin of a URL, or why it has none.
    pub(crate) fn of(url: &str) -> Result<Self, &'static str> {
        let uri: Uri = url.parse().map_err(|_| "it cannot be read")?;
        let is_https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) => return Err("only `http` and `https` are supported"),
            None => return Err("it names no scheme"),
        };
        let authority = uri.authority().ok_or("it names no host")?;
        // The text before an `@` looks like the host, but the host is after it: readers would be misled.
        if authority.as_str().contains('@') {
            return Err("it holds a user name");
        }
        let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
        let rest = authority.as_str().get(authority.host().len()..);
        let port = match (authority.port_u16(), rest) {
            (Some(port), _) => port,
            (None, Some("" | ":")) if is_https => 443,
            (None, Some("" | ":")) => 80,
            (None, _) => return Err("its port is no number"),
        };
        if host.is_empty() {
            return Err("it names no host");
        }
        Ok(Self {
            is_https,
            host,
            port,
        })
    }

    /// Whether it is `https`.
    pub(crate) const fn is_https(&self) -> bool {
        self.is_https
    }

    /// Whether it is a loopback address.
    pub(crate) fn is_loopback(&self) -> bool {
        crate::loopback::is_loopback(&self.to_string())
    }

    /// In lower case; an IPv6 address has its brackets.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The port, explicit or the scheme's default.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Whether it is the unspecified address (`0.0.0.0`, `[::]`), in any spelling.
    pub(crate) fn is_unspecified(&self) -> bool {
        let inner = self
            .host
            .strip_prefix('[')
            .and_then(|inner| inner.strip_suffix(']'));
        if let Some(inner) = inner {
            return inner
                .parse::<Ipv6Addr>()
                .is_ok_and(|address| address.to_canonical().is_unspecified());
        }
        let is_zero = |part: &str| {
            let digits = part.strip_prefix("0x").unwrap_or(part);
            !part.is_empty() && digits.bytes().all(|byte| byte == b'0')
        };
        self.host.split('.').all(is_zero)
    }

    /// Whether both are the same server: equal, or two loopback names with the same port.
    pub(crate) fn is_same_server(&self, other: &Self) -> bool {
        let is_here = |host: &str| ["localhost", "127.0.0.1", "[::1]"].contains(&host);
        self == other
            || (self.is_https == other.is_https
                && self.port == other.port
                && is_here(&self.host)
                && is_here(&other.host))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, usual) = if self.is_https {
            ("https", 443)
        } else {
            ("http", 80)
        };
        write!(f, "{scheme}://{}", self.host)?;
        if self.port == usual {
            return Ok(());
        }
        write!(f, ":{}", self.port)
    }
}

/// The treatment of an address that a server advertises for one of its parts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Advertised {
    /// Use the address that the user named.
    Named,
    /// Use it: it is at the origin that the user named.
    Same,
    /// It is at another origin, which must be trusted first.
    Elsewhere(Origin),
    /// Never use it.
    Refused(&'static str),
}

/// Classifies `advertised`, which the server at `named` gave.
pub(crate) fn classify(named: &Origin, advertised: &str) -> Advertised {
    if advertised.is_empty() {
        return Advertised::Named;
    }
    let advertised_origin = match Origin::of(advertised) {
        Ok(advertised_origin) => advertised_origin,
        Err(why) => return Advertised::Refused(why),
    };
    // The server is behind a proxy or listens on every address, and does not know its public address.
    let means_itself = (!named.is_loopback() && advertised_origin.is_loopback())
        || advertised_origin.is_unspecified();
    let is_same_host_unencrypted =
        advertised_origin.host == named.host && named.is_https && !advertised_origin.is_https;
    if advertised_origin == *named {
        Advertised::Same
    } else if advertised_origin.is_same_server(named) || means_itself || is_same_host_unencrypted {
        Advertised::Named
    } else if named.is_https && !advertised_origin.is_https {
        Advertised::Refused("it is not encrypted, and the server that names it is")
    } else {
        Advertised::Elsewhere(advertised_origin)
    }
}

/// The URL of a list's next page, if it is at the same server; `base` is that server's root.
pub(crate) fn follow(base: &str, next: &str) -> Option<String> {
    let is_clean = next
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if !is_clean {
        return None;
    }
    if next.starts_with('/') && !next.starts_with("//") {
        return Some(format!("{base}{next}"));
    }
    let same = Origin::of(next).ok()? == Origin::of(base).ok()?;
    same.then(|| next.to_owned())
}

/// Whether a URL may be passed to the program that opens browsers: `https`, loopback, or the server in use, and without
/// characters that a shell could interpret.
pub(crate) fn is_openable(page: &str, used: &Origin) -> bool {
    let is_clean = page
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!&()*+,;=%".contains(&byte));
    is_clean
        && Origin::of(page).is_ok_and(|advertised_origin| {
            advertised_origin.is_https
                || advertised_origin.is_loopback()
                || advertised_origin == *used
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> String {
        Origin::of(url).map_or_else(|why| format!("! {why}"), |origin| origin.to_string())
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        assert_eq!(of("HTTPS://Example.ORG:443/a?b"), "https://example.org");
        assert_eq!(of("https://example.org."), "https://example.org");
        assert_eq!(of("http://[::1]:8080/x"), "http://[::1]:8080");
        for wrong in [
            "ftp://x",
            "//x",
            "/x",
            "x",
            "https://u@h",
            "https://u:p@h",
            "https://h:x/",
            "javascript:alert(1)",
            "https://h\\@evil",
            "https://h\u{1b}",
            "https://h h",
            "",
        ] {
            assert!(of(wrong).starts_with('!'), "{wrong}: {}", of(wrong));
        }
    }

    #[test]
    fn what_a_server_says_is_weighed() {
        let weighed =
            |named: &str, advertised: &str| classify(&Origin::of(named).unwrap(), advertised);
        let elsewhere = |url: &str| Advertised::Elsewhere(Origin::of(url).unwrap());
        assert_eq!(weighed("https://a", "https://A:443/x"), Advertised::Same);
        assert_eq!(weighed("https://a", ""), Advertised::Named);
        assert_eq!(weighed("https://a", "http://a"), Advertised::Named);
        assert_eq!(
            weighed("https://a", "http://127.0.0.1:80"),
            Advertised::Named
        );
        for nobody in [
            "0.0.0.0:8443",
            "[::]",
            "[::ffff:0.0.0.0]:1",
            "0",
            "0x0.0",
            "00.0.0.0.",
        ] {
            let advertised = format!("https://{nobody}");
            for named in ["https://a", "http://127.0.0.1:9"] {
                assert_eq!(
                    weighed(named, &advertised),
                    Advertised::Named,
                    "{advertised}"
                );
            }
        }
        assert_eq!(
            weighed("http://127.0.0.1:9", "http://localhost:9"),
            Advertised::Named
        );
        assert_eq!(weighed("https://a", "https://b"), elsewhere("https://b"));
        assert_eq!(
            weighed("http://127.0.0.1:9", "http://127.0.0.1:10"),
            elsewhere("http://127.0.0.1:10")
        );
        for wrong in ["http://b", "https://a@b", "javascript:x", "ftp://a"] {
            assert!(
                matches!(weighed("https://a", wrong), Advertised::Refused(_)),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_next_page_is_of_the_same_server() {
        let next = |next: &str| follow("https://a/root", next);
        assert_eq!(
            next("/v2/x?page=2").as_deref(),
            Some("https://a/root/v2/x?page=2")
        );
        assert_eq!(next("https://a/v2/x").as_deref(), Some("https://a/v2/x"));
        for wrong in [
            "@evil/x",
            "//evil/x",
            "https://evil/x",
            "http://a/x",
            "https://a@evil/x",
            ".evil/x",
            ":80@evil/",
            "x",
            "/\\evil",
            "/a\u{1b}",
            "",
            "javascript:x",
        ] {
            assert_eq!(next(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_browser_opens_pages_only() {
        let used = Origin::of("http://server:8080").unwrap();
        for page in [
            "https://x/p?a=b",
            "http://127.0.0.1:1/p",
            "http://server:8080/identity/passcode",
        ] {
            assert!(is_openable(page, &used), "{page}");
        }
        for page in [
            "http://other/p",
            "file:///etc/passwd",
            "-x",
            "--help",
            "javascript:x",
            "https://x/$(id)",
            "https://x/`id`",
            "https://x/\u{1b}",
            "https://x/'",
            "https://u@x/",
            "ssh://x",
            "",
        ] {
            assert!(!is_openable(page, &used), "{page}");
        }
    }
}
