//! Everything between a socket and a handler.

mod answer;
pub(crate) mod caller;
mod connection;
pub(crate) mod descriptors;
mod entrance;
mod forwarded;
mod host;
pub(crate) mod hsts;
pub(crate) mod line;
pub(crate) mod listener;
pub(crate) mod observe;
pub(crate) mod payload;
mod peer;
mod places;
pub(crate) mod problem;
pub(crate) mod proxies;
mod proxy_protocol;
pub(crate) mod routes;
pub(crate) mod source;
mod tidy;
pub(crate) mod tls;
pub(crate) mod unread;
mod watched;
pub(crate) mod worker;
