//! Everything between a socket and a handler.

pub(crate) mod caller;
pub(crate) mod listener;
pub(crate) mod observe;
pub(crate) mod payload;
pub(crate) mod problem;
pub(crate) mod routes;
pub(crate) mod source;
pub(crate) mod tls;
pub(crate) mod tries;
pub(crate) mod unread;
pub(crate) mod worker;
