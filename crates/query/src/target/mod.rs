//! A target as text, and what it says.

mod expression;
mod parse;
mod scan;
#[cfg(test)]
mod tests;

pub use expression::{Call, Expression, Keyword, Kind, Template};
pub use parse::parse;
