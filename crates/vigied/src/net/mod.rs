//! Between a socket and the routes: which connections are accepted, how long a connection lives, and what goes over it.

pub(crate) mod active_sources;
mod answer;
pub(crate) mod client_watch;
pub(crate) mod connection;
pub(crate) mod connection_slots;
pub(crate) mod connection_state;
pub(crate) mod descriptors;
pub(crate) mod forwarded;
pub(crate) mod hsts;
pub(crate) mod listener;
pub(crate) mod malformed_request;
pub(crate) mod path_normalization;
pub(crate) mod peer;
mod piece_size;
pub(crate) mod proxies;
pub(crate) mod proxy_protocol;
pub(crate) mod remaining_body;
pub(crate) mod request_body;
pub(crate) mod service;
pub(crate) mod shared;
pub(crate) mod socket;
pub(crate) mod source_schedule;
pub(crate) mod times;
pub(crate) mod tls;
pub(crate) mod watched_socket;
