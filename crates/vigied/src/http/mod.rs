//! Everything between a socket and a handler.

pub(crate) mod caller;
pub(crate) mod guesses;
pub(crate) mod listener;
pub(crate) mod observe;
pub(crate) mod payload;
pub(crate) mod problem;
mod rivals;
pub(crate) mod routes;
pub(crate) mod source;
pub(crate) mod tls;
pub(crate) mod unread;
pub(crate) mod worker;
