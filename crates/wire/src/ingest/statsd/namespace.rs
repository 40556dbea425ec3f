//! The names of sums, as etsy's statsd gives them to Graphite.

use super::Settings;
use base::name::{NameError, SeriesName};

/// The parts of a sum's name before and after the path of its metric.
#[derive(Debug, Clone, Default)]
pub(super) struct Affixes {
    prefix: String,
    suffix: String,
}

impl Affixes {
    fn new(prefix: &[&str], suffix: &[&str]) -> Self {
        let mut affixes = Self::default();
        for element in prefix.iter().filter(|element| !element.is_empty()) {
            affixes.prefix.push_str(element);
            affixes.prefix.push('.');
        }
        for element in suffix.iter().filter(|element| !element.is_empty()) {
            affixes.suffix.push('.');
            affixes.suffix.push_str(element);
        }
        affixes
    }

    /// Writes the name of the sum of a metric into `out`: its tags stay after everything.
    pub(super) fn write(&self, out: &mut String, name: &str) {
        let (path, tags) = name.split_at(name.find(';').unwrap_or(name.len()));
        out.clear();
        for part in [self.prefix.as_str(), path, &self.suffix, tags] {
            out.push_str(part);
        }
    }

    /// Whether a metric of this name can have such a sum.
    fn check(&self, out: &mut String, name: &str) -> Result<(), NameError> {
        self.write(out, name);
        SeriesName::parse(out).map(drop)
    }
}

/// The names of all sums.
#[derive(Debug)]
pub(super) struct Namespace {
    pub(super) rate: Affixes,
    /// None where counts are not wanted.
    pub(super) count: Option<Affixes>,
    pub(super) gauge: Affixes,
    pub(super) members: Affixes,
    timer: Vec<String>,
    suffix: String,
}

impl Namespace {
    pub(super) fn new(settings: &Settings) -> Self {
        let suffix = settings.suffix.as_str();
        let prefix = settings.prefix.as_str();
        let (rate, count, timer, gauge, set) = if settings.legacy_namespace {
            (
                Affixes::new(&["stats"], &[suffix]),
                Affixes::new(&["stats_counts"], &[suffix]),
                vec!["stats", "timers"],
                ["stats", "gauges"],
                ["stats", "sets"],
            )
        } else {
            let counter = [prefix, &settings.prefix_counter];
            (
                Affixes::new(&counter, &["rate", suffix]),
                Affixes::new(&counter, &["count", suffix]),
                vec![prefix, &settings.prefix_timer],
                [prefix, &settings.prefix_gauge],
                [prefix, &settings.prefix_set],
            )
        };
        Self {
            rate,
            count: settings.counts.then_some(count),
            gauge: Affixes::new(&gauge, &[suffix]),
            members: Affixes::new(&set, &["count", suffix]),
            timer: timer.into_iter().map(str::to_owned).collect(),
            suffix: suffix.to_owned(),
        }
    }

    /// The place of one of the sums of timers.
    pub(super) fn timer(&self, sum: &str) -> Affixes {
        let before: Vec<_> = self.timer.iter().map(String::as_str).collect();
        Affixes::new(&before, &[sum, &self.suffix])
    }
}

/// Checks that every one of the places can be.
pub(super) fn check<'p>(
    places: impl IntoIterator<Item = &'p Affixes>,
    out: &mut String,
    name: &str,
) -> Result<(), NameError> {
    places
        .into_iter()
        .try_for_each(|affixes| affixes.check(out, name))
}
