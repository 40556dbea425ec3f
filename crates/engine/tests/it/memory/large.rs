//! Large batches: each is stored, or told at once that no batch may need so much. None is put off for ever.

use super::{BUDGET, opened};
use crate::support::{MINUTE, NOON, batch, figure, scope};
use base::context::Stop;
use base::limit;
use base::sample::{Appended, RejectReason};
use base::store::{Durability, SampleStore, StoreError};

/// As one batch, into a store with nothing in memory.
fn appended(samples: &[(&str, i64, f64)]) -> Result<Appended, StoreError> {
    let (engine, _gate) = opened(|_| {});
    let appended = engine.append(&scope(1), &batch(samples), Durability::Buffered);
    let held = figure(&engine, "head_bytes");
    assert!(held <= BUDGET as f64, "{held}");
    appended
}

/// Each time that a name came again it counted as a new series.
#[test]
fn a_batch_that_alternates_between_two_names_takes_what_two_series_take() {
    let samples: Vec<(&str, i64, f64)> = (0..12_000)
        .map(|at| (["one", "two"][at as usize % 2], NOON - MINUTE + at, 1.0))
        .collect();
    assert_eq!(appended(&samples).unwrap().stored, 12_000);
}

/// Each sample counted as one of the first four of its series, which pay most.
#[test]
fn many_samples_of_one_series_take_no_more_than_they_need() {
    let samples: Vec<(&str, i64, f64)> = (0..20_000)
        .map(|at| ("one", NOON - MINUTE + at, 1.0))
        .collect();
    assert_eq!(appended(&samples).unwrap().stored, 20_000);
}

/// Memory was reserved for them before anybody looked at their time.
#[test]
fn samples_that_are_not_accepted_take_nothing() {
    let names: Vec<String> = (0..20_000).map(|index| format!("old.{index}")).collect();
    let old: Vec<(&str, i64, f64)> = names.iter().map(|name| (name.as_str(), 0, 1.0)).collect();
    let appended = appended(&old).unwrap();
    assert_eq!((appended.stored, appended.rejected.len()), (0, 20_000));
    let reasons = appended.rejected.iter();
    assert!({ reasons }.all(|(_, why)| matches!(why, RejectReason::TooOld { .. })));
}

/// It was told to come back in a second, for ever.
#[test]
fn a_batch_that_can_never_fit_is_told_so_and_half_of_it_is_stored() {
    let names: Vec<String> = (0..4000).map(|index| format!("new.{index}")).collect();
    let new: Vec<(&str, i64, f64)> = names
        .iter()
        .map(|name| (name.as_str(), NOON, 1.0))
        .collect();
    let Err(StoreError::Stopped(stop)) = appended(&new) else {
        panic!("more than all of it");
    };
    let Stop::TooMuch {
        limit,
        needed,
        most,
        allowed,
    } = stop
    else {
        panic!("{stop}");
    };
    assert_eq!((limit, allowed), (&limit::HEAD_BYTES, BUDGET));
    assert!(needed > most && most == BUDGET / 4 * 3, "{stop}");
    let fits = new.get(..1500).unwrap();
    assert_eq!(appended(fits).unwrap().stored, 1500);
}
