//! Triple exponential smoothing: predicts the next value of a series with seasons.

use crate::error::Fault;

/// How fast the level and the season follow the values.
const LEVEL: f64 = 0.1;
const SEASON: f64 = 0.1;

/// How fast the slope follows the level.
const SLOPE: f64 = 0.0035;

/// The forecast for each value, and how far off it was.
#[derive(Debug)]
pub(super) struct Analysis {
    /// For each value what was expected before it was known.
    pub(super) predictions: Vec<f64>,
    /// For each value how far expectations are off, smoothed.
    pub(super) deviations: Vec<f64>,
}

/// Analyses values of which `season` make a season.
///
/// # Errors
/// When a season is too short to tell anything.
pub(super) fn analyse(values: &[f64], season: i64) -> Result<Analysis, Fault> {
    if season <= 1 && values.iter().any(|value| !value.is_nan()) {
        return Err(Fault::argument(
            "`seasonality` must be longer than the step of the series",
        ));
    }
    let season = usize::try_from(season).unwrap_or(usize::MAX);
    let mut found = Analysis {
        predictions: Vec::with_capacity(values.len()),
        deviations: Vec::with_capacity(values.len()),
    };
    let mut seasonals: Vec<f64> = Vec::with_capacity(values.len());
    let (mut level, mut slope) = (f64::NAN, 0.0);
    let mut next = f64::NAN;
    for (index, value) in values.iter().copied().enumerate() {
        if value.is_nan() {
            // What is missing has no season; what follows it begins anew.
            (level, slope) = (f64::NAN, 0.0);
            seasonals.push(0.0);
            found.predictions.push(next);
            found.deviations.push(0.0);
            next = f64::NAN;
            continue;
        }
        let ago = |list: &[f64], index: usize| {
            let before = index.checked_sub(season);
            before
                .and_then(|before| list.get(before))
                .copied()
                .unwrap_or(0.0)
        };
        let prediction = if index == 0 { value } else { next };
        let last_level = if level.is_nan() { value } else { level };
        let last_seasonal = ago(&seasonals, index);
        level = LEVEL * (value - last_seasonal) + (1.0 - LEVEL) * (last_level + slope);
        slope = SLOPE * (level - last_level) + (1.0 - SLOPE) * slope;
        let seasonal = SEASON * (value - level) + (1.0 - SEASON) * last_seasonal;
        next = level + slope + ago(&seasonals, index + 1);
        let expected = if prediction.is_nan() { 0.0 } else { prediction };
        let deviation =
            SEASON * (value - expected).abs() + (1.0 - SEASON) * ago(&found.deviations, index);
        seasonals.push(seasonal);
        found.predictions.push(prediction);
        found.deviations.push(deviation);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::analyse;

    #[test]
    fn a_flat_series_is_expected_to_stay_so() {
        let found = analyse(&[5.0; 8], 3).unwrap();
        assert!(
            found
                .predictions
                .iter()
                .all(|prediction| (prediction - 5.0).abs() < 1e-12)
        );
        assert!(
            found
                .deviations
                .iter()
                .all(|deviation| deviation.abs() < 1e-12)
        );
    }

    #[test]
    fn behind_a_gap_there_is_no_expectation() {
        let found = analyse(&[5.0, f64::NAN, 5.0, 5.0], 3).unwrap();
        let is_there: Vec<bool> = found
            .predictions
            .iter()
            .map(|prediction| !prediction.is_nan())
            .collect();
        assert_eq!(is_there, [true, true, false, true]);
    }

    #[test]
    fn a_season_of_a_step_tells_nothing() {
        assert!(analyse(&[5.0], 1).is_err());
        assert!(analyse(&[f64::NAN], 0).is_ok());
        assert!(analyse(&[], -5).is_ok());
    }
}
