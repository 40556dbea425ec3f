//! The typed settings of statsd's aggregation.

use super::ConfigError;
use super::values::Values;
use base::limit;
use wire::ingest::statsd::{Histogram, Settings};

/// How statsd's lines are read and summed up.
#[derive(Debug, Clone)]
pub(crate) struct StatsdSettings {
    pub(crate) sums: Settings,
    /// Whether names are cleaned as etsy's cleans them.
    pub(crate) sanitize: bool,
}

impl StatsdSettings {
    pub(super) fn read(values: &Values<'_>) -> Result<Self, ConfigError> {
        let seconds: u64 = values.parsed("statsd.flush_seconds")?;
        let idle: u64 = values.parsed(&format!("limits.{}", limit::STATSD_IDLE_SECONDS.name))?;
        let prefix = |key| Ok::<_, ConfigError>(values.text(key)?.trim().to_owned());
        let sums = Settings {
            flush_interval_ms: seconds.saturating_mul(1000),
            percentiles: list(values, "statsd.percentiles", numbers)?,
            histograms: list(values, "statsd.histograms", histograms)?,
            legacy_namespace: values.flag("statsd.legacy_namespace")?,
            prefix: prefix("statsd.prefix")?,
            prefix_counter: prefix("statsd.prefix_counter")?,
            prefix_timer: prefix("statsd.prefix_timer")?,
            prefix_gauge: prefix("statsd.prefix_gauge")?,
            prefix_set: prefix("statsd.prefix_set")?,
            suffix: prefix("statsd.suffix")?,
            counts: values.flag("statsd.flush_counts")?,
            delete_counters: values.flag("statsd.delete_counters")?,
            delete_timers: values.flag("statsd.delete_timers")?,
            delete_sets: values.flag("statsd.delete_sets")?,
            delete_gauges: values.flag("statsd.delete_gauges")?,
            gauge_flushes: values.parsed("statsd.gauge_flushes")?,
            idle_flushes: u32::try_from(idle.div_ceil(seconds.max(1))).unwrap_or(u32::MAX),
        };
        let sums = if values.flag("statsd.delete_idle")? {
            sums.deleting_idle()
        } else {
            sums
        };
        sums.check().map_err(|error| ConfigError::Value {
            layer: "settings".to_owned(),
            key: "statsd".to_owned(),
            what: format!("cannot be summed up by: {error}"),
        })?;
        Ok(Self {
            sums,
            sanitize: values.flag("statsd.sanitize_names")?,
        })
    }
}

/// A list that `read` understands, or the refusal that names the key.
fn list<T>(
    values: &Values<'_>,
    key: &str,
    read: impl Fn(&str) -> Result<Vec<T>, String>,
) -> Result<Vec<T>, ConfigError> {
    let Some(text) = values.optional(key)? else {
        return Ok(Vec::new());
    };
    read(text).map_err(|what| ConfigError::Value {
        layer: "settings".to_owned(),
        key: key.to_owned(),
        what,
    })
}

/// `90, 99.9, -10`.
fn numbers(text: &str) -> Result<Vec<f64>, String> {
    let each = text.split(',').map(str::trim).map(|word| {
        word.parse()
            .map_err(|_| format!("must be numbers separated by commas, and `{word}` is not one"))
    });
    each.collect()
}

/// `login=10,100,inf; =1,inf`.
fn histograms(text: &str) -> Result<Vec<Histogram>, String> {
    let each = text.split(';').map(|part| {
        let (metric, bins) = part.split_once('=').ok_or_else(|| {
            format!(
                "must be like `PART-OF-NAME=BIN,BIN,inf`, and `{}` is not",
                part.trim()
            )
        })?;
        let bins = match bins.trim() {
            "" => Vec::new(),
            bins => numbers(bins)?,
        };
        Ok(Histogram {
            metric: metric.trim().to_owned(),
            bins,
        })
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_and_what_is_none_is_named() {
        assert_eq!(numbers("90, 99.9,-10").unwrap(), [90.0, 99.9, -10.0]);
        assert!(numbers("90,x").unwrap_err().contains("`x`"));
        let read = histograms("login=10, 100,inf; =").unwrap();
        assert_eq!(read[0].metric, "login");
        assert_eq!(read[0].bins, [10.0, 100.0, f64::INFINITY]);
        assert!(read[1].metric.is_empty() && read[1].bins.is_empty());
        assert!(histograms("login").unwrap_err().contains("`login`"));
    }
}
