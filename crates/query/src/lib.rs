//! Graphite's targets: parsed, evaluated over columns, and bounded.
//!
//! It contains the grammar of targets ([`target`]), the table of functions ([`table`]) and the evaluation of a target
//! ([`evaluate::Evaluation`]) over series that a [`source::Source`] reads. An answer equals that of graphite-web 1.1.10: names,
//! tags, order, windows, nulls and steps. Accidents of graphite-web (a tail that is left unread, an option that leaks into the
//! next target) are not reproduced.
//!
//! It does no I/O, knows no tenant and no store, and renders nothing.
//!
//! A value is a number or NaN, which means that there is none.

mod bounded;
pub mod draw;
pub mod error;
pub mod evaluate;
pub mod function;
mod functions;
pub mod schema;
pub mod series;
mod similar;
pub mod source;
pub mod table;
pub mod tags;
pub mod target;
pub mod value;
pub mod window;
