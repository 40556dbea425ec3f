//! Connections to a server: direct or through a proxy, with or without TLS. This module adds what the library lacks: trust in a
//! pinned certificate, plain HTTP through a proxy, and the refusal to dial an unspecified address.

mod forward;
mod pinned;
mod resolver;
mod tls;
mod validity;

pub(crate) use pinned::trusting;

use forward::ForwardConnector;
use resolver::OwnResolver;
use rustls::ClientConfig;
use std::sync::Arc;
use tls::TlsConnector;
use ureq::config::Config;
use ureq::unversioned::transport::{
    ConnectProxyConnector, Connector as _, RustlsConnector, TcpConnector,
};

/// An agent with these settings, which name no proxy; `tls`, if given, replaces the library's TLS.
pub(crate) fn agent(config: Config, tls: Option<Arc<ClientConfig>>) -> ureq::Agent {
    let connector = ForwardConnector::new(config.clone())
        .chain(ConnectProxyConnector::default())
        .chain(TcpConnector::default())
        .chain(TlsConnector::new(tls))
        .chain(RustlsConnector::default());
    ureq::Agent::with_parts(config, connector, OwnResolver::default())
}
