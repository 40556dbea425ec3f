//! Every byte that crosses a socket, in and out.
//!
//! What it is for: the wire formats of the monitoring, identity and Cloud Foundry interfaces, as decoders, encoders,
//! parsers and plain data types that the server and the command line share, and the OpenAPI documents made of them.
//!
//! What it is not: it opens no socket, reads no file and no clock, and decides nothing. Every function is total: any
//! bytes give a value or an error that says what is wrong and where, never a panic.

pub mod arrivals;
pub mod auth_line;
pub mod cf;
pub mod code;
pub mod credential;
mod decimal;
pub mod event;
pub mod find;
pub mod first_line;
pub mod home;
pub mod iam;
pub mod import;
pub mod influx;
pub mod ingest;
pub mod openapi;
pub mod password;
pub mod problem;
pub mod query;
pub mod receipt;
pub mod render;
pub mod scope_id;
pub mod secret;
pub mod settings;
pub mod target;
pub mod token_scheme;

pub use base::excerpt;

#[cfg(test)]
mod malformed;
