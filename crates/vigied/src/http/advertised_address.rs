//! The address under which the server speaks of itself: in its description, in `/v2/info`, in the list of regions, on its page.
//!
//! One decision in one place, from the settings, the address that was taken and the request's own `Host`. What a request says
//! of itself is repeated to nobody but its sender: tokens, mails and everything that is kept use [`AdvertisedAddress::fixed`].

use crate::config::{Host, PublicHost, Settings};
use axum::response::Response;
use http::{HeaderValue, header};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The operator's address, and the one in use.
#[derive(Debug, Clone)]
pub(crate) struct AdvertisedAddress {
    /// Whether this process itself speaks TLS.
    is_https: bool,
    bound: SocketAddr,
    /// As it was set, without a slash at its end.
    public_url: Option<(String, PublicHost)>,
    hosts: Vec<PublicHost>,
}

/// The server's address as one caller gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UrlForCaller {
    pub(crate) url: String,
    /// Whether another caller may get another: then no cache may keep the answer.
    pub(crate) by_host: bool,
}

impl AdvertisedAddress {
    /// By the settings, and the address that was really taken.
    pub(crate) fn new(settings: &Settings, bound: SocketAddr) -> Self {
        Self {
            is_https: settings.tls().is_some(),
            bound,
            public_url: settings
                .public_url
                .as_ref()
                .and_then(|url| Some((url.clone(), PublicHost::origin(url)?))),
            hosts: settings.public_hosts.0.clone(),
        }
    }

    /// The one that no request changes. Never the wildcard address of a machine.
    pub(crate) fn fixed(&self) -> String {
        match (&self.public_url, self.hosts.first()) {
            (Some((url, _)), _) => url.clone(),
            (None, Some(host)) if self.is_everywhere() => {
                host.own_origin(self.is_https, self.bound.port())
            }
            _ => self.listened(),
        }
    }

    /// Whether nobody said what the server is called, and what it listens on does not, either.
    pub(crate) fn is_unknown(&self) -> bool {
        self.public_url.is_none() && self.hosts.is_empty() && self.is_everywhere()
    }

    /// The server's origin for a caller that asked for `host`: the origin they asked for, if the operator has named it; else the
    /// fixed one; without a fixed one, the origin they asked for, if that is a plain host.
    pub(crate) fn for_host(&self, host: Option<&str>) -> UrlForCaller {
        let asked = host.and_then(Host::read);
        let by_host = !self.hosts.is_empty() || self.is_unknown();
        let url = asked.and_then(|asked| match &self.public_url {
            Some((url, fixed)) if self.matches(fixed, &asked).is_some() => Some(url.clone()),
            _ if self.is_unknown() => Some(asked.origin(self.is_https).to_string()),
            _ => self
                .hosts
                .iter()
                .find_map(|host| self.matches(host, &asked)),
        });
        UrlForCaller {
            url: url.unwrap_or_else(|| self.fixed()),
            by_host,
        }
    }

    fn matches(&self, public_host: &PublicHost, asked: &Host) -> Option<String> {
        let public = self.public_url.as_ref();
        let otherwise = public.map_or(self.is_https, |(_, url)| url.is_https(self.is_https));
        public_host.origin_of(asked, otherwise, self.bound.port())
    }

    fn is_everywhere(&self) -> bool {
        self.bound.ip().to_canonical().is_unspecified()
    }

    /// The address that was taken; for all addresses this machine's own name for itself.
    fn listened(&self) -> String {
        let ip = match self.bound.ip() {
            ip if !self.is_everywhere() => ip,
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        let scheme = if self.is_https { "https" } else { "http" };
        format!("{scheme}://{}", SocketAddr::new(ip, self.bound.port()))
    }
}

impl UrlForCaller {
    /// Marks an answer that holds the address, where it is for this caller alone.
    pub(crate) fn mark(&self, mut response: Response) -> Response {
        if self.by_host {
            response
                .headers_mut()
                .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::PublicHosts;
    use proptest::prelude::*;

    fn advertised(listen: &str, public_url: &str, hosts: &str) -> AdvertisedAddress {
        AdvertisedAddress {
            is_https: false,
            bound: listen.parse().unwrap(),
            public_url: PublicHost::origin(public_url).map(|host| (public_url.to_owned(), host)),
            hosts: hosts.parse::<PublicHosts>().unwrap().0,
        }
    }

    #[test]
    fn the_origin_asked_for_where_it_is_known_else_the_fixed_one() {
        let everywhere = "0.0.0.0:8080";
        for (listen, public_url, hosts, host, called) in [
            (everywhere, "", "", Some("a:8080"), "http://a:8080"),
            (
                everywhere,
                "",
                "",
                Some("0.0.0.0:8080"),
                "http://127.0.0.1:8080",
            ),
            (everywhere, "", "", None, "http://127.0.0.1:8080"),
            ("[::]:8080", "", "", Some("u@h"), "http://[::1]:8080"),
            ("[::ffff:0.0.0.0]:80", "", "", None, "http://[::1]:80"),
            ("192.0.2.1:8080", "", "", Some("a"), "http://192.0.2.1:8080"),
            (everywhere, "https://a", "", Some("b"), "https://a"),
            (everywhere, "https://a", "", Some("A:443"), "https://a"),
            (everywhere, "https://a", "b", Some("b"), "https://b"),
            (
                everywhere,
                "https://a",
                "b",
                Some("b:8080"),
                "https://b:8080",
            ),
            (everywhere, "https://a", "http://a", Some("a"), "https://a"),
            (
                everywhere,
                "https://a",
                "http://a",
                Some("a:80"),
                "http://a",
            ),
            (everywhere, "", "b, c:1", Some("c:1"), "http://c:1"),
            (everywhere, "", "b, c:1", Some("d"), "http://b:8080"),
            (everywhere, "", "https://b", Some("0"), "https://b"),
            (
                "127.0.0.1:8080",
                "",
                "b",
                Some("d"),
                "http://127.0.0.1:8080",
            ),
            ("127.0.0.1:8080", "", "b", Some("b"), "http://b"),
        ] {
            let address = advertised(listen, public_url, hosts);
            assert_eq!(
                address.for_host(host).url,
                called,
                "{listen} {public_url} {hosts} {host:?}"
            );
        }
    }

    proptest! {
        /// Whatever a request says of itself, the answer is what the operator named, what was taken, or a plain host where
        /// nobody named any; and then no cache has it. What is fixed stays so.
        #[test]
        fn an_answer_is_one_of_few(
            host in "[\\[\\]a-z0-9:._@-]{0,30}|\\PC{0,20}",
            public_url in prop::sample::select(vec!["", "https://a", "http://a:81"]),
            hosts in prop::sample::select(vec!["", "b", "b:1, https://c"]),
            listen in prop::sample::select(vec!["0.0.0.0:80", "[::]:8080", "127.0.0.1:8080"]),
        ) {
            let address = advertised(listen, public_url, hosts);
            let called = address.for_host(Some(&host));
            let known = ["https://a", "http://a:81", "http://127.0.0.1", "http://[::1]:8080", "http://127.0.0.1:8080"];
            let of_hosts = ["http://b", "https://b", "http://b:1", "http://b:8080", "https://b:8080", "https://c", "https://b:80"];
            let is_one = called.url == address.fixed()
                || known.contains(&called.url.as_str())
                || (!hosts.is_empty() && of_hosts.contains(&called.url.as_str()));
            let is_echo = Host::read(&host).is_some_and(|host| host.origin(false).to_string() == called.url);
            prop_assert!(is_one || (is_echo && address.is_unknown() && called.by_host), "{:?}", called);
            prop_assert!(!called.url.contains("0.0.0.0") && !called.url.contains("[::]"), "{:?}", called);
            prop_assert_eq!(address.for_host(None).url, address.fixed());
        }
    }
}
