//! What several families need.

mod aggregation;
mod names;

pub(crate) use aggregation::Aggregation;
pub(crate) use names::path_expressions;
