//! The proxies of the environment, and which request uses which.
//!
//! `https_proxy` is for `https` addresses, `http_proxy` for `http` addresses, `all_proxy` for both if the specific one is not
//! set. `no_proxy` exempts hosts, and loopback addresses never use a proxy. A proxy that cannot be used is an error: bypassing it
//! would send credentials over a path that the user did not choose.

mod exempt;

use crate::env::{self, Env, Variable};
use crate::error::{Failure, Kind};
use crate::origin::Origin;
use base::secret::Secret;

/// A variable's name and its value, which may hold a password.
type ProxySetting = Option<(&'static str, Secret<String>)>;

/// The settings of the environment.
#[derive(Debug, Clone)]
pub(crate) struct Proxies {
    http: ProxySetting,
    https: ProxySetting,
    all: ProxySetting,
    none: ProxySetting,
}

/// The proxy of a request, without user and password, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UsedProxy {
    /// Scheme, host and port.
    pub(crate) address: String,
    /// The variable that names it.
    pub(crate) variable: &'static str,
    /// The host that `no_proxy` would have to name.
    host: String,
}

impl UsedProxy {
    /// Its name in a sentence.
    pub(crate) fn named(&self) -> String {
        format!("the proxy `{}` (`{}`)", self.address, self.variable)
    }

    /// The hint how to bypass it.
    pub(crate) fn around(&self) -> String {
        format!(
            "check `{}`; to reach this server without a proxy: `no_proxy={}`",
            self.variable, self.host
        )
    }

    /// The failure when the proxy asks for a password.
    pub(crate) fn wants_a_password(&self) -> Failure {
        let message = format!("{} wants a user and a password", self.named());
        Failure::new(Kind::Unreachable, message).hint(format!(
            "write them into the variable, special characters as `%XX`: `{}=http://USER:PASSWORD@HOST:PORT`",
            self.variable
        ))
    }
}

impl Proxies {
    /// Reads the variables.
    pub(crate) fn of(env: &Env) -> Self {
        let found = |variable: Variable| {
            let (name, value) = env.named(variable)?;
            Some((name, Secret::new(value.trim().to_owned())))
        };
        // In a CGI program, `HTTP_PROXY` is the header `Proxy` of the client's request.
        let http = found(env::HTTP_PROXY)
            .filter(|(name, _)| *name != "HTTP_PROXY" || env.get(env::REQUEST_METHOD).is_none());
        Self {
            http,
            https: found(env::HTTPS_PROXY),
            all: found(env::ALL_PROXY),
            none: found(env::NO_PROXY),
        }
    }

    /// The proxy for an address, if there is one.
    pub(crate) fn to(&self, url: &str) -> Result<Option<(ureq::Proxy, UsedProxy)>, Failure> {
        let Ok(destination) = Origin::of(url) else {
            return Ok(None);
        };
        let of_scheme = if destination.is_https() {
            &self.https
        } else {
            &self.http
        };
        let Some((variable, value)) = of_scheme.as_ref().or(self.all.as_ref()) else {
            return Ok(None);
        };
        if destination.is_loopback() || self.is_exempt(&destination)? {
            return Ok(None);
        }
        let (proxy, address) = read(variable, value.expose())?;
        let host = destination.host().to_owned();
        let via = UsedProxy {
            address,
            variable,
            host,
        };
        Ok(Some((proxy, via)))
    }

    fn is_exempt(&self, destination: &Origin) -> Result<bool, Failure> {
        let Some((variable, list)) = &self.none else {
            return Ok(false);
        };
        exempt::names(list.expose(), destination.host(), destination.port()).map_err(|entry| {
            let entry: String = entry.chars().take(100).collect();
            Failure::usage(format!("`{variable}` cannot be read at `{entry}`")).hint(
                "it is a list of names, addresses and networks: `no_proxy=example.org,10.0.0.0/8,[::1]:8080`",
            )
        })
    }
}

/// The proxy of a variable, with its text for messages. Errors do not repeat the value, which may contain a password.
fn read(variable: &str, value: &str) -> Result<(ureq::Proxy, String), Failure> {
    let unreadable = || {
        Failure::usage(format!("`{variable}` cannot be read as the address of a proxy")).hint(
            format!("it looks like `{variable}=http://HOST:PORT`, or with a user `http://USER:PASSWORD@HOST:PORT`"),
        )
    };
    let (scheme, rest) = value.split_once("://").unwrap_or(("http", value));
    let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    if scheme.is_empty() || scheme.len() > 20 || !scheme.bytes().all(is_scheme) {
        return Err(unreadable());
    }
    let scheme = scheme.to_ascii_lowercase();
    let other = |what: &str| {
        Failure::usage(format!(
            "`{variable}` names {what}, which is not supported; nothing was sent"
        ))
        .hint("name one that speaks HTTP (`http://HOST:PORT` or `https://HOST:PORT`), or name the server in `no_proxy` to reach it directly")
    };
    if scheme.starts_with("socks") {
        return Err(other("a SOCKS proxy"));
    }
    if !matches!(scheme.as_str(), "http" | "https") {
        return Err(other(&format!("a proxy of the kind `{scheme}`")));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let place = authority
        .rsplit_once('@')
        .map_or(authority, |(_, place)| place);
    let origin = Origin::of(&format!("{scheme}://{place}")).map_err(|_| unreadable())?;
    let proxy = ureq::Proxy::new(&format!("{scheme}://{authority}")).map_err(|_| unreadable())?;
    Ok((proxy, origin.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn via(pairs: &[(&'static str, &str)], url: &str) -> Option<&'static str> {
        let proxies = Proxies::of(&Env::of(pairs));
        proxies.to(url).unwrap().map(|(_, via)| via.variable)
    }

    #[test]
    fn each_address_has_its_variable() {
        let all = [
            ("http_proxy", "a"),
            ("https_proxy", "b"),
            ("all_proxy", "c"),
        ];
        assert_eq!(via(&all, "http://x"), Some("http_proxy"));
        assert_eq!(via(&all, "https://x"), Some("https_proxy"));
        assert_eq!(via(&[("https_proxy", "b")], "http://x"), None);
        assert_eq!(via(&[("http_proxy", "b")], "https://x"), None);
        assert_eq!(via(&[("ALL_PROXY", "b")], "https://x"), Some("ALL_PROXY"));
        assert_eq!(
            via(&[("HTTP_PROXY", "a"), ("http_proxy", "b")], "http://x"),
            Some("http_proxy")
        );
        for here in ["http://localhost:1", "http://127.0.0.9", "http://[::1]"] {
            assert_eq!(via(&all, here), None, "{here}");
        }
        let cgi = [("HTTP_PROXY", "a"), ("REQUEST_METHOD", "GET")];
        assert_eq!(via(&cgi, "http://x"), None);
        assert_eq!(
            via(&[("all_proxy", "a"), ("NO_PROXY", "x")], "http://x"),
            None
        );
    }

    #[test]
    fn a_proxy_is_shown_without_its_password() {
        for (value, expected) in [
            ("proxy:3128", "http://proxy:3128"),
            ("http://u:s3cret@proxy:3128/", "http://proxy:3128"),
            ("HTTPS://proxy", "https://proxy"),
            ("u:s3cret@proxy", "http://proxy"),
            ("http://[::1]:3128", "http://[::1]:3128"),
        ] {
            let (proxy, address) = read("all_proxy", value).unwrap();
            assert_eq!(address, expected);
            assert_eq!(proxy.password().is_some(), value.contains("s3cret"));
        }
        for value in [
            "",
            "://x",
            "s3cret://u@h",
            "socks5://s3cret@h",
            "http://u:s3cret@",
            "http://h:s3cret",
            "http:// s3cret",
        ] {
            let error = format!("{:?}", read("all_proxy", value).unwrap_err());
            assert!(
                !error.contains("s3cret@") && !error.contains(":s3cret"),
                "{error}"
            );
        }
    }
}
