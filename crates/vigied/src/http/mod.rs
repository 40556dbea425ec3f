//! Requests and answers, and what is shared out among them: forms, errors, bodies, slots. Knows no service and no socket.

pub(crate) mod accept_encoding;
pub(crate) mod advertised_address;
pub(crate) mod bodies;
pub(crate) mod bytes_in_two;
pub(crate) mod coding;
pub(crate) mod error_form;
pub(crate) mod error_form_by_path;
pub(crate) mod fair_share;
pub(crate) mod fault_log;
pub(crate) mod graphite_prefix;
pub(crate) mod guesses;
pub(crate) mod header;
pub(crate) mod host;
pub(crate) mod invalid;
pub(crate) mod json_objects;
pub(crate) mod limit_exceeded;
mod never_fits;
pub(crate) mod not_a_form;
pub(crate) mod not_json;
pub(crate) mod problem;
pub(crate) mod request_slots;
pub(crate) mod request_turns;
pub(crate) mod same_origin;
pub(crate) mod source;
pub(crate) mod unpack;
pub(crate) mod unread_body;
pub(crate) mod worker;
