//! From samples to the answer of a query.
//!
//! [`json`] is the answer of `GET /v1/metrics`. The others are what graphite-web's `/render` offers, over series whose points
//! stand at equal distances ([`Column`]).

mod column;
pub mod csv;
pub mod dygraph;
mod indented;
pub mod json;
pub mod msgpack;
pub mod pickle;
pub mod raw;
pub mod render_json;
pub mod rickshaw;
mod sink;
#[cfg(test)]
pub(crate) mod tests;

pub use column::{Column, Infinity};
pub use indented::Indented;
pub use sink::Sink;
