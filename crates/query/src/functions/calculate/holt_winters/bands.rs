//! The confidence bands of a forecast.

use super::analysis::analyse;
use crate::error::Fault;
use crate::function::FunctionCall;
use crate::functions::support::{interval, with_lookback};
use crate::series::Series;

/// How long before the window the forecast starts to learn, and how long a season is, in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seasons {
    bootstrap: i64,
    season: i64,
}

impl Seasons {
    /// The arguments from a place on.
    pub(super) fn read(call: &FunctionCall<'_>, index: usize) -> Result<Self, Fault> {
        Ok(Self {
            bootstrap: interval(call.arguments.text_or(index, "7d")?)?,
            season: interval(call.arguments.text_or(index + 1, "1d")?)?,
        })
    }
}

/// The forecast of a series over the window asked for.
pub(super) struct Expected {
    /// The series itself, from its bootstrap on.
    pub(super) series: Series,
    /// Start, end and step of what is expected.
    pub(super) span: (i64, i64, i64),
    /// The forecast values.
    pub(super) predictions: Vec<f64>,
    /// How far that may be off.
    pub(super) deviations: Vec<f64>,
}

/// Forecasts for the series of the first argument, which are read again.
pub(super) fn expected(
    call: &mut FunctionCall<'_>,
    series: &[Series],
    seasons: Seasons,
) -> Result<Vec<Expected>, Fault> {
    let mut all = Vec::new();
    for series in with_lookback(call, series, seasons.bootstrap)? {
        call.checkpoint(series.values.len())?;
        // What is expected, how far that is off, and the seasons.
        call.reserve(series.weight().saturating_mul(3))?;
        let mut found = analyse(&series.points(), seasons.season.div_euclid(series.step))?;
        let ahead = seasons.bootstrap.div_euclid(series.step);
        // A negative count is one from the end, as a slice of Python has it.
        let lost = match usize::try_from(ahead) {
            Ok(ahead) => ahead.min(found.predictions.len()),
            Err(_) => found
                .predictions
                .len()
                .saturating_sub(usize::try_from(ahead.unsigned_abs()).unwrap_or(usize::MAX)),
        };
        found.predictions.drain(..lost);
        found.deviations.drain(..lost);
        let start = series.start.saturating_add(seasons.bootstrap);
        all.push(Expected {
            span: (start, series.end, series.step),
            series: series
                .tagged("holtWintersForecast", "1")
                .tagged("holtWintersDeviation", "1"),
            predictions: found.predictions,
            deviations: found.deviations,
        });
    }
    Ok(all)
}

/// The lower and the upper end of what is expected of each series, `delta` deviations from the middle.
pub(super) fn bands(
    call: &mut FunctionCall<'_>,
    series: &[Series],
    delta: f64,
    seasons: Seasons,
) -> Result<Vec<(Series, Series)>, Fault> {
    let pairs = expected(call, series, seasons)?
        .into_iter()
        .map(|forecast| {
            let tags = forecast
                .series
                .tagged("holtWintersConfidenceUpper", "1")
                .tagged("holtWintersConfidenceLower", "1");
            let band = |side: &str, factor: f64| {
                let expected = forecast.predictions.iter().zip(&forecast.deviations);
                let values = expected.map(|(middle, deviation)| middle + factor * deviation);
                let name = format!("holtWintersConfidence{side}({})", tags.name);
                let mut band = Series::new(name, forecast.span, values.collect());
                band.tags.clone_from(&tags.tags);
                band.x_files_factor = tags.x_files_factor;
                band.path_expression.clone_from(&tags.path_expression);
                band
            };
            (band("Lower", -delta), band("Upper", delta))
        });
    Ok(pairs.collect())
}
