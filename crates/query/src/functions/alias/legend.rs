//! `legendValue` and `cactiStyle`: values in the names of series.

use crate::error::Fault;
use crate::function::{Function, FunctionGroup, Kind, optional, required};
use crate::functions::support::{Aggregation, scaled};
use crate::series::Series;
use crate::value::Value;
use base::number;

/// Arguments of `legendValue`: aggregations, also under the names of functions, and unit systems.
const VALUES: &[&str] = &[
    "average",
    "averageSeries",
    "avg",
    "avgSeries",
    "avg_zero",
    "avg_zeroSeries",
    "binary",
    "count",
    "countSeries",
    "current",
    "currentSeries",
    "diff",
    "diffSeries",
    "last",
    "lastSeries",
    "max",
    "maxSeries",
    "median",
    "medianSeries",
    "min",
    "minSeries",
    "multiply",
    "multiplySeries",
    "range",
    "rangeOf",
    "rangeOfSeries",
    "rangeSeries",
    "si",
    "stddev",
    "stddevSeries",
    "sum",
    "sumSeries",
    "total",
    "totalSeries",
];

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["legendValue"],
        group: FunctionGroup::Alias,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            optional("valuesTypes", Kind::String)
                .multiple()
                .one_of(VALUES),
        ],
        summary: "Adds aggregates of the series to its name, in units of `si` or `binary` where that is the last argument.",
        example: "legendValue(servers.*.disk.used, 'max', 'last', 'binary')",
        is_aggregator: false,
        run: |call| {
            // Of several, `none` is one too.
            let kinds = match call.arguments.len() {
                ..=2 => call
                    .arguments
                    .given(1)
                    .into_iter()
                    .map(Value::to_text)
                    .collect(),
                all => (1..all)
                    .map(|index| call.arguments.given(index))
                    .map(option_text)
                    .collect(),
            };
            let mut kinds: Vec<String> = kinds;
            let system = match kinds.last().map(String::as_str) {
                None => return Err(Fault::argument("`valuesTypes` is missing: an aggregation")),
                Some("si" | "binary") => kinds.pop(),
                Some(_) => None,
            };
            let mut series = call.arguments.series(0)?;
            for series in &mut series {
                call.reserve(series.weight())?;
                for kind in &kinds {
                    call.checkpoint(series.weight())?;
                    let value = formatted_aggregate(series, kind, system.as_deref())?;
                    series.name = match system {
                        None => format!("{} ({kind}: {value})", series.name),
                        Some(_) => format!("{:<20}{kind:<5}{value:<10}", series.name),
                    };
                    call.reserve((kind.len() + value.len()) / 8 + 2)?;
                }
            }
            Ok(series.into())
        },
    },
    Function {
        names: &["cactiStyle"],
        group: FunctionGroup::Special,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            optional("system", Kind::String).one_of(&["binary", "si"]),
            optional("units", Kind::String),
        ],
        summary: "Adds the last, greatest and least value of the series to its name, in columns.",
        example: "cactiStyle(servers.*.disk.used, 'binary', 'B')",
        is_aggregator: false,
        run: |call| {
            let system = call.arguments.text_or(1, "")?.to_owned();
            let units = call
                .arguments
                .given(2)
                .map(Value::to_text)
                .unwrap_or_default();
            let mut series = call.arguments.series(0)?;
            let style = Style {
                system: &system,
                units: &units,
            };
            let mut lines = Vec::with_capacity(series.len());
            let mut widths = [0; 3];
            for series in &series {
                call.checkpoint(series.values.len().saturating_mul(3))?;
                let values = [Aggregation::Last, Aggregation::Max, Aggregation::Min]
                    .map(|aggregation| aggregation.of(&series.points()));
                for (width, value) in widths.iter_mut().zip(values) {
                    *width = style.width(value)?.max(*width);
                }
                let mut line = [const { String::new() }; 3];
                for (text, value) in line.iter_mut().zip(values) {
                    *text = style.format(value)?;
                }
                lines.push(line);
            }
            let longest = series
                .iter()
                .map(|series| series.name.chars().count())
                .max();
            let longest = longest.unwrap_or(0);
            let [last, most, least] = widths.map(|width| width + 3);
            let row = longest
                .saturating_add(last)
                .saturating_add(most)
                .saturating_add(least);
            for (series, [last_text, most_text, least_text]) in series.iter_mut().zip(lines) {
                // A letter has up to four bytes.
                call.reserve(series.weight().saturating_add(row / 2))?;
                let name = padded(&series.name, longest);
                let (last_text, most_text) = (padded(&last_text, last), padded(&most_text, most));
                let least_text = padded(&least_text, least);
                series.name =
                    format!("{name} Current:{last_text} Max:{most_text} Min:{least_text} ");
            }
            Ok(series.into())
        },
    },
];

/// The text with blanks after it, up to so many letters. What Rust formats may be 65535 letters wide at most, and a name may be
/// longer.
fn padded(text: &str, letters: usize) -> String {
    let missing = letters.saturating_sub(text.chars().count());
    let mut padded = String::with_capacity(text.len() + missing);
    padded.push_str(text);
    padded.extend(std::iter::repeat_n(' ', missing));
    padded
}

fn option_text(given: Option<&Value>) -> String {
    given.unwrap_or(&Value::None).to_text()
}

/// An aggregate of a series as `legendValue` shows it.
fn formatted_aggregate(series: &Series, kind: &str, system: Option<&str>) -> Result<String, Fault> {
    let Some(aggregation) = Aggregation::named(kind) else {
        return Ok("(?)".to_owned());
    };
    let points = series.points();
    let value = aggregation.of(&points);
    match system {
        None => Ok(aggregation.format_of(value, (&points, series.is_whole))),
        Some(_) if value.is_nan() && aggregation.has_result(&points) => Err(Fault::argument(
            "infinite values that take each other away have no unit",
        )),
        Some(_) if value.is_nan() => Ok("None".to_owned()),
        Some(system) => Style { system, units: "" }.format(value),
    }
}

/// How a value is written.
struct Style<'s> {
    system: &'s str,
    units: &'s str,
}

impl Style<'_> {
    fn format(&self, value: f64) -> Result<String, Fault> {
        if value.is_nan() {
            return Ok("nan".to_owned());
        }
        if self.system.is_empty() {
            let space = if self.units.is_empty() { "" } else { " " };
            let value = if value.is_finite() {
                format!("{value:.2}")
            } else {
                number::repr(value)
            };
            return Ok(format!("{value}{space}{}", self.units));
        }
        if !value.is_finite() {
            return Err(Fault::argument("an infinite value has no unit"));
        }
        let (value, prefix) = scaled(value, self.system).ok_or_else(|| {
            Fault::argument(format!("there is no system of units `{}`", self.system))
        })?;
        let space = if self.units.is_empty() { "" } else { " " };
        Ok(format!("{value:.2}{space}{prefix}{}", self.units))
    }

    /// The room that the whole part of a value takes; where it is zero or missing, that of 3.
    fn width(&self, value: f64) -> Result<usize, Fault> {
        if value.is_infinite() {
            return Err(Fault::argument("an infinite value has no whole part"));
        }
        let value = if value.is_nan() || value == 0.0 {
            3.0
        } else {
            value.trunc() + 0.0
        };
        Ok(self.format(value)?.chars().count())
    }
}
