//! How many values a moving function looks at.

use crate::error::Fault;
use crate::function::FunctionCall;
use crate::functions::support::interval;
use crate::series::Series;
use crate::value::Value;

/// Values that an editor may offer for a window.
pub(super) const WINDOWS: &[&str] = &["5", "7", "10", "1min", "5min", "10min", "30min", "1hour"];

/// A window: a count of points, or a span.
pub(super) struct WindowSize {
    /// As names show it.
    pub(super) text: String,
    /// As tags show it.
    pub(super) tag: String,
    count: Option<i64>,
    seconds: i64,
}

impl WindowSize {
    /// The argument at a place; `series` are what it is for.
    pub(super) fn read(
        call: &FunctionCall<'_>,
        index: usize,
        series: &[Series],
    ) -> Result<Self, Fault> {
        let value = call.arguments.given(index);
        if let Some(Value::Text(text)) = value {
            return Ok(Self {
                text: format!("\"{text}\""),
                tag: text.clone(),
                count: None,
                seconds: interval(text)?.abs(),
            });
        }
        if matches!(value, Some(Value::Series(_) | Value::Lists(_))) {
            return Err(Fault::argument(
                "`windowSize` must be a number of points, or a span of time in quotes",
            ));
        }
        let points = call.arguments.float(index)?;
        let text = value.map(Value::to_text).unwrap_or_default();
        if !points.is_finite() {
            return Err(Fault::argument(format!("a window of {text} never ends")));
        }
        let count = points as i64;
        let longest = series.iter().map(|series| series.step).max().unwrap_or(1);
        let seconds = longest.checked_mul(count);
        Ok(Self {
            tag: text.clone(),
            seconds: seconds.ok_or_else(|| {
                Fault::argument(format!("{text} points reach further than time does"))
            })?,
            text,
            count: Some(count),
        })
    }

    /// Seconds before the beginning that have to be read too.
    pub(super) const fn seconds(&self) -> i64 {
        self.seconds
    }

    /// Its points, for a step.
    pub(super) fn points(&self, step: i64) -> i64 {
        self.count.unwrap_or_else(|| self.seconds.div_euclid(step))
    }

    /// The factor of exponential averages: the newest value's share.
    pub(super) fn newest_share(&self) -> f64 {
        2.0 / (self.count.unwrap_or(self.seconds) as f64 + 1.0)
    }
}
