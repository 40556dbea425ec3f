//! From samples to the answer of a query.

pub mod consolidate;
pub mod gather;
pub mod json;
