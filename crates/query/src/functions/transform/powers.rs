//! Powers, roots, logarithms and functions made of them. A value without a result becomes a missing one.

use super::arithmetic::{constant, nothing};
use crate::error::Fault;
use crate::function::{
    Default, Function, FunctionCall, FunctionGroup, Kind, Outcome, SERIES, optional, required,
};
use crate::functions::support::{copied, each};
use base::number;

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function::new(
        &["absolute"],
        FunctionGroup::Transform,
        SERIES,
        "The absolute value of each value.",
        "absolute(servers.*.drift)",
        |call| plainly(call, "absolute", "1", f64::abs),
    ),
    Function::new(
        &["invert"],
        FunctionGroup::Transform,
        SERIES,
        "One divided by each value.",
        "invert(servers.*.period)",
        |call| plainly(call, "invert", "1", |value| power(value, -1.0)),
    ),
    Function::new(
        &["squareRoot"],
        FunctionGroup::Transform,
        SERIES,
        "The square root of each value.",
        "squareRoot(servers.*.variance)",
        |call| plainly(call, "squareRoot", "1", |value| power(value, 0.5)),
    ),
    Function::new(
        &["exp"],
        FunctionGroup::Transform,
        SERIES,
        "e to the power of each value.",
        "exp(servers.*.log_size)",
        |call| plainly(call, "exp", "e", |value| finite(value.exp(), value)),
    ),
    Function::new(
        &["sigmoid"],
        FunctionGroup::Transform,
        SERIES,
        "1 / (1 + e^-x) of each value x: a number between 0 and 1.",
        "sigmoid(servers.*.score)",
        |call| {
            plainly(call, "sigmoid", "sigmoid", |value| {
                1.0 / (1.0 + (-value).exp())
            })
        },
    ),
    Function::new(
        &["logit"],
        FunctionGroup::Transform,
        SERIES,
        "ln(x / (1 - x)) of each value x between 0 and 1.",
        "logit(servers.*.share)",
        |call| plainly(call, "logit", "logit", logit),
    ),
    Function {
        names: &["pow"],
        group: FunctionGroup::Transform,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            required("factor", Kind::Float),
        ],
        summary: "Each value to the power of a constant.",
        example: "pow(servers.*.load, 2)",
        is_aggregator: false,
        run: |call| {
            each(call, constant, |(exponent, tag), series| {
                let name = format!("pow({},{})", series.name, number::general(*exponent));
                let raised = series.map(|value| power(value, *exponent));
                Ok(raised.renamed(name).tagged("pow", tag))
            })
        },
    },
    Function {
        names: &["log"],
        group: FunctionGroup::Transform,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            optional("base", Kind::Integer).or(Default::Integer(10)),
        ],
        summary: "The logarithm of each value to a base; values of zero and below become none.",
        example: "log(servers.*.bytes, 2)",
        is_aggregator: false,
        run: |call| {
            each(call, base, |(base, tag), series| {
                let name = format!("log({}, {tag})", series.name);
                let is_base = *base > 0.0 && *base != 1.0;
                if !is_base && series.present().any(|value| value > 0.0) {
                    return Err(Fault::argument(format!(
                        "`{tag}` is not a base of logarithms"
                    )));
                }
                let divisor = base.ln();
                let logarithm = |value: f64| {
                    if value > 0.0 {
                        value.ln() / divisor
                    } else {
                        f64::NAN
                    }
                };
                let values = series.points().iter().copied().map(logarithm).collect();
                Ok(copied(series.tagged("log", tag), name, values))
            })
        },
    },
];

/// Changes each value, and says in a tag that it was done.
fn plainly(
    call: &mut FunctionCall<'_>,
    name: &'static str,
    tag: &'static str,
    change: impl Fn(f64) -> f64,
) -> Outcome {
    each(call, nothing, |(), series| {
        let title = format!("{name}({})", series.name);
        Ok(series.map(&change).renamed(title).tagged(name, tag))
    })
}

fn base(call: &mut FunctionCall<'_>) -> Result<(f64, String), Fault> {
    match call.arguments.given(1) {
        None => Ok((10.0, "10".to_owned())),
        Some(_) => constant(call),
    }
}

#[inline]
fn power(value: f64, exponent: f64) -> f64 {
    if value.is_nan() {
        return value;
    }
    let raised = value.powf(exponent);
    if exponent.is_finite() {
        finite(raised, value)
    } else {
        raised
    }
}

/// A result that overflows to infinity, though its argument is finite, is no value.
#[inline]
fn finite(result: f64, origin: f64) -> f64 {
    if result.is_infinite() && origin.is_finite() {
        f64::NAN
    } else {
        result
    }
}

fn logit(value: f64) -> f64 {
    let odds = value / (1.0 - value);
    if odds > 0.0 && value != 1.0 {
        odds.ln()
    } else {
        f64::NAN
    }
}
