use super::*;

#[test]
fn the_older_names_are_etsys() {
    let mut aggregator = new_aggregator(Settings::default());
    feed(
        &mut aggregator,
        "gorets:1|c\ngorets:2|c|@0.1\ngaugor:333|g\ngaugor:-10|g\ngaugor:+4|g\nuniques:765|s\nuniques:766|s\nuniques:765|s\nt;k=v:1|c",
    );
    expect(
        &mut aggregator,
        &[
            ("stats.gauges.gaugor", 327.0),
            ("stats.gorets", 2.1),
            ("stats.sets.uniques.count", 2.0),
            ("stats.t;k=v", 0.1),
            ("stats_counts.gorets", 21.0),
            ("stats_counts.t;k=v", 1.0),
        ],
    );
    // Nothing has come since: counters and sets are nothing, a gauge is what it was.
    expect(
        &mut aggregator,
        &[
            ("stats.gauges.gaugor", 327.0),
            ("stats.gorets", 0.0),
            ("stats.sets.uniques.count", 0.0),
            ("stats.t;k=v", 0.0),
            ("stats_counts.gorets", 0.0),
            ("stats_counts.t;k=v", 0.0),
        ],
    );
}

#[test]
fn the_newer_names_are_etsys() {
    let mut aggregator = new_aggregator(Settings {
        legacy_namespace: false,
        prefix: "p".into(),
        prefix_counter: "c".into(),
        prefix_gauge: String::new(),
        suffix: "web1".into(),
        ..Settings::default()
    });
    feed(&mut aggregator, "gorets:10|c\ngaugor:333|g\nuniques:765|s");
    expect(
        &mut aggregator,
        &[
            ("p.c.gorets.count.web1", 10.0),
            ("p.c.gorets.rate.web1", 1.0),
            ("p.gaugor.web1", 333.0),
            ("p.sets.uniques.count.web1", 1.0),
        ],
    );
    let mut aggregator = new_aggregator(Settings {
        counts: false,
        ..Settings::default()
    });
    feed(&mut aggregator, "gorets:10|c");
    expect(&mut aggregator, &[("stats.gorets", 1.0)]);
}

/// The samples of the timer `t`.
fn timer(aggregator: &mut Aggregator, lines: &str) -> Vec<(String, f64)> {
    feed(aggregator, lines);
    let sums = flush(aggregator).into_iter().map(|(name, value)| {
        let sum = name.strip_prefix("stats.timers.t.").unwrap();
        (sum.to_owned(), value)
    });
    sums.collect()
}

fn of(sums: &[(String, f64)], sum: &str) -> Option<f64> {
    sums.iter()
        .find(|(name, _)| name == sum)
        .map(|(_, value)| *value)
}

#[test]
fn timers_tell_what_etsys_tell() {
    let mut aggregator = new_aggregator(Settings {
        percentiles: vec![90.0, 99.9, -10.0, 1.0],
        ..Settings::default()
    });
    let lines: Vec<_> = (1..=10).map(|time| format!("t:{time}0|ms|@0.5")).collect();
    let sums = timer(&mut aggregator, &lines.join("\n"));
    let expected = [
        ("count", Some(20.0)),
        ("count_ps", Some(2.0)),
        ("lower", Some(10.0)),
        ("upper", Some(100.0)),
        ("sum", Some(550.0)),
        ("sum_squares", Some(38_500.0)),
        ("mean", Some(55.0)),
        ("median", Some(55.0)),
        ("std", Some(825.0_f64.sqrt())),
        ("count_90", Some(9.0)),
        ("mean_90", Some(50.0)),
        ("upper_90", Some(90.0)),
        ("sum_90", Some(450.0)),
        ("sum_squares_90", Some(28_500.0)),
        ("count_99_9", Some(10.0)),
        ("upper_99_9", Some(100.0)),
        ("count_top10", Some(1.0)),
        ("mean_top10", Some(100.0)),
        ("lower_top10", Some(100.0)),
        ("sum_top10", Some(100.0)),
        ("sum_squares_top10", Some(10_000.0)),
        // One hundredth of ten is none of them.
        ("count_1", None),
        ("upper_1", None),
    ];
    for (sum, value) in expected {
        assert_eq!(of(&sums, sum), value, "{sum}");
    }
    assert_eq!(sums.len(), 9 + 3 * 5);

    // One value is all percentiles.
    let sums = timer(&mut aggregator, "t:7|ms");
    for (sum, value) in [
        ("upper_1", 7.0),
        ("lower_top10", 7.0),
        ("count_90", 1.0),
        ("median", 7.0),
        ("std", 0.0),
    ] {
        assert_eq!(of(&sums, sum), Some(value), "{sum}");
    }
    // None is a count of none.
    assert_eq!(
        timer(&mut aggregator, ""),
        [("count".to_owned(), 0.0), ("count_ps".to_owned(), 0.0)]
    );
}

#[test]
fn the_whole_is_the_top_of_everything() {
    let mut aggregator = new_aggregator(Settings {
        percentiles: vec![-100.0],
        ..Settings::default()
    });
    let sums = timer(&mut aggregator, "t:1:2:3|ms");
    assert_eq!(of(&sums, "sum_top100"), Some(6.0));
    assert_eq!(of(&sums, "lower_top100"), Some(1.0));
}

#[test]
fn histograms_tell_how_often() {
    let histogram = |metric: &str, bins: &[f64]| Histogram {
        metric: metric.to_owned(),
        bins: bins.to_vec(),
    };
    let mut aggregator = new_aggregator(Settings {
        histograms: vec![
            histogram("foo", &[]),
            histogram("", &[0.01, 1.0, 50.0, f64::INFINITY]),
        ],
        ..Settings::default()
    });
    let sums = timer(&mut aggregator, "t:0.005:0.01:0.99:1:49:50:1000|h");
    for (bin, count) in [("0_01", 1.0), ("1", 2.0), ("50", 2.0), ("inf", 2.0)] {
        assert_eq!(
            of(&sums, &format!("histogram.bin_{bin}")),
            Some(count),
            "{bin}"
        );
    }
    let mut other = new_aggregator(aggregator.settings().clone());
    feed(&mut other, "a.foo.b:1|ms");
    let sums = flush(&mut other);
    assert_eq!(of(&sums, "stats.timers.a.foo.b.count"), Some(1.0));
    assert!(sums.iter().all(|(name, _)| !name.contains("histogram")));
}

#[test]
fn what_is_idle_is_forgotten_where_that_is_set() {
    let mut aggregator = new_aggregator(Settings {
        gauge_flushes: 2,
        ..Settings::default().deleting_idle()
    });
    feed(&mut aggregator, "c:1|c\ng:1|g\ns:1|s\nt:1|ms");
    assert_eq!(aggregator.series(), 4);
    flush(&mut aggregator);
    assert_eq!(aggregator.series(), 1);
    expect(&mut aggregator, &[("stats.gauges.g", 1.0)]);
    expect(&mut aggregator, &[]);
    assert_eq!((aggregator.series(), aggregator.bytes()), (0, 0));
}

/// Nothing was ever forgotten where it was not set: whoever makes up names had the room for ever.
#[test]
fn what_is_idle_for_long_is_forgotten_in_any_case() {
    let mut aggregator = new_aggregator(Settings {
        idle_flushes: 3,
        gauge_flushes: 100,
        delete_gauges: true,
        ..Settings::default()
    });
    feed(&mut aggregator, "c:1|c\ng:1|g\ns:1|s\nt:1|ms\nlive:1|c");
    for flush in 1..=3 {
        assert_eq!(aggregator.series(), 5);
        let taken = aggregator.take_out();
        // The gauge is forgotten because that is set.
        assert_eq!(taken.forgotten(), if flush == 3 { 3 } else { 0 });
        feed(&mut aggregator, "live:1|c");
    }
    assert_eq!(aggregator.series(), 1);
    // Each of them begins anew when something comes of it.
    feed(&mut aggregator, "c:1|c\ns:1|s");
    for _ in 0..2 {
        aggregator.take_out();
        feed(&mut aggregator, "live:1|c\ns:1|s");
    }
    aggregator.take_out();
    assert_eq!(aggregator.series(), 2);
}

/// Sums that a flush has taken out count as memory, and the aggregator goes on meanwhile.
#[test]
fn what_is_taken_out_is_told_while_more_comes() {
    let mut aggregator = new_aggregator(Settings::default());
    feed(&mut aggregator, "c:1|c\nt:1:2:3|ms\ns:a|s\ns:b|s\ng:5|g");
    let before = aggregator.bytes();
    let taken = aggregator.take_out();
    assert_eq!(taken.bytes() + aggregator.bytes(), before);
    assert!(taken.bytes() > 0);
    feed(&mut aggregator, "c:7|c\nt:9|ms\ns:c|s\ng:+1|g");
    let mut all = Vec::new();
    let mut batches = 0;
    let left_out = taken.emit(Millis(0), 4, |batch| {
        assert!(batch.len() <= 4);
        batches += 1;
        all.extend(samples_of(&batch));
    });
    assert_eq!((left_out, batches), (0, all.len().div_ceil(4)));
    let after = samples_of(&aggregator.flush(Millis(0)));
    for (name, first, second) in [
        ("stats_counts.c", 1.0, 7.0),
        ("stats.timers.t.sum", 6.0, 9.0),
        ("stats.sets.s.count", 2.0, 1.0),
        ("stats.gauges.g", 5.0, 6.0),
    ] {
        assert_eq!(of(&all, name), Some(first), "{name}");
        assert_eq!(of(&after, name), Some(second), "{name}");
    }
}

#[test]
fn all_samples_of_a_flush_have_its_second() {
    let mut aggregator = new_aggregator(Settings::default());
    feed(&mut aggregator, "c:1|c");
    let batch = aggregator.flush(Millis(1_700_000_000_500));
    assert!(!batch.is_empty());
    assert!(
        batch
            .iter()
            .all(|sample| sample.at == Millis(1_700_000_001_000))
    );
}

#[test]
fn what_has_no_room_is_refused_and_costs_nothing_that_is_there() {
    let mut aggregator = Aggregator::new(Settings::default(), bounds(2, 1 << 20)).unwrap();
    feed(&mut aggregator, "a:1|c\nb:1|g");
    let reading = packet(b"a:1|c\nc:1|c\nb:+1|g", true, |metric| {
        aggregator.add(metric)
    });
    assert_eq!(reading.rejects.len(), 1);
    assert_eq!(
        reading.rejects[0].reason.to_string(),
        "what is kept until the next flush would exceed `series` = 2"
    );
    expect(
        &mut aggregator,
        &[
            ("stats.a", 0.2),
            ("stats.gauges.b", 2.0),
            ("stats_counts.a", 2.0),
        ],
    );

    let mut aggregator = Aggregator::new(Settings::default(), bounds(100, 10_000)).unwrap();
    let mut refused = 0;
    for member in 0..1000 {
        let line = format!("s:{member}|s\nt:{member}|ms");
        refused += packet(line.as_bytes(), true, |metric| aggregator.add(metric)).rejected();
        assert!(aggregator.bytes() <= 10_000);
    }
    assert!(refused > 1500, "{refused}");
    flush(&mut aggregator);
    feed(&mut aggregator, "s:1|s\nt:1|ms");
}

#[test]
fn a_name_whose_sums_would_have_none_is_refused_when_it_comes() {
    let mut aggregator = new_aggregator(Settings::default());
    let name = "a".repeat(1024 - "stats.timers..sum_squares_90".len());
    feed(&mut aggregator, &format!("{name}:1|ms"));
    for line in [
        format!("{name}a:1|ms"),
        format!("{}:1|c", vec!["a"; 64].join(".")),
    ] {
        let reading = packet(line.as_bytes(), true, |metric| aggregator.add(metric));
        assert_eq!(reading.rejects[0].reason.code(), "name");
    }
    assert_eq!(flush(&mut aggregator).len(), 9 + 5);
}

/// The names of a timer's sums were made for each of its values before anybody asked whether there was room for one.
#[test]
fn room_is_asked_for_before_names_are_made() {
    // None of its sums could have a name.
    let name = "a".repeat(1024);
    for (bounds, limit) in [(bounds(1, 1 << 20), "series"), (bounds(1000, 300), "bytes")] {
        let mut aggregator = Aggregator::new(Settings::default(), bounds).unwrap();
        feed(&mut aggregator, "b:1|c");
        for kind in ["c", "ms", "g", "s"] {
            let line = format!("{name}:1|{kind}");
            let reading = packet(line.as_bytes(), true, |metric| aggregator.add(metric));
            let message = reading.rejects[0].reason.to_string();
            let expected = format!("what is kept until the next flush would exceed `{limit}` = ");
            assert!(message.starts_with(&expected), "{kind}: {message}");
        }
        assert_eq!(aggregator.series(), 1);
    }
}

#[test]
fn settings_that_can_not_be_are_refused() {
    let defaults = Settings::default;
    for (settings, expected) in [
        (
            Settings {
                flush_interval_ms: 0,
                ..defaults()
            },
            "a flush interval of 0 ms has no rates",
        ),
        (
            Settings {
                percentiles: vec![0.0],
                ..defaults()
            },
            "0 is not a percentile: it must be between 0 and 100, or -100 and 0 for the highest values",
        ),
        (
            Settings {
                percentiles: vec![f64::NAN],
                ..defaults()
            },
            "NaN is not a percentile: it must be between 0 and 100, or -100 and 0 for the highest values",
        ),
        (
            Settings {
                percentiles: vec![1.0; 65],
                ..defaults()
            },
            "65 percentiles are more than 64",
        ),
        (
            Settings {
                prefix: "a b".into(),
                ..defaults()
            },
            "the prefix or suffix `a b` is no path",
        ),
        (
            Settings {
                suffix: "a;b=c".into(),
                ..defaults()
            },
            "the prefix or suffix `a;b=c` is no path",
        ),
        (
            Settings {
                histograms: vec![Histogram {
                    metric: String::new(),
                    bins: vec![2.0, 1.0],
                }],
                ..defaults()
            },
            "the bins of a histogram must ascend",
        ),
    ] {
        let error = Aggregator::new(settings, bounds(1, 1)).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

proptest! {
    #[test]
    fn what_comes_out_does_not_depend_on_the_order_of_different_names(
        lines in prop::collection::vec(("[a-d]", 1_u32..100, "(c|ms|s)"), 1..30),
        turn in 0_usize..30,
    ) {
        let text = |lines: &[(String, u32, String)]| {
            let lines: Vec<_> = lines.iter().map(|(name, value, kind)| format!("{name}:{value}|{kind}")).collect();
            lines.join("\n")
        };
        let mut turned = lines.clone();
        turned.rotate_left(turn % lines.len());
        let (mut one, mut other) = (new_aggregator(Settings::default()), new_aggregator(Settings::default()));
        feed(&mut one, &text(&lines));
        feed(&mut other, &text(&turned));
        prop_assert_eq!(one.bytes(), other.bytes());
        prop_assert_eq!(samples_of(&one.flush(Millis(0))), samples_of(&other.flush(Millis(0))));
    }

    #[test]
    fn sums_of_timers_are_those_of_the_plain_way(values in prop::collection::vec(0_u32..1000, 2..60), percent in 1_u32..=100) {
        let mut aggregator = new_aggregator(Settings { percentiles: vec![f64::from(percent), -f64::from(percent)], ..Settings::default() });
        let lines: Vec<_> = values.iter().map(|value| format!("t:{value}|ms")).collect();
        let sums = timer(&mut aggregator, &lines.join("\n"));
        let mut sorted = values.clone();
        sorted.sort_unstable();
        let selected = (f64::from(percent) / 100.0 * sorted.len() as f64).round() as usize;
        if selected > 0 {
            let low: u32 = sorted[..selected].iter().sum();
            let high: u32 = sorted[sorted.len() - selected..].iter().sum();
            prop_assert_eq!(of(&sums, &format!("sum_{percent}")), Some(f64::from(low)));
            prop_assert_eq!(of(&sums, &format!("sum_top{percent}")), Some(f64::from(high)));
            prop_assert_eq!(of(&sums, &format!("upper_{percent}")), Some(f64::from(sorted[selected - 1])));
        } else {
            prop_assert_eq!(of(&sums, &format!("sum_{percent}")), None);
        }
        prop_assert_eq!(of(&sums, "sum"), Some(f64::from(values.iter().sum::<u32>())));
    }
}

/// Two large counts made an infinite one, which was stored.
#[test]
fn sums_that_are_no_finite_number_are_left_out() {
    let mut aggregator = new_aggregator(Settings::default());
    feed(&mut aggregator, "a:1e308|c\na:1e308|c\nb:1|c");
    let mut all = Vec::new();
    let taken = aggregator.take_out();
    let left_out = taken.emit(Millis(0), 10, |batch| all.extend(samples_of(&batch)));
    assert!(left_out > 0);
    assert!(!all.is_empty() && all.iter().all(|sample| sample.1.is_finite()));
}
