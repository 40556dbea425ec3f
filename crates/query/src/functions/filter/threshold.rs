//! `filterSeries`, and the functions named after its aggregate and comparison: series whose aggregate is above or below a
//! value.

use crate::error::Fault;
use crate::function::{
    Function, FunctionCall, FunctionGroup, Kind, Outcome, Parameter, required, unknown_aggregation,
};
use crate::functions::support::{Aggregation, retained};
use crate::series::Series;

const SERIES_AND_N: &[Parameter] = &[
    required("seriesList", Kind::SeriesList),
    required("n", Kind::Float),
];

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["filterSeries"],
        group: FunctionGroup::FilterSeries,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            required("func", Kind::AggFunc),
            required("operator", Kind::String).one_of(&["!=", "<", "<=", "=", ">", ">="]),
            required("threshold", Kind::Float),
        ],
        summary: "The series whose aggregate compares to a value as an operator says. A series without values fits `<`, `<=` and `!=`.",
        example: "filterSeries(servers.*.load, 'max', '>=', 0.8)",
        is_aggregator: false,
        run: |call| {
            let name = call.arguments.text(1)?;
            let aggregation = Aggregation::named(name).ok_or_else(|| unknown_aggregation(name))?;
            let operator = call.arguments.text(2)?;
            let operator = Operator::named(operator)
                .ok_or_else(|| Fault::argument(format!("there is no operator `{operator}`")))?;
            let threshold = call.arguments.float(3)?;
            kept(call, aggregation, operator, threshold)
        },
    },
    Function::new(
        &["averageAbove"],
        FunctionGroup::FilterSeries,
        SERIES_AND_N,
        "The series whose mean is more than a value.",
        "averageAbove(servers.*.load, 0.5)",
        |call| above(call, Aggregation::Average),
    ),
    Function::new(
        &["averageBelow"],
        FunctionGroup::FilterSeries,
        SERIES_AND_N,
        "The series whose mean is a value or less, or that have no values.",
        "averageBelow(servers.*.load, 0.5)",
        |call| below(call, Aggregation::Average),
    ),
    Function::new(
        &["currentAbove"],
        FunctionGroup::FilterSeries,
        SERIES_AND_N,
        "The series whose last value is more than a value.",
        "currentAbove(servers.*.load, 0.5)",
        |call| above(call, Aggregation::Last),
    ),
    Function::new(
        &["currentBelow"],
        FunctionGroup::FilterSeries,
        SERIES_AND_N,
        "The series whose last value is a value or less, or that have no values.",
        "currentBelow(servers.*.load, 0.5)",
        |call| below(call, Aggregation::Last),
    ),
    Function::new(
        &["maximumAbove"],
        FunctionGroup::FilterSeries,
        SERIES_AND_N,
        "The series whose greatest value is more than a value.",
        "maximumAbove(servers.*.load, 0.5)",
        |call| above(call, Aggregation::Max),
    ),
    Function::new(
        &["maximumBelow"],
        FunctionGroup::FilterSeries,
        SERIES_AND_N,
        "The series whose greatest value is a value or less, or that have no values.",
        "maximumBelow(servers.*.load, 0.5)",
        |call| below(call, Aggregation::Max),
    ),
    Function::new(
        &["minimumAbove"],
        FunctionGroup::FilterSeries,
        SERIES_AND_N,
        "The series whose least value is more than a value.",
        "minimumAbove(servers.*.load, 0.5)",
        |call| above(call, Aggregation::Min),
    ),
    Function::new(
        &["minimumBelow"],
        FunctionGroup::FilterSeries,
        SERIES_AND_N,
        "The series whose least value is a value or less, or that have no values.",
        "minimumBelow(servers.*.load, 0.5)",
        |call| below(call, Aggregation::Min),
    ),
];

/// How an aggregate compares to a value.
#[derive(Debug, Clone, Copy)]
enum Operator {
    Equal,
    Unequal,
    Above,
    AtLeast,
    Below,
    AtMost,
}

impl Operator {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "=" => Self::Equal,
            "!=" => Self::Unequal,
            ">" => Self::Above,
            ">=" => Self::AtLeast,
            "<" => Self::Below,
            "<=" => Self::AtMost,
            _ => return None,
        })
    }

    /// Whether the value compares so with the threshold; NaN is no value, which is less than all.
    fn is_met(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Equal => value == threshold,
            Self::Unequal => value.is_nan() || value != threshold,
            Self::Above => value > threshold,
            Self::AtLeast => value >= threshold,
            Self::Below => value.is_nan() || value < threshold,
            Self::AtMost => value.is_nan() || value <= threshold,
        }
    }
}

fn of_points(aggregation: Aggregation, series: &Series) -> f64 {
    aggregation.of(&series.points())
}

fn above(call: &mut FunctionCall<'_>, aggregation: Aggregation) -> Outcome {
    let threshold = call.arguments.float(1)?;
    kept(call, aggregation, Operator::Above, threshold)
}

fn below(call: &mut FunctionCall<'_>, aggregation: Aggregation) -> Outcome {
    let threshold = call.arguments.float(1)?;
    kept(call, aggregation, Operator::AtMost, threshold)
}

fn kept(
    call: &mut FunctionCall<'_>,
    aggregation: Aggregation,
    operator: Operator,
    threshold: f64,
) -> Outcome {
    let series = call.arguments.series(0)?;
    let is_met = |series: &_| operator.is_met(of_points(aggregation, series), threshold);
    Ok(retained(call, series, is_met)?.into())
}
