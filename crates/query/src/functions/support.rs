//! What several families need.

mod aggregation;
mod format;
mod names;
mod node;
mod pattern;
mod quantile;
mod replacement;
mod rows;
#[cfg(test)]
mod sample;
mod substitution;
mod units;

pub(crate) use aggregation::Aggregation;
pub(crate) use format::formatted;
pub(crate) use names::path_expressions;
pub(crate) use node::{at, before, grouped, key};
pub(crate) use pattern::Pattern;
pub(crate) use quantile::quantile;
pub(crate) use rows::{paired, quotient};
#[cfg(test)]
pub(crate) use sample::{answer, names};
pub(crate) use substitution::Substitution;
pub(crate) use units::scaled;
