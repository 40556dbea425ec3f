//! The engine against a map: whatever is done to both, in whatever order, both hold the same.

use crate::support::{
    DAY, MINUTE, NOON, config, delete, fetch_in, find, find_in, metering, open_with, range, send,
};
use base::sample::Series;
use base::series::SeriesKey;
use base::store::SampleStore;
use base::time::{ManualClock, Millis, TimeRange};
use engine::storage::faulty::Faulty;
use engine::{Engine, EngineConfig};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const NAMES: [&str; 6] = ["a.x", "a.y", "a.x.deep", "b.x", "b", "c;host=1"];
const PATTERNS: [&str; 7] = ["*", "a.*", "*.x", "b", "c*", "a.x", "nothing"];

#[derive(Debug, Clone)]
enum Operation {
    /// Tenant, then samples: name, instant, value.
    Send(u32, Vec<(usize, i64, f64)>),
    Delete(u32, usize),
    DeleteRange(u32, usize, i64, i64),
    Flush,
    Compact,
    Reopen,
    Crash,
}

fn instant() -> impl Strategy<Value = i64> {
    // Few enough that they collide, over three days.
    (0_i64..3, prop_oneof![4 => 0_i64..40, 1 => 0_i64..1440])
        .prop_map(|(day, minute)| NOON - day * DAY - minute * MINUTE)
}

fn operation() -> impl Strategy<Value = Operation> {
    let tenant = 1_u32..3;
    let value = prop_oneof![
        (-50_i32..50).prop_map(|value| f64::from(value) / 4.0),
        -1e9..1e9
    ];
    let sample = (0..NAMES.len(), instant(), value);
    prop_oneof![
        8 => (tenant.clone(), prop::collection::vec(sample, 1..20)).prop_map(|(t, samples)| Operation::Send(t, samples)),
        1 => (tenant.clone(), 0..PATTERNS.len()).prop_map(|(t, pattern)| Operation::Delete(t, pattern)),
        2 => (tenant, 0..PATTERNS.len(), instant(), instant())
            .prop_map(|(t, pattern, a, b)| Operation::DeleteRange(t, pattern, a.min(b), a.max(b))),
        3 => Just(Operation::Flush),
        2 => Just(Operation::Compact),
        1 => Just(Operation::Reopen),
        1 => Just(Operation::Crash),
    ]
}

/// Tenant and name to samples.
type Model = BTreeMap<(u32, &'static str), BTreeMap<i64, f64>>;

/// Whether the series, or a node that it lies below, fits.
fn fits(pattern: &str, name: &str) -> bool {
    let pattern = base::pattern::Pattern::parse(pattern).unwrap();
    let above = name
        .match_indices('.')
        .filter_map(|(dot, _)| name.get(..dot));
    above.chain([name]).any(|node| pattern.matches(node))
}

fn check_equal(engine: &Engine, model: &Model) {
    for tenant in 1..3 {
        let mut expected = Vec::new();
        for ((_, name), samples) in model.iter().filter(|((owner, _), _)| *owner == tenant) {
            expected.push(Series {
                key: SeriesKey::parse_graphite(name).unwrap(),
                timestamps: samples.keys().copied().map(Millis).collect(),
                values: samples.values().copied().collect(),
            });
        }
        let mut found = Vec::new();
        for depth in ["*", "*.*", "*.*.*"] {
            found.extend(fetch_in(engine, tenant, depth, TimeRange::ALL));
        }
        found.sort_by(|left, right| left.key.cmp(&right.key));
        assert_eq!(found, expected);
        let usage = engine.usage(&metering(tenant)).unwrap();
        assert_eq!(usage.series, expected.len() as u64);
        let key_bytes = expected
            .iter()
            .map(|series| series.key.as_str().len() as u64);
        assert_eq!(usage.name_bytes, key_bytes.sum::<u64>());
        let names: Vec<_> = expected.iter().map(Series::name).collect();
        let roots: BTreeSet<&str> = names
            .iter()
            .filter_map(|name| name.split('.').next())
            .collect();
        let listed = find(engine, tenant, "*");
        let listed: BTreeSet<&str> = listed
            .iter()
            .filter_map(|line| line.split(' ').next())
            .collect();
        assert_eq!(listed, roots);
        for day in 0..3 {
            let start = (NOON - day * DAY).div_euclid(DAY) * DAY;
            let whole = range(start, start + DAY - 1);
            let active = find_in(engine, tenant, "*.*", Some(whole));
            for series in expected
                .iter()
                .filter(|series| series.name().split('.').count() == 2)
            {
                let has = series.timestamps.iter().any(|at| whole.contains(*at));
                assert!(
                    !has || active.iter().any(|line| line.starts_with(&*series.name())),
                    "{active:?} {series:?}"
                );
            }
        }
    }
}

fn play(operations: Vec<Operation>, config: &EngineConfig, seed: u64) {
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let mut storage = Faulty::new(seed);
    let mut engine = open_with(config.clone(), &storage, &clock).unwrap().0;
    let mut model = Model::new();
    for operation in operations {
        match operation {
            Operation::Send(tenant, samples) => {
                let named: Vec<_> = samples
                    .iter()
                    .map(|(name, at, value)| (NAMES[*name], *at, *value))
                    .collect();
                let distinct: BTreeSet<_> = named.iter().map(|(name, at, _)| (name, at)).collect();
                let appended = send(&engine, tenant, &named);
                let left = distinct.len() as u64;
                assert_eq!(appended.stored, left);
                assert_eq!(appended.overwritten, named.len() as u64 - left);
                for (name, at, value) in named {
                    model.entry((tenant, name)).or_default().insert(at, value);
                }
            }
            Operation::Delete(tenant, pattern) => {
                let before = model.len();
                model.retain(|(owner, name), _| *owner != tenant || !fits(PATTERNS[pattern], name));
                let deleted = delete(&engine, tenant, PATTERNS[pattern], None);
                assert_eq!(deleted, (before - model.len()) as u64);
            }
            Operation::DeleteRange(tenant, pattern, from, until) => {
                delete(&engine, tenant, PATTERNS[pattern], Some(range(from, until)));
                for ((owner, name), samples) in &mut model {
                    if *owner == tenant && fits(PATTERNS[pattern], name) {
                        samples.retain(|at, _| !(from..=until).contains(at));
                    }
                }
            }
            Operation::Flush => engine.flush().unwrap(),
            Operation::Compact => engine.compact().unwrap(),
            Operation::Reopen => {
                drop(engine);
                engine = open_with(config.clone(), &storage, &clock).unwrap().0;
            }
            Operation::Crash => {
                let after = storage.crash();
                drop(engine);
                storage = after;
                engine = open_with(config.clone(), &storage, &clock).unwrap().0;
            }
        }
        check_equal(&engine, &model);
    }
    engine.flush().unwrap();
    check_equal(&engine, &model);
    drop(engine);
    check_equal(
        &open_with(config.clone(), &storage, &clock).unwrap().0,
        &model,
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn engine_and_map_hold_the_same(operations in prop::collection::vec(operation(), 1..40), seed: u64) {
        play(operations, &EngineConfig { segments_per_day: 2, ..config() }, seed);
    }

    #[test]
    fn also_when_it_flushes_by_itself(operations in prop::collection::vec(operation(), 1..30), seed: u64) {
        play(operations, &EngineConfig { flush_samples: 15, segments_per_day: 1, ..config() }, seed);
    }
}
