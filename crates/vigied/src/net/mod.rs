//! Between a socket and the routes: who is let in, how long a connection lives, and what goes over it.

pub(crate) mod answer;
pub(crate) mod connection;
pub(crate) mod connection_places;
pub(crate) mod descriptors;
pub(crate) mod entrance;
pub(crate) mod followed;
pub(crate) mod forwarded;
pub(crate) mod hsts;
pub(crate) mod left;
pub(crate) mod line;
pub(crate) mod listener;
pub(crate) mod peer;
pub(crate) mod proxies;
pub(crate) mod proxy_protocol;
pub(crate) mod shared;
pub(crate) mod socket;
pub(crate) mod tidy;
pub(crate) mod times;
pub(crate) mod tls;
pub(crate) mod unparsed;
pub(crate) mod watched;
