//! The definition of a function: its names, its parameters, and its code.

mod arguments;
mod call;
mod definition;
mod evaluator;
mod parameter;

pub use arguments::Arguments;
pub use call::FunctionCall;
pub use definition::{Function, FunctionGroup, Outcome};
pub use evaluator::Evaluator;
pub use parameter::{AGGREGATIONS, Default, Kind, Parameter, optional, required};
pub(crate) use parameter::{SERIES, unknown_aggregation};
