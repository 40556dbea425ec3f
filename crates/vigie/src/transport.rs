//! How bytes reach a server: directly or through a proxy, with TLS or without. What the library does is used as it is; here is
//! what it does not do: trust a certificate that was named itself, speak to a proxy as plain HTTP asks for, and know that the
//! address that stands for all of a machine's is none to dial.

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

/// An agent by these settings, which name no proxy; with `tls` in the place of the library's own, where there is one.
pub(crate) fn agent(config: Config, tls: Option<Arc<ClientConfig>>) -> ureq::Agent {
    let connector = ForwardConnector::new(config.clone())
        .chain(ConnectProxyConnector::default())
        .chain(TcpConnector::default())
        .chain(TlsConnector::new(tls))
        .chain(RustlsConnector::default());
    ureq::Agent::with_parts(config, connector, OwnResolver::default())
}
