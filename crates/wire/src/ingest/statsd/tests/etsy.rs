//! Etsy's statsd 0.9.0 for the same lines, with a flush interval of four seconds: it sent Graphite the same names, and the
//! same numbers to the last digit. Its own counters aside.

use super::*;

const LINES: &str = include_str!("etsy/lines.txt");

/// Compares what is told of the lines with what etsy's told.
fn compare(settings: Settings, flushed: &str) {
    let mut aggregator = new_aggregator(Settings {
        flush_interval_ms: 4000,
        ..settings
    });
    feed(&mut aggregator, LINES);
    let expected: Vec<(String, f64)> = flushed
        .lines()
        .map(|line| {
            let (name, value) = line.split_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .filter(|(name, _)| !name.starts_with("statsd."))
        .collect();
    assert!(expected.len() > 70);
    expect(
        &mut aggregator,
        &expected
            .iter()
            .map(|(name, value)| (name.as_str(), *value))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn the_older_names_have_the_numbers_of_etsys() {
    let settings = Settings {
        percentiles: vec![90.0, 99.9, -10.0, 50.0],
        ..Settings::default()
    };
    compare(settings, include_str!("etsy/older.txt"));
}

#[test]
fn the_newer_names_have_the_numbers_of_etsys() {
    let histogram = |metric: &str, bins: &[f64]| Histogram {
        metric: metric.to_owned(),
        bins: bins.to_vec(),
    };
    let settings = Settings {
        percentiles: vec![-33.3],
        legacy_namespace: false,
        prefix: "own".to_owned(),
        suffix: "web1".to_owned(),
        histograms: vec![
            histogram("few", &[]),
            histogram("", &[0.5, 100.0, 250.25, f64::INFINITY]),
        ],
        ..Settings::default()
    };
    compare(settings, include_str!("etsy/newer.txt"));
}
