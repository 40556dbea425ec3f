//! Holt-Winters: forecasts of series that repeat themselves, and the values outside their confidence bands.

mod analysis;
mod bands;

use crate::error::Fault;
use crate::function::{
    Default, Function, FunctionCall, FunctionGroup, Kind, Outcome, Parameter, optional, required,
};
use crate::functions::graph::band;
use crate::series::Series;
use bands::{Seasons, bands, expected};

const BOOTSTRAP: Parameter = optional("bootstrapInterval", Kind::Interval)
    .or(Default::Text("7d"))
    .suggesting(&["7d", "30d"]);

const SEASONALITY: Parameter = optional("seasonality", Kind::Interval)
    .or(Default::Text("1d"))
    .suggesting(&["1d", "7d"]);

const BAND: &[Parameter] = &[
    required("seriesList", Kind::SeriesList),
    optional("delta", Kind::Integer).or(Default::Integer(3)),
    BOOTSTRAP,
    SEASONALITY,
];

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["holtWintersForecast"],
        group: FunctionGroup::Calculate,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            BOOTSTRAP,
            SEASONALITY,
        ],
        summary: "What is expected of each series, by its level, its trend and its season; learnt from the bootstrap \
                  interval before the window.",
        example: "holtWintersForecast(servers.*.requests, '7d', '1d')",
        is_aggregator: false,
        run: forecast,
    },
    Function {
        names: &["holtWintersConfidenceBands"],
        group: FunctionGroup::Calculate,
        parameters: BAND,
        summary: "The lower and the upper end of the range in which each series is expected, `delta` deviations around the \
                  forecast.",
        example: "holtWintersConfidenceBands(servers.*.requests, 3)",
        is_aggregator: false,
        run: |call| {
            let series = call.arguments.series(0)?;
            let pairs = read_bands(call, &series)?.into_iter();
            let both = pairs.flat_map(|(lower, upper)| [lower, upper]);
            Ok(both.collect::<Vec<_>>().into())
        },
    },
    Function {
        names: &["holtWintersConfidenceArea"],
        group: FunctionGroup::Calculate,
        parameters: BAND,
        summary: "The range in which a single series is expected, as an area.",
        example: "holtWintersConfidenceArea(servers.web01.requests, 3)",
        is_aggregator: false,
        run: area,
    },
    Function {
        names: &["holtWintersAberration"],
        group: FunctionGroup::Calculate,
        parameters: BAND,
        summary: "How far each value lies outside the range in which it was expected; 0 inside.",
        example: "holtWintersAberration(servers.*.requests, 3)",
        is_aggregator: false,
        run: aberration,
    },
];

fn forecast(call: &mut FunctionCall<'_>) -> Outcome {
    let series = call.arguments.series(0)?;
    let seasons = Seasons::read(call, 1)?;
    let forecasts = expected(call, &series, seasons)?.into_iter().map(|fitted| {
        let name = format!("holtWintersForecast({})", fitted.series.name);
        let mut forecast = Series::new(name, fitted.span, fitted.predictions);
        forecast.tags = fitted.series.tags;
        forecast.x_files_factor = fitted.series.x_files_factor;
        forecast
    });
    Ok(forecasts.collect::<Vec<_>>().into())
}

fn read_bands(
    call: &mut FunctionCall<'_>,
    series: &[Series],
) -> Result<Vec<(Series, Series)>, Fault> {
    let delta = call.arguments.float_or(1, 3.0)?;
    let seasons = Seasons::read(call, 2)?;
    bands(call, series, delta, seasons)
}

fn area(call: &mut FunctionCall<'_>) -> Outcome {
    let series = call.arguments.series(0)?;
    let mut pairs = read_bands(call, &series)?.into_iter();
    let (Some((lower, upper)), None) = (pairs.next(), pairs.next()) else {
        return Err(Fault::argument("the area is that of exactly one series"));
    };
    let name = format!("holtWintersConfidenceArea({})", upper.path_expression);
    let named = |series: Series| {
        series
            .renamed(name.as_str())
            .tagged("holtWintersConfidenceArea", "1")
    };
    let (mut lower, mut upper) = (named(lower), named(upper));
    call.reserve(name.len() / 8)?;
    band(&mut lower, &mut upper);
    Ok(vec![lower, upper].into())
}

fn aberration(call: &mut FunctionCall<'_>) -> Outcome {
    let series = call.arguments.series(0)?;
    let pairs = read_bands(call, &series)?;
    let mut aberrations = Vec::with_capacity(series.len());
    for series in series {
        call.checkpoint(pairs.len())?;
        let title = format!("holtWintersConfidenceLower({})", series.name);
        let pair = pairs.iter().rev().find(|(lower, _)| lower.name == title);
        let Some((lower, upper)) = pair else {
            return Err(Fault::argument(format!(
                "nothing is known about `{}` before the window",
                series.name
            )));
        };
        call.checkpoint(series.values.len())?;
        call.reserve(series.weight())?;
        let mut values = Vec::with_capacity(series.values.len());
        for (place, value) in series.points().iter().copied().enumerate() {
            let ends = (lower.values.get(place), upper.values.get(place));
            values.push(match ends {
                _ if value.is_nan() => 0.0,
                (Some(lower), Some(upper)) => outside(value, *lower, *upper),
                _ => return Err(Fault::argument("less is expected than there is")),
            });
        }
        let name = format!("holtWintersAberration({})", series.name);
        let mut result = Series::new(name, (series.start, series.end, series.step), values);
        result.tags = series.tags;
        result.x_files_factor = series.x_files_factor;
        aberrations.push(result.tagged("holtWintersAberration", "1"));
    }
    Ok(aberrations.into())
}

/// The distance to the nearer end; ends that are not there are no ends.
fn outside(value: f64, lower: f64, upper: f64) -> f64 {
    if value > upper {
        value - upper
    } else if value < lower {
        value - lower
    } else {
        0.0
    }
}
