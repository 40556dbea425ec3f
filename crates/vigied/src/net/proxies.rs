//! The trusted proxies in front of the server, and the clients they name.

use super::forwarded::{self, Hop};
use super::peer::Peer;
use crate::config::{Networks, ProxyHeader, Settings};
use base::source::{Source, SourceKey};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::net::IpAddr;

const FORWARDED: HeaderName = http::header::FORWARDED;
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Which proxies to trust, and which header names the client.
#[derive(Debug, Clone)]
pub(crate) struct Proxies {
    trusted: Networks,
    header: ProxyHeader,
    protocol: bool,
}

impl Proxies {
    /// As the settings say.
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            trusted: settings.trusted_proxies.clone(),
            header: settings.proxy_header,
            protocol: settings.proxy_protocol,
        }
    }

    /// Whether connections begin with a PROXY header.
    pub(super) const fn use_proxy_protocol(&self) -> bool {
        self.protocol
    }

    /// Whether this is a trusted proxy.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.contains(address)
    }

    /// The source that a connection's slot counts for; `None` for a trusted proxy, which has no per-source limit.
    pub(super) fn key(&self, peer: IpAddr) -> Option<SourceKey> {
        (!self.trusts(peer)).then(|| SourceKey::of(peer))
    }

    /// The source of what names no client in a request, as a sender that speaks no HTTP: the peer, or whom its PROXY header
    /// names, which is never limited if it is trusted.
    pub(crate) fn peer(&self, peer: IpAddr) -> Source {
        if self.trusts(peer) {
            Source::proxy(peer)
        } else {
            Source::client(peer)
        }
    }

    /// The source of a request: the peer, or behind a trusted proxy the last address in the header that is not a trusted proxy.
    pub(super) fn source(&self, peer: Peer, headers: &HeaderMap) -> Source {
        let (peer, may_name_clients) = (peer.address(), peer.may_name_clients());
        if !self.trusts(peer) {
            return Source::client(peer);
        }
        if !may_name_clients {
            return Source::proxy(peer);
        }
        let lines = |name| headers.get_all(name).iter().map(HeaderValue::as_bytes);
        let forwarded = || {
            let is_there = headers.contains_key(FORWARDED);
            is_there.then(|| self.last(forwarded::forwarded(lines(FORWARDED))))
        };
        let x_forwarded_for = || {
            let is_there = headers.contains_key(X_FORWARDED_FOR);
            is_there.then(|| self.last(forwarded::x_forwarded_for(lines(X_FORWARDED_FOR))))
        };
        let hop = match self.header {
            ProxyHeader::Forwarded => forwarded(),
            ProxyHeader::XForwardedFor => x_forwarded_for(),
            ProxyHeader::Any => match (forwarded(), x_forwarded_for()) {
                // Most proxies write one of the two and forward the client's own value of the other. If the two disagree,
                // there is no way to tell which one the proxy wrote.
                (Some(one), Some(other)) if one != other => Some(Hop::Garbage),
                (one, other) => one.or(other),
            },
        };
        match hop {
            Some(Hop::Address(address)) => Source::client(address),
            // Unreadable or contradictory headers all count as one source with the proxy's address: sending them gains nothing,
            // and no other client counts there.
            Some(Hop::Garbage) => Source::client(peer),
            Some(Hop::Hidden) | None => Source::proxy(peer),
        }
    }

    /// The last hop that is not a trusted proxy.
    fn last(&self, hops: impl Iterator<Item = Hop>) -> Hop {
        let is_proxy = |hop: &Hop| matches!(hop, Hop::Address(address) if self.trusts(*address));
        let mut hops = hops.skip_while(is_proxy);
        hops.next().unwrap_or(Hop::Hidden)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(header: ProxyHeader) -> Proxies {
        Proxies {
            trusted: "10.0.0.0/8, 2001:db8:a::/48".parse().unwrap(),
            header,
            protocol: false,
        }
    }

    fn source(header: ProxyHeader, peer: &str, lines: &[(&str, &str)]) -> Source {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        let peer = Peer::at(peer.parse().unwrap());
        proxies(header).source(peer, &headers)
    }

    const fn both(
        forwarded: &'static str,
        x_forwarded_for: &'static str,
    ) -> [(&'static str, &'static str); 2] {
        [
            ("forwarded", forwarded),
            ("x-forwarded-for", x_forwarded_for),
        ]
    }

    fn client(text: &str) -> Source {
        Source::client(text.parse().unwrap())
    }

    fn proxy(text: &str) -> Source {
        Source::proxy(text.parse().unwrap())
    }

    #[test]
    fn nobody_but_a_trusted_proxy_is_believed() {
        let lines = both("for=192.0.2.1", "192.0.2.1");
        for (peer, is) in [
            ("11.0.0.1", "11.0.0.1"),
            ("10.0.0.1", "192.0.2.1"),
            ("::ffff:10.0.0.1", "192.0.2.1"),
            ("2001:db8:a::1", "192.0.2.1"),
        ] {
            assert_eq!(source(ProxyHeader::Any, peer, &lines), client(is), "{peer}");
        }
    }

    /// It would be believed from whoever connects to such a proxy.
    #[test]
    fn nobody_is_named_in_requests_of_whom_the_proxy_header_does_not_name() {
        let mut headers = HeaderMap::new();
        headers.append(X_FORWARDED_FOR, HeaderValue::from_static("192.0.2.1"));
        headers.append(FORWARDED, HeaderValue::from_static("for=192.0.2.1"));
        let address = "10.0.0.1".parse().unwrap();
        for (peer, is) in [
            (Peer::at(address), client("192.0.2.1")),
            (Peer::unnamed(address), proxy("10.0.0.1")),
        ] {
            assert_eq!(proxies(ProxyHeader::Any).source(peer, &headers), is);
        }
    }

    #[test]
    fn it_is_the_last_address_that_is_no_proxys() {
        for (value, is) in [
            ("9.9.9.9, 192.0.2.1", client("192.0.2.1")),
            (
                "9.9.9.9, 192.0.2.1, 10.0.0.2, 2001:db8:a::2",
                client("192.0.2.1"),
            ),
            ("9.9.9.9, unknown, 10.0.0.2", proxy("10.0.0.1")),
            ("9.9.9.9, garbage, 10.0.0.2", client("10.0.0.1")),
            ("10.0.0.3, 10.0.0.2", proxy("10.0.0.1")),
            ("garbage, 192.0.2.1", client("192.0.2.1")),
        ] {
            assert_eq!(
                source(ProxyHeader::Any, "10.0.0.1", &[("x-forwarded-for", value)]),
                is,
                "{value}"
            );
        }
        let two = [
            ("forwarded", "for=9.9.9.9"),
            ("forwarded", "for=192.0.2.1;proto=https, for=10.0.0.2"),
        ];
        assert_eq!(
            source(ProxyHeader::Any, "10.0.0.1", &two),
            client("192.0.2.1")
        );
        assert_eq!(source(ProxyHeader::Any, "10.0.0.1", &[]), proxy("10.0.0.1"));
    }

    #[test]
    fn two_headers_that_contradict_each_other_give_nobody_a_name() {
        let (one, hidden) = ("for=9.9.9.9", "for=\"unknown\"");
        for (header, forwarded, is) in [
            (ProxyHeader::Any, one, "10.0.0.1"),
            (ProxyHeader::Forwarded, one, "9.9.9.9"),
            (ProxyHeader::XForwardedFor, one, "192.0.2.1"),
            (ProxyHeader::Any, hidden, "10.0.0.1"),
        ] {
            let lines = both(forwarded, "192.0.2.1");
            let found = source(header, "10.0.0.1", &lines);
            assert_eq!(found, client(is), "{header:?} {forwarded}");
        }
    }

    #[test]
    fn a_proxys_connections_do_not_count() {
        let proxies = proxies(ProxyHeader::Any);
        assert_eq!(proxies.key("10.0.0.1".parse().unwrap()), None);
        let stranger = "192.0.2.1".parse().unwrap();
        assert_eq!(proxies.key(stranger), Some(SourceKey::of(stranger)));
    }
}
