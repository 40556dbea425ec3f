//! Block directories stay on the disk: whatever of them is held in memory, answers are the same.

use crate::support::{DAY, MINUTE, NOON, config, fetch_in, figure, open_with, range, send};
use base::store::SampleStore;
use base::time::{ManualClock, Millis, TimeRange};
use engine::storage::faulty::Faulty;
use engine::{Engine, EngineConfig};
use std::sync::Arc;

const SERIES: usize = 300;

fn opened(storage: &Faulty, directory_cache_bytes: u64) -> Engine {
    let config = EngineConfig {
        directory_cache_bytes,
        ..config()
    };
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    open_with(config, storage, &clock).unwrap().0
}

/// Segments of some days and late ones, of two tenants, with as many blocks as fill several pages each.
fn filled(storage: &Faulty) {
    let engine = opened(storage, 1 << 20);
    for round in 0..4_i64 {
        for tenant in [1, 2] {
            let names: Vec<String> = (0..SERIES)
                .map(|index| format!("many.s{index:03}"))
                .collect();
            let samples: Vec<(&str, i64, f64)> = names
                .iter()
                .enumerate()
                .flat_map(|(at, name)| {
                    let value = at as f64 + round as f64;
                    [0, 1, 2].map(|day| (name.as_str(), NOON - day * DAY + round * MINUTE, value))
                })
                .collect();
            send(&engine, tenant, &samples);
        }
        let far: Vec<(&str, i64, f64)> = (3..40)
            .map(|day| ("far.back", NOON - day * DAY + round, day as f64))
            .collect();
        send(&engine, 1, &far);
        engine.flush().unwrap();
    }
}

type Answer = Vec<(String, Vec<i64>, Vec<f64>)>;

fn answers(engine: &Engine) -> Vec<Answer> {
    let ranges = [
        TimeRange::ALL,
        range(NOON - DAY, NOON),
        range(NOON + 1, NOON + 2 * MINUTE),
        range(NOON - 20 * DAY, NOON - 10 * DAY),
    ];
    let ask = |tenant, range| -> Answer {
        let found = fetch_in(engine, tenant, "*.*", range).into_iter();
        found
            .map(|series| {
                let timestamps = series.timestamps.iter().map(|at| at.0).collect();
                (series.name().into_owned(), timestamps, series.values)
            })
            .collect()
    };
    let asked = ranges
        .iter()
        .flat_map(|range| [1, 2].map(|tenant| ask(tenant, *range)));
    asked.collect()
}

#[test]
fn any_budget_for_directories_gives_the_same_answers_and_is_kept() {
    let storage = Faulty::new(1);
    filled(&storage);
    let whole = opened(&storage, 1 << 30);
    let expected = answers(&whole);
    let samples = |answer: &Answer| answer.iter().map(|(_, at, _)| at.len()).sum::<usize>();
    assert_eq!(samples(&expected[0]), 12 * SERIES + 4 * 37);
    assert_eq!(
        samples(&expected[5]),
        4 * SERIES / 2,
        "two rounds of two days"
    );
    let all_pages = figure(&whole, "directory_cache_bytes");
    let misses = figure(&whole, "directory_cache_misses_total");
    assert_eq!(answers(&whole), expected);
    assert_eq!(
        figure(&whole, "directory_cache_misses_total"),
        misses,
        "all is held"
    );
    let index = figure(&whole, "directory_index_bytes");
    assert!(
        index > 0.0 && index < all_pages / 50.0,
        "{index} of {all_pages}"
    );
    drop(whole);
    for budget in [0, 20_000, 100_000] {
        let engine = opened(&storage, budget);
        assert_eq!(answers(&engine), expected, "{budget} bytes");
        let held = figure(&engine, "directory_cache_bytes");
        assert!(
            held <= budget as f64 && held < all_pages,
            "{held} of {budget}"
        );
        // Merges read directories past the cache.
        engine.compact().unwrap();
        assert_eq!(figure(&engine, "directory_cache_bytes"), held);
        assert_eq!(answers(&engine), expected, "{budget} bytes, merged");
    }
}
