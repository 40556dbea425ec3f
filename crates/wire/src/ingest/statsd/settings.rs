//! Names and number of the sums: the settings of etsy's statsd, under our names, with its defaults.

use base::name::SeriesName;

/// The most percentiles, histograms, and bins of a histogram: each is a sample of every timer at every flush.
pub(super) const SUMMARIES_MAX: usize = 64;

/// The settings of an [`super::Aggregator`].
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The time between two flushes, in milliseconds; rates are by second (`flushInterval`).
    pub flush_interval_ms: u64,
    /// Percentiles of timers; a negative one is of the highest values (`percentThreshold`).
    pub percentiles: Vec<f64>,
    /// Histograms of timers, of which the first that matches a name counts (`histogram`).
    pub histograms: Vec<Histogram>,
    /// The older names: `stats.NAME` for the rate of a counter and `stats_counts.NAME` for its count
    /// (`legacyNamespace`). The prefixes below are then as by default, whatever is set here.
    pub legacy_namespace: bool,
    /// Before everything (`globalPrefix`); may be empty, as those that follow.
    pub prefix: String,
    /// Before counters (`prefixCounter`).
    pub prefix_counter: String,
    /// Before timers (`prefixTimer`).
    pub prefix_timer: String,
    /// Before gauges (`prefixGauge`).
    pub prefix_gauge: String,
    /// Before sets (`prefixSet`).
    pub prefix_set: String,
    /// Behind everything (`globalSuffix`).
    pub suffix: String,
    /// Counters also give their count, and not the rate alone (`flush_counts`).
    pub counts: bool,
    /// A counter that was not counted since the last flush is forgotten, and not 0 (`deleteCounters`).
    pub delete_counters: bool,
    /// The same for timers (`deleteTimers`).
    pub delete_timers: bool,
    /// The same for sets (`deleteSets`).
    pub delete_sets: bool,
    /// Forget a gauge that was not set for [`Self::gauge_flushes`] flushes, instead of repeating its value (`deleteGauges`).
    pub delete_gauges: bool,
    /// For how many flushes a gauge counts (`gaugesMaxTTL`).
    pub gauge_flushes: u32,
    /// For how many flushes anything without new values is kept, whatever the settings above; etsy's has no such limit.
    pub idle_flushes: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            flush_interval_ms: 10_000,
            percentiles: vec![90.0],
            histograms: Vec::new(),
            legacy_namespace: true,
            prefix: "stats".to_owned(),
            prefix_counter: "counters".to_owned(),
            prefix_timer: "timers".to_owned(),
            prefix_gauge: "gauges".to_owned(),
            prefix_set: "sets".to_owned(),
            suffix: String::new(),
            counts: true,
            delete_counters: false,
            delete_timers: false,
            delete_sets: false,
            delete_gauges: false,
            gauge_flushes: 1,
            // A day.
            idle_flushes: 8640,
        }
    }
}

impl Settings {
    /// The same, with everything forgotten that was not seen since the last flush (`deleteIdleStats`).
    #[must_use]
    pub fn deleting_idle(self) -> Self {
        Self {
            delete_counters: true,
            delete_timers: true,
            delete_sets: true,
            delete_gauges: true,
            ..self
        }
    }

    /// Whether they can be worked with.
    ///
    /// # Errors
    /// [`SettingsError`] names the first that cannot.
    pub fn check(&self) -> Result<(), SettingsError> {
        if self.flush_interval_ms == 0 {
            return Err(SettingsError::Interval);
        }
        for percentile in &self.percentiles {
            let share = percentile.abs();
            if !(share > 0.0 && share <= 100.0) {
                return Err(SettingsError::Percentile(*percentile));
            }
        }
        let bins = self.histograms.iter().map(|histogram| &histogram.bins);
        for bins in bins.clone() {
            let ascends = bins.windows(2).all(|pair| pair.first() < pair.last());
            if !ascends || bins.iter().any(|bin| bin.is_nan()) {
                return Err(SettingsError::Bins);
            }
        }
        for (what, count) in [
            ("percentiles", self.percentiles.len()),
            ("histograms", self.histograms.len()),
            ("bins of a histogram", bins.map(Vec::len).max().unwrap_or(0)),
        ] {
            if count > SUMMARIES_MAX {
                return Err(SettingsError::TooMany { what, count });
            }
        }
        let prefixes = [
            &self.prefix,
            &self.prefix_counter,
            &self.prefix_timer,
            &self.prefix_gauge,
            &self.prefix_set,
            &self.suffix,
        ];
        for prefix in prefixes {
            let is_path = !prefix.contains(';') && SeriesName::parse(prefix).is_ok();
            if !prefix.is_empty() && !is_path {
                return Err(SettingsError::Prefix(prefix.clone()));
            }
        }
        Ok(())
    }
}

/// How often the values of timers lie between bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// It is for timers whose name holds this text; for all, if it is empty.
    pub metric: String,
    /// The bounds, ascending: a bin holds values below its own and from the one before it on. Infinity is one, too.
    pub bins: Vec<f64>,
}

/// Why settings cannot be worked with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SettingsError {
    /// No time at all.
    #[error("a flush interval of 0 ms has no rates")]
    Interval,
    /// 0, more than 100, or no number.
    #[error(
        "{0} is not a percentile: it must be between 0 and 100, or -100 and 0 for the highest values"
    )]
    Percentile(f64),
    /// Bounds that do not ascend.
    #[error("the bins of a histogram must ascend")]
    Bins,
    /// Every one is a sample of every timer.
    #[error("{count} {what} are more than {SUMMARIES_MAX}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        count: usize,
    },
    /// It would be in every name.
    #[error("the prefix or suffix `{0}` is no path")]
    Prefix(String),
}
