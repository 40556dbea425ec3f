//! Finds the new samples of a reading.

use crate::figures;
use crate::output::csv_field;
use crate::printable_text::{PrintableText, shown};
use base::time::Millis;
use jiff::tz::TimeZone;
use serde_json::json;
use std::collections::BTreeMap;
use wire::render::json::ReadRow;

/// The samples that were written already.
#[derive(Debug)]
pub(in crate::command::metrics) struct NewSamples {
    /// Earlier samples are skipped.
    since: Millis,
    /// The timestamps of each series in the last reading, with the bits of their values: any other is new, even if it is late.
    seen: BTreeMap<String, BTreeMap<Millis, u64>>,
    changes: Changes,
}

/// For which timestamps another value is new, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Changes {
    None,
    /// For the newest of the series in the last reading, whose slot may not have been over. Functions may begin anew at each
    /// reading, with other values for all timestamps.
    Newest,
    All,
}

/// A new sample.
#[derive(Debug, PartialEq)]
pub(in crate::command::metrics) struct Sample<'a> {
    at: Millis,
    name: &'a str,
    value: f64,
}

impl NewSamples {
    /// Nothing was written yet; samples before `since` are skipped.
    pub(in crate::command::metrics) const fn since(since: Millis) -> Self {
        Self {
            since,
            seen: BTreeMap::new(),
            changes: Changes::None,
        }
    }

    /// The same, for which another value is new for the newest timestamp that was written of a series: its slot was not over.
    pub(in crate::command::metrics) const fn with_changes_of_newest(mut self) -> Self {
        self.changes = Changes::Newest;
        self
    }

    /// The same, for which another value for a timestamp that was written is new: it was sent again, or its slot is not over.
    pub(in crate::command::metrics) const fn with_changes(mut self) -> Self {
        self.changes = Changes::All;
        self
    }

    /// The new samples, in order of time. Timestamps that left the reading's range are forgotten.
    pub(in crate::command::metrics) fn take<'r>(&mut self, rows: &'r [ReadRow]) -> Vec<Sample<'r>> {
        let mut samples = Vec::new();
        let mut seen = BTreeMap::new();
        for row in rows {
            let before = self.seen.remove(&row.target).unwrap_or_default();
            let newest = before.last_key_value().map(|(at, _)| *at);
            let mut now = BTreeMap::new();
            for (value, at) in &row.datapoints {
                let Some(value) = *value else { continue };
                now.insert(*at, value.to_bits());
                let is_known = match before.get(at) {
                    Some(bits) if *bits == value.to_bits() => true,
                    Some(_) => match self.changes {
                        Changes::None => true,
                        Changes::Newest => newest != Some(*at),
                        Changes::All => false,
                    },
                    None => false,
                };
                if *at >= self.since && !is_known {
                    samples.push(Sample {
                        at: *at,
                        name: &row.target,
                        value,
                    });
                }
            }
            // An empty reading does not mean that the series starts again.
            let kept = if now.is_empty() { before } else { now };
            if !kept.is_empty() {
                seen.insert(row.target.clone(), kept);
            }
        }
        self.seen = seen;
        samples.sort_by_key(|sample| (sample.at, sample.name));
        samples
    }
}

impl Sample<'_> {
    /// A row, as `metrics send` reads it.
    pub(in crate::command::metrics) fn csv(&self) -> String {
        let (at, value) = (figures::seconds(self.at), figures::shortest(self.value));
        format!("{},{at},{value}\n", csv_field(self.name))
    }

    /// An object in a line, as `metrics send` reads it.
    pub(in crate::command::metrics) fn json(&self) -> String {
        let (at, value) = (figures::seconds(self.at), figures::shortest(self.value));
        let name = json!(self.name);
        format!("{{\"name\":{name},\"timestamp\":{at},\"value\":{value}}}\n")
    }

    /// For people.
    pub(in crate::command::metrics) fn line(&self, zone: &TimeZone) -> PrintableText {
        shown!(
            "{}  {}  {}",
            figures::time(self.at, zone),
            self.name.to_owned(),
            figures::readable(self.value)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(target: &str, points: &[(i64, f64)]) -> ReadRow {
        ReadRow {
            target: target.to_owned(),
            datapoints: points
                .iter()
                .map(|(at, value)| (Some(*value), Millis(*at)))
                .collect(),
        }
    }

    fn times(samples: &[Sample<'_>]) -> Vec<(String, i64)> {
        samples
            .iter()
            .map(|sample| (sample.name.to_owned(), sample.at.0))
            .collect()
    }

    #[test]
    fn each_sample_is_new_once() {
        let mut new_samples = NewSamples::since(Millis(10));
        let first = [
            row("b", &[(5, 1.0), (10, 1.0), (30, 1.0)]),
            row("a", &[(20, 1.0)]),
        ];
        let taken = new_samples.take(&first);
        assert_eq!(
            times(&taken),
            [("b".into(), 10), ("a".into(), 20), ("b".into(), 30)]
        );
        assert_eq!(new_samples.take(&first), []);
        let second = [row("a", &[(20, 1.0), (40, 1.0)]), row("b", &[(30, 2.0)])];
        assert_eq!(times(&new_samples.take(&second)), [("a".into(), 40)]);
        let late = [row("a", &[(20, 1.0), (25, 1.0), (40, 1.0), (50, 1.0)])];
        let taken = new_samples.take(&late);
        assert_eq!(times(&taken), [("a".into(), 25), ("a".into(), 50)]);
        let empty = [row("a", &[])];
        assert_eq!(new_samples.take(&empty), []);
        assert_eq!(new_samples.seen.len(), 1, "what is gone is not kept");
        assert_eq!(new_samples.take(&late), []);
    }

    #[test]
    fn another_value_is_new_where_changes_are() {
        for (changes, expected) in [
            (Changes::None, &[30][..]),
            (Changes::Newest, &[20, 30][..]),
            (Changes::All, &[10, 20, 30][..]),
        ] {
            let mut new_samples = NewSamples::since(Millis(0));
            new_samples.changes = changes;
            new_samples.take(&[row("a", &[(10, 1.0), (20, 1.0)])]);
            let second = [row("a", &[(10, 2.0), (20, 2.0), (30, 1.0)])];
            let timestamps = times(&new_samples.take(&second)).into_iter();
            let timestamps: Vec<i64> = timestamps.map(|(_, at)| at).collect();
            assert_eq!(timestamps, expected, "{changes:?}");
            assert_eq!(new_samples.take(&second), []);
        }
    }

    #[test]
    fn what_is_written_can_be_sent() {
        let sample = Sample {
            at: Millis(1500),
            name: "a,b",
            value: 1e300,
        };
        assert_eq!(sample.csv(), "\"a,b\",1.5,1e300\n");
        assert_eq!(
            sample.json(),
            "{\"name\":\"a,b\",\"timestamp\":1.5,\"value\":1e300}\n"
        );
        assert_eq!(
            sample.line(&TimeZone::UTC).as_str(),
            "1970-01-01 00:00:01.500  a,b  1e300"
        );
        // Of a server that means no good.
        let sample = Sample {
            name: "\u{1b}]0;x\u{7}\nFORGED",
            ..sample
        };
        let line = sample.line(&TimeZone::UTC);
        assert!(!line.as_str().contains(['\u{1b}', '\u{7}', '\n']));
    }
}
