//! Several series become one.

mod aggregate;

pub(super) use aggregate::FUNCTIONS as AGGREGATE;
