//! Requests and answers, and what is shared out among them: forms, errors, bodies, places. Knows no service and no socket.

pub(crate) mod accepted;
pub(crate) mod bodies;
pub(crate) mod coding;
pub(crate) mod error_forms;
pub(crate) mod faults;
pub(crate) mod form;
pub(crate) mod graphite_prefix;
pub(crate) mod guesses;
pub(crate) mod header;
pub(crate) mod host;
pub(crate) mod limit_exceeded;
mod never_fits;
pub(crate) mod no_form;
pub(crate) mod no_json;
pub(crate) mod own_address;
pub(crate) mod own_origin;
pub(crate) mod places;
pub(crate) mod problem;
pub(crate) mod share;
pub(crate) mod source;
pub(crate) mod unpack;
pub(crate) mod unread;
pub(crate) mod worker;
