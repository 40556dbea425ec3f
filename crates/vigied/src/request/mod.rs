//! Between the routes and a handler: the guard, the body within its bound, and what a handler takes as arguments.

pub(crate) mod arrival;
mod body_buffer;
pub(crate) mod body_limit;
pub(crate) mod caller;
pub(crate) mod caller_audit;
pub(crate) mod connection;
pub(crate) mod cors;
mod cross_site;
pub(crate) mod destination;
mod empty_body;
pub(crate) mod form_body;
mod guard;
pub(crate) mod if_match;
mod key_as_token;
mod known_query;
pub(crate) mod observe;
pub(crate) mod params;
pub(crate) mod payload;
pub(crate) mod presented_credential;
pub(crate) mod receive;
pub(crate) mod request_access;
pub(crate) mod role_refusal;
pub(crate) mod routes;
pub(crate) mod two_credentials;
pub(crate) mod url_for_caller;
pub(crate) mod versioned_body;
