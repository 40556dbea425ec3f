//! Functions that sort series.

mod name;
#[cfg(test)]
mod tests;
mod value;

pub(super) use name::FUNCTIONS as NAME;
pub(super) use value::FUNCTIONS as VALUE;
pub(super) use value::sort_by_aggregate;
