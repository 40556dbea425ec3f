//! `round` and `minMax`.

use super::arithmetic::nothing;
use crate::error::Fault;
use crate::function::{Default, Function, FunctionGroup, Kind, optional, required};
use crate::functions::support::{each, round};
use base::number;

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["round"],
        group: FunctionGroup::Transform,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            optional("precision", Kind::Integer).or(Default::Integer(0)),
        ],
        summary: "Rounds each value to so many digits behind the point; a negative count rounds to tens, hundreds and so on.",
        example: "round(servers.*.load, 2)",
        is_aggregator: false,
        run: |call| {
            let precision = |call: &mut crate::function::FunctionCall<'_>| {
                let given = call.arguments.given(1).is_some();
                Ok::<_, Fault>(given.then_some(call.arguments.integer_or(1, 0)?))
            };
            each(call, precision, |precision, series| {
                let digits = precision.unwrap_or(0);
                let name = match precision {
                    Some(own_digits) => {
                        let text = number::general(*own_digits as f64);
                        format!("round({},{text})", series.name)
                    }
                    None => format!("round({})", series.name),
                };
                let rounded = series.map(|value| round(value, digits));
                Ok(rounded.renamed(name).tagged("round", digits.to_string()))
            })
        },
    },
    Function {
        names: &["minMax"],
        group: FunctionGroup::Transform,
        parameters: &[required("seriesList", Kind::SeriesList)],
        summary: "Moves and scales each series so that its least value is 0 and its greatest 1.",
        example: "minMax(servers.*.load)",
        is_aggregator: false,
        run: |call| {
            each(call, nothing, |(), series| {
                let name = format!("minMax({})", series.name);
                let least = series.present().reduce(f64::min).unwrap_or(0.0);
                let range = series.present().reduce(f64::max).unwrap_or(0.0) - least;
                let scaled = series.map(|value| {
                    if value.is_nan() {
                        value
                    } else if range == 0.0 {
                        0.0
                    } else {
                        (value - least) / range
                    }
                });
                Ok(scaled.renamed(name))
            })
        },
    },
];
