//! Everything between a socket and a handler.

pub(crate) mod admit;
pub(crate) mod arrival;
pub(crate) mod bodies;
pub(crate) mod bound;
pub(crate) mod caller;
pub(crate) mod coding;
pub(crate) mod listener;
pub(crate) mod observe;
pub(crate) mod payload;
pub(crate) mod places;
pub(crate) mod problem;
pub(crate) mod routes;
pub(crate) mod share;
pub(crate) mod source;
pub(crate) mod tls;
pub(crate) mod unpack;
pub(crate) mod unread;
pub(crate) mod worker;
