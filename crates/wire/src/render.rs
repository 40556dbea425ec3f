//! From samples to the answer of a query.

pub mod consolidate;
mod fold;
pub mod gather;
pub mod json;
mod window;
