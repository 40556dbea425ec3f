//! From samples to the answer of a query.

pub mod json;
