//! Functions that rename series.

mod legend;
mod name;
mod nodes;
mod substitute;
#[cfg(test)]
mod tests;

pub(super) use legend::FUNCTIONS as LEGEND;
pub(super) use name::FUNCTIONS as NAME;
pub(super) use nodes::FUNCTIONS as NODES;
pub(super) use substitute::FUNCTIONS as SUBSTITUTE;
