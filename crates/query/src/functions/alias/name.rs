//! `alias`, `upper` and `lower`.

use crate::error::Fault;
use crate::function::{Function, FunctionCall, FunctionGroup, Kind, Outcome, optional, required};
use crate::functions::support::changed;
use crate::series::Series;
use crate::value::Value;

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["alias"],
        group: FunctionGroup::Alias,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            required("newName", Kind::String),
        ],
        summary: "Gives the series another name.",
        example: "alias(shop.orders, 'Orders')",
        is_aggregator: false,
        run: |call| {
            let name = match call.arguments.given(1) {
                Some(Value::Series(_) | Value::Lists(_)) | None => {
                    return Err(Fault::argument("`newName` must be a text in quotes"));
                }
                Some(name) => name.to_text(),
            };
            renamed(call, |_| Ok(name.clone()))
        },
    },
    Function {
        names: &["upper"],
        group: FunctionGroup::Alias,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            optional("pos", Kind::Integer).multiple(),
        ],
        summary: "Makes the name's letters large: all of them, or those at some positions.",
        example: "upper(servers.web.load, 0, -1)",
        is_aggregator: false,
        run: |call| with_changed_case(call, str::to_uppercase),
    },
    Function {
        names: &["lower"],
        group: FunctionGroup::Alias,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            optional("pos", Kind::Integer).multiple(),
        ],
        summary: "Makes the name's letters small: all of them, or those at some positions.",
        example: "lower(servers.WEB.load)",
        is_aggregator: false,
        run: |call| with_changed_case(call, str::to_lowercase),
    },
];

/// The series of the first argument, each with another name.
pub(super) fn renamed(
    call: &mut FunctionCall<'_>,
    name: impl Fn(&Series) -> Result<String, Fault>,
) -> Outcome {
    let series = call.arguments.series(0)?;
    each(call, series, name)
}

fn each(
    call: &mut FunctionCall<'_>,
    series: Vec<Series>,
    name: impl Fn(&Series) -> Result<String, Fault>,
) -> Outcome {
    changed(call, series, |mut series| {
        series.name = name(&series)?;
        Ok(series)
    })
}

fn with_changed_case(call: &mut FunctionCall<'_>, change: fn(&str) -> String) -> Outcome {
    let count = call.arguments.from(1).len();
    let positions: Result<Vec<i64>, Fault> = (1..=count)
        .map(|index| call.arguments.integer(index))
        .collect();
    let series = call.arguments.series(0)?;
    if series.is_empty() {
        return Ok(series.into());
    }
    let positions = positions?;
    each(call, series, |series| {
        if positions.is_empty() {
            return Ok(change(&series.name));
        }
        let mut letters: Vec<String> = series.name.chars().map(String::from).collect();
        for position in &positions {
            let length = i64::try_from(letters.len()).unwrap_or(i64::MAX);
            let index = if *position < 0 {
                position.saturating_add(length)
            } else {
                *position
            };
            let letter = usize::try_from(index)
                .ok()
                .and_then(|index| letters.get_mut(index));
            if let Some(letter) = letter {
                *letter = change(letter);
            }
        }
        Ok(letters.concat())
    })
}
