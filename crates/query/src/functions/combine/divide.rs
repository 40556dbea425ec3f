//! `divideSeries` and `divideSeriesLists`.

use super::lists::two_lists;
use crate::error::Fault;
use crate::function::{Function, FunctionCall, FunctionGroup, Kind, required};
use crate::functions::support::{changed, paired, quotient};
use crate::series::{Series, normalize};

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["divideSeries"],
        group: FunctionGroup::Combine,
        parameters: &[
            required("dividendSeriesList", Kind::SeriesList),
            required("divisorSeries", Kind::SeriesList),
        ],
        summary: "Divides each series by the one divisor. Where the divisor is zero or missing, there is no value.",
        example: "divideSeries(servers.*.errors, shop.requests)",
        is_aggregator: false,
        run: |call| {
            let dividends = call.arguments.series(0)?;
            let divisors = call.arguments.series(1)?;
            let divisor = match divisors.as_slice() {
                [] => {
                    return changed(call, dividends, |series| Ok(missing(series)));
                }
                [only] => only,
                more => {
                    let count = more.len();
                    return Err(Fault::argument(format!(
                        "`divisorSeries` must be one series, not {count}"
                    )));
                }
            };
            call.spend((divisor.name.len() / 8).saturating_mul(dividends.len()))?;
            let mut results = Vec::with_capacity(dividends.len());
            for dividend in dividends {
                results.push(divided(call, dividend, divisor.clone())?);
            }
            Ok(results.into())
        },
    },
    Function {
        names: &["divideSeriesLists"],
        group: FunctionGroup::Combine,
        parameters: &[
            required("dividendSeriesList", Kind::SeriesList),
            required("divisorSeriesList", Kind::SeriesList),
        ],
        summary: "Divides each series of one list by the one at the same place of another list.",
        example: "divideSeriesLists(shop.*.errors, shop.*.requests)",
        is_aggregator: false,
        run: |call| {
            let mut results = Vec::new();
            for (dividend, divisor) in two_lists(call)? {
                results.push(divided(call, dividend, divisor)?);
            }
            Ok(results.into())
        },
    },
];

fn missing(series: Series) -> Series {
    let name = format!("divideSeries({},MISSING)", series.name);
    series.map(|_| f64::NAN).renamed(name)
}

fn divided(
    call: &mut FunctionCall<'_>,
    dividend: Series,
    divisor: Series,
) -> Result<Series, Fault> {
    let name = format!("divideSeries({},{})", dividend.name, divisor.name);
    combined(call, dividend, divisor, name, quotient)
}

/// A series of that name that is made of two, side by side.
pub(super) fn combined(
    call: &mut FunctionCall<'_>,
    one: Series,
    other: Series,
    name: String,
    combine: impl Fn(f64, f64) -> f64,
) -> Result<Series, Fault> {
    let longest = one.values.len().max(other.values.len());
    call.spend(longest)?;
    call.reserve(longest.saturating_add(name.len() / 8 * 3))?;
    let both = normalize(vec![one, other]);
    let Some(both) = both else {
        return Err(Fault::argument("there is nothing to combine"));
    };
    let (columns, _) = both.columns();
    let values = match columns.as_slice() {
        [first, second] => paired(first, second, combine),
        _ => Vec::new(),
    };
    Ok(call.new_series(name, both.span(), values))
}
