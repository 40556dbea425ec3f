//! The style of lines: colour, width, dashes, the second axis.

use crate::error::Fault;
use crate::function::{
    Default, Function, FunctionCall, FunctionGroup, Kind, Outcome, SERIES, optional, required,
};
use crate::functions::support::changed;
use crate::series::Series;
use crate::value::Value;
use base::number;

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function::new(
        &["alpha"],
        FunctionGroup::Graph,
        &[
            required("seriesList", Kind::SeriesList),
            required("alpha", Kind::Float),
        ],
        "Draws the series with an opacity from 0 to 1.",
        "alpha(servers.*.load, 0.5)",
        |call| {
            let alpha = call.arguments.float(1)?;
            each(call, |series| series.drawing.alpha = Some(alpha))
        },
    ),
    Function::new(
        &["color"],
        FunctionGroup::Graph,
        &[
            required("seriesList", Kind::SeriesList),
            required("theColor", Kind::String),
        ],
        "Draws the series in a colour: a name, or hexadecimal digits.",
        "color(shop.orders, '#3b7dd8')",
        |call| {
            let color = match call.arguments.given(1) {
                Some(Value::Series(_) | Value::Lists(_)) | None => {
                    return Err(Fault::argument("`theColor` must be a text in quotes"));
                }
                Some(color) => color.to_text(),
            };
            each(call, |series| series.drawing.color = Some(color.clone()))
        },
    ),
    Function::new(
        &["lineWidth"],
        FunctionGroup::Graph,
        &[
            required("seriesList", Kind::SeriesList),
            required("width", Kind::Float),
        ],
        "Draws the series with a line of so many pixels.",
        "lineWidth(shop.orders, 3)",
        |call| {
            let width = call.arguments.float(1)?;
            each(call, |series| series.drawing.line_width = Some(width))
        },
    ),
    Function::new(
        &["dashed"],
        FunctionGroup::Graph,
        &[
            required("seriesList", Kind::SeriesList),
            optional("dashLength", Kind::Integer).or(Default::Integer(5)),
        ],
        "Draws the series with dashes of so many pixels.",
        "dashed(shop.orders, 3)",
        |call| {
            let length = match call.arguments.given(1) {
                Some(length @ (Value::Integer(_) | Value::Float(_))) => length.clone(),
                _ => Value::Integer(call.arguments.integer_or(1, 5)?),
            };
            let pixels = length.number().unwrap_or(5.0);
            each(call, |series| {
                series.tags.insert("dashed".to_owned(), length.to_text());
                series.name = format!("dashed({}, {})", series.name, number::general(pixels));
                series.drawing.dashed = Some(pixels);
            })
        },
    ),
    Function::new(
        &["secondYAxis"],
        FunctionGroup::Graph,
        SERIES,
        "Draws the series on an axis at the right.",
        "secondYAxis(shop.revenue)",
        |call| {
            each(call, |series| {
                series.tags.insert("secondYAxis".to_owned(), "1".to_owned());
                series.name = format!("secondYAxis({})", series.name);
                series.drawing.is_on_second_axis = true;
            })
        },
    ),
    Function::new(
        &["drawAsInfinite"],
        FunctionGroup::Graph,
        SERIES,
        "Draws a vertical line wherever the series is not zero.",
        "drawAsInfinite(shop.deploys)",
        |call| {
            each(call, |series| {
                series
                    .tags
                    .insert("drawAsInfinite".to_owned(), "1".to_owned());
                series.name = format!("drawAsInfinite({})", series.name);
                series.drawing.is_infinite = true;
            })
        },
    ),
];

fn each(call: &mut FunctionCall<'_>, change: impl Fn(&mut Series)) -> Outcome {
    let series = call.arguments.series(0)?;
    changed(call, series, |mut series| {
        change(&mut series);
        Ok(series)
    })
}
