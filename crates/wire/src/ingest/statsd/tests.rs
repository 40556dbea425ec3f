//! The parser and the aggregator together, against what etsy's statsd documents.

use super::*;
use base::limit::Limit;
use base::sample::Batch;
use base::time::Millis;
use proptest::prelude::*;

mod etsy;
mod lines;
mod sums;

fn limit(name: &'static str) -> Limit {
    Limit {
        name,
        default: 0,
        unit: "",
        help: "",
        settable: true,
    }
}

fn bounds(series: u64, bytes: u64) -> AggregatorLimits {
    AggregatorLimits {
        series: AggregatorLimit {
            limit: limit("series"),
            allowed: series,
        },
        bytes: AggregatorLimit {
            limit: limit("bytes"),
            allowed: bytes,
        },
    }
}

fn new_aggregator(settings: Settings) -> Aggregator {
    Aggregator::new(settings, bounds(1000, 1 << 20)).unwrap()
}

/// Feeds a packet of which everything must be taken.
fn feed(aggregator: &mut Aggregator, text: &str) {
    let reading = packet(text.as_bytes(), true, |metric| aggregator.add(metric));
    assert_eq!(reading.rejects, [], "{text}");
}

fn samples_of(batch: &Batch) -> Vec<(String, f64)> {
    batch
        .iter()
        .map(|sample| (sample.name().into_owned(), sample.value))
        .collect()
}

/// The samples of a flush, by name.
fn flush(aggregator: &mut Aggregator) -> Vec<(String, f64)> {
    let mut samples = samples_of(&aggregator.flush(Millis(1_700_000_000_400)));
    samples.sort_by(|a, b| a.0.cmp(&b.0));
    samples
}

fn expect(aggregator: &mut Aggregator, expected: &[(&str, f64)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(name, value)| ((*name).to_owned(), *value))
        .collect();
    assert_eq!(flush(aggregator), expected);
}
