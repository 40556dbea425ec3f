//! The functions, a folder for each family.

mod combine;
pub(crate) mod support;
mod transform;

use crate::function::Function;

/// Every family's functions.
pub(crate) const FAMILIES: &[&[Function]] = &[combine::AGGREGATE, transform::ARITHMETIC];
