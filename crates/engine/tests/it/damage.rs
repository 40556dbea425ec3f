//! A disk that lies: whichever byte of whichever file changes, or wherever a file ends too early, the store names the
//! file or gives the right samples. It never panics, and never gives others.

use crate::fetching::Fetching;
use crate::support::{
    DAY, MINUTE, NOON, config, delete, find, open_with, range, scope, send, send_to,
};
use base::context::Context;
use base::selector::Selector;
use base::store::{FetchQuery, SampleStore, Shape, StoreError};
use base::time::{ManualClock, Millis, TimeRange};
use engine::Engine;
use engine::storage::Storage;
use engine::storage::faulty::Faulty;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const ROOT: &str = "/samples";

/// Every file of a store.
type Image = BTreeMap<PathBuf, Vec<u8>>;

/// Every series of both tenants with its samples.
type State = BTreeMap<(u32, String), Vec<(i64, f64)>>;

/// splitmix64
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }
}

fn image(storage: &Faulty) -> Image {
    let mut image = Image::new();
    let mut dirs = vec![PathBuf::from(ROOT)];
    while let Some(dir) = dirs.pop() {
        for name in storage.list(&dir).unwrap() {
            let path = dir.join(name);
            match storage.read(&path) {
                Ok(bytes) => drop(image.insert(path, bytes)),
                Err(_) => dirs.push(path),
            }
        }
    }
    image
}

fn stored(image: &Image) -> Faulty {
    let storage = Faulty::new(1);
    for (path, bytes) in image {
        storage.create_dir(path.parent().unwrap()).unwrap();
        storage.create(path).unwrap().append(bytes).unwrap();
    }
    storage
}

fn state(engine: &Engine) -> Result<State, StoreError> {
    let mut state = State::new();
    for tenant in 1..3 {
        for depth in ["*", "*.*"] {
            let selector = Selector::parse(depth).unwrap();
            let query = FetchQuery {
                selector: &selector,
                shape: Shape::Raw(TimeRange::ALL),
            };
            for series in engine.fetch(&scope(tenant), &query, &Context::unlimited())? {
                let name = series.name().into_owned();
                let at = series.timestamps.iter().map(|at| at.0);
                let samples: Vec<(i64, f64)> = at.zip(series.values).collect();
                // A write that was torn after its new names leaves these; it was never acknowledged.
                if !samples.is_empty() {
                    state.insert((tenant, name), samples);
                }
            }
        }
    }
    Ok(state)
}

/// A store with two days, merged and fresh segments, three name files, a deletion in the manifest, and two log files
/// of several commits. Returns its files, and its state now and after each commit that is only in the last log file.
fn story() -> (Image, Vec<State>) {
    let storage = Faulty::new(1);
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let reopen = || open_with(config(), &storage, &clock).unwrap().0;
    let engine = reopen();
    for round in 0..3_i64 {
        for at in 0..40 {
            let instant = NOON - at * MINUTE - round;
            send(
                &engine,
                1,
                &[
                    ("a.x", instant, at as f64 / 4.0),
                    ("a.y", instant - DAY, 1.0),
                ],
            );
        }
        send_to(
            &engine,
            2,
            &format!("n.{round}"),
            NOON,
            (round as f64).sqrt(),
        );
        engine.flush().unwrap();
        if round == 1 {
            delete(&engine, 2, "n.0", None);
            engine.compact().unwrap();
        }
    }
    delete(
        &engine,
        1,
        "a.x",
        Some(range(NOON - 9 * MINUTE, NOON - 5 * MINUTE)),
    );
    engine.flush().unwrap();
    send(&engine, 1, &[("late", NOON - 3, 1.0)]);
    drop(engine);
    let engine = reopen();
    let mut states = Vec::new();
    for at in 0..4 {
        states.push(state(&engine).unwrap());
        send(
            &engine,
            1,
            &[("a.x", NOON + at, 9.0), ("tail", NOON + at, at as f64)],
        );
    }
    states.push(state(&engine).unwrap());
    drop(engine);
    (image(&storage), states)
}

/// Opens the damaged store. Returns the file that an error names; none where it opens, and then its content is compared with `states`.
fn open_and_compare(storage: &Faulty, states: &[State], what: &str) -> Option<PathBuf> {
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let named = |error: StoreError| match error {
        StoreError::Damaged { place, .. } => Some(PathBuf::from(place)),
        other => panic!("{what}: {other:?}"),
    };
    let (engine, report) = match open_with(config(), storage, &clock) {
        Ok(opened) => opened,
        Err(error) => return named(error),
    };
    match state(&engine) {
        Err(error) => named(error),
        Ok(state) => {
            let whole = states.last() == Some(&state);
            assert!(
                whole || (report.torn.is_some() && states.contains(&state)),
                "{what}: {report}: {:?}",
                find(&engine, 1, "*")
            );
            None
        }
    }
}

#[test]
fn a_changed_byte_is_named_or_harmless() {
    let (image, states) = story();
    let kinds = |extension: &str| {
        let has = |path: &&PathBuf| path.extension().is_some_and(|found| found == extension);
        image.keys().filter(has).count()
    };
    assert_eq!(
        (kinds("seg"), kinds("names"), kinds("wal"), kinds("json")),
        (5, 3, 2, 1)
    );
    let mut random = Random(7);
    let (mut named, mut silent) = (0, 0);
    for (path, bytes) in &image {
        for round in 0..160 {
            // The ends, where headers and footers are, and anywhere between.
            let offset = match round {
                0..40 => round.min(bytes.len() - 1),
                40..100 => bytes.len() - 1 - (round - 40).min(bytes.len() - 1),
                _ => random.below(bytes.len()),
            };
            let mut spoilt = image.clone();
            spoilt.get_mut(path).unwrap()[offset] ^= 1 << random.below(8);
            let what = format!("{} at {offset}", path.display());
            match open_and_compare(&stored(&spoilt), &states, &what) {
                Some(file) => {
                    assert_eq!(&file, path, "{what}");
                    named += 1;
                }
                None => silent += 1,
            }
        }
    }
    // Silent is only the very end of the log, where damage looks like a torn write.
    assert!(named > 10 * silent, "{named} named, {silent} not");
}

#[test]
fn a_file_that_ends_early_is_named_or_a_torn_write() {
    let (image, states) = story();
    let last_log = image
        .keys()
        .rfind(|path| path.starts_with("/samples/wal"))
        .unwrap();
    let mut random = Random(11);
    for (path, bytes) in &image {
        for round in 0..40 {
            let length = if round == 0 {
                0
            } else {
                random.below(bytes.len())
            };
            let mut spoilt = image.clone();
            spoilt.get_mut(path).unwrap().truncate(length);
            let what = format!("{} cut to {length}", path.display());
            let clock = Arc::new(ManualClock::at(Millis(NOON)));
            let storage = stored(&spoilt);
            if path == last_log {
                // A cut between two commits leaves no trace: what is there is the state after one of them.
                if let Ok((engine, _)) = open_with(config(), &storage, &clock) {
                    assert!(states.contains(&state(&engine).unwrap()), "{what}");
                }
            } else {
                assert_eq!(
                    open_and_compare(&storage, &states, &what).as_ref(),
                    Some(path),
                    "{what}"
                );
            }
        }
    }
}

#[test]
fn a_missing_file_is_named() {
    let (image, _) = story();
    let logs: Vec<&PathBuf> = image
        .keys()
        .filter(|path| path.starts_with("/samples/wal"))
        .collect();
    for path in image.keys().filter(|path| Some(path) != logs.last()) {
        let mut spoilt = image.clone();
        spoilt.remove(path);
        let clock = Arc::new(ManualClock::at(Millis(NOON)));
        let error = open_with(config(), &stored(&spoilt), &clock).unwrap_err();
        assert!(
            error.to_string().contains(&path.display().to_string()),
            "{error}"
        );
        let left = image.keys().filter(|other| *other != path);
        let storage = stored(&spoilt);
        drop(open_with(config(), &storage, &clock));
        for other in left {
            assert!(
                storage.read(Path::new(other)).is_ok(),
                "{} is gone, too",
                other.display()
            );
        }
    }
}
