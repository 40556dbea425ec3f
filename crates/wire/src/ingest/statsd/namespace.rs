//! The names of sums, as etsy's statsd gives them to Graphite.

use super::Settings;
use base::name::{NameError, SeriesName};

/// Where a sum stands: before the path of its metric, and behind it.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    before: String,
    behind: String,
}

impl Place {
    fn new(before: &[&str], behind: &[&str]) -> Self {
        let mut place = Self::default();
        for element in before.iter().filter(|element| !element.is_empty()) {
            place.before.push_str(element);
            place.before.push('.');
        }
        for element in behind.iter().filter(|element| !element.is_empty()) {
            place.behind.push('.');
            place.behind.push_str(element);
        }
        place
    }

    /// Writes the name of the sum of a metric into `out`: its tags stay behind everything.
    pub(super) fn write(&self, out: &mut String, name: &str) {
        let (path, tags) = name.split_at(name.find(';').unwrap_or(name.len()));
        out.clear();
        for part in [self.before.as_str(), path, &self.behind, tags] {
            out.push_str(part);
        }
    }

    /// Whether a metric of this name can have such a sum.
    fn check(&self, out: &mut String, name: &str) -> Result<(), NameError> {
        self.write(out, name);
        SeriesName::parse(out).map(drop)
    }
}

/// All places.
#[derive(Debug)]
pub(super) struct Namespace {
    pub(super) rate: Place,
    /// None where counts are not wanted.
    pub(super) count: Option<Place>,
    pub(super) gauge: Place,
    pub(super) members: Place,
    timer: Vec<String>,
    suffix: String,
}

impl Namespace {
    pub(super) fn new(settings: &Settings) -> Self {
        let suffix = settings.suffix.as_str();
        let prefix = settings.prefix.as_str();
        let (rate, count, timer, gauge, set) = if settings.legacy_namespace {
            (
                Place::new(&["stats"], &[suffix]),
                Place::new(&["stats_counts"], &[suffix]),
                vec!["stats", "timers"],
                ["stats", "gauges"],
                ["stats", "sets"],
            )
        } else {
            let counter = [prefix, &settings.prefix_counter];
            (
                Place::new(&counter, &["rate", suffix]),
                Place::new(&counter, &["count", suffix]),
                vec![prefix, &settings.prefix_timer],
                [prefix, &settings.prefix_gauge],
                [prefix, &settings.prefix_set],
            )
        };
        Self {
            rate,
            count: settings.counts.then_some(count),
            gauge: Place::new(&gauge, &[suffix]),
            members: Place::new(&set, &["count", suffix]),
            timer: timer.into_iter().map(str::to_owned).collect(),
            suffix: suffix.to_owned(),
        }
    }

    /// The place of one of the sums of timers.
    pub(super) fn timer(&self, sum: &str) -> Place {
        let before: Vec<_> = self.timer.iter().map(String::as_str).collect();
        Place::new(&before, &[sum, &self.suffix])
    }
}

/// Checks that every one of the places can be.
pub(super) fn check<'p>(
    places: impl IntoIterator<Item = &'p Place>,
    out: &mut String,
    name: &str,
) -> Result<(), NameError> {
    places
        .into_iter()
        .try_for_each(|place| place.check(out, name))
}
