//! An entry of the table of functions.

use super::call::FunctionCall;
use super::parameter::Parameter;
use crate::error::Fault;
use crate::value::Value;

/// The result of a function.
pub type Outcome = Result<Value, Fault>;

/// The group that a function is listed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FunctionGroup {
    /// Names.
    Alias,
    /// Values out of several points.
    Calculate,
    /// Several series into one.
    Combine,
    /// Series that fit.
    FilterData,
    /// Series by their names.
    FilterSeries,
    /// How a picture shows them.
    Graph,
    /// Functions that fit in no other group.
    Special,
    /// Their order.
    Sorting,
    /// Each value into another.
    Transform,
    /// Without an input of series.
    Unknown,
}

impl FunctionGroup {
    /// As `/functions` shows it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alias => "Alias",
            Self::Calculate => "Calculate",
            Self::Combine => "Combine",
            Self::FilterData => "Filter Data",
            Self::FilterSeries => "Filter Series",
            Self::Graph => "Graph",
            Self::Special => "Special",
            Self::Sorting => "Sorting",
            Self::Transform => "Transform",
            Self::Unknown => "Unknown",
        }
    }
}

/// A function of targets: the one place that the parser of arguments, errors, `/functions` and the reference read.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// The names it is called by; the first is the usual one.
    pub names: &'static [&'static str],
    /// Its group.
    pub group: FunctionGroup,
    /// Its parameters, in order.
    pub parameters: &'static [Parameter],
    /// A sentence or two for the reference.
    pub summary: &'static str,
    /// A target that uses it.
    pub example: &'static str,
    /// Whether other functions take its name for one that makes one series out of many.
    pub is_aggregator: bool,
    /// The implementation.
    pub run: fn(&mut FunctionCall<'_>) -> Outcome,
}

impl Function {
    /// One that does not take the place of an aggregation.
    pub(crate) const fn new(
        names: &'static [&'static str],
        group: FunctionGroup,
        parameters: &'static [Parameter],
        summary: &'static str,
        example: &'static str,
        run: fn(&mut FunctionCall<'_>) -> Outcome,
    ) -> Self {
        Self {
            names,
            group,
            parameters,
            summary,
            example,
            is_aggregator: false,
            run,
        }
    }

    /// One that does.
    pub(crate) const fn aggregator(self) -> Self {
        Self {
            is_aggregator: true,
            ..self
        }
    }
}
