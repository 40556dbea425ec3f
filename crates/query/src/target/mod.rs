//! Targets: their syntax tree and their parser.

mod expression;
mod first_path;
mod parse;
mod scan;
#[cfg(test)]
mod tests;

pub use expression::{Call, Expression, Keyword, Kind, Template};
pub(crate) use first_path::first_path;
pub(crate) use parse::DEPTH_MAX;
pub use parse::parse;
