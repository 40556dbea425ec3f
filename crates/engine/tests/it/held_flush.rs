//! A flush that stands still, whichever of its files it is at, holds up no writer, no deletion and no query.

use crate::hooked::{Hook, Hooked, Progress};
use crate::support::{MINUTE, NOON, config, delete, find, open, range, read, send};
use base::store::SampleStore;
use base::time::{ManualClock, Millis};
use engine::Engine;
use engine::storage::faulty::Faulty;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How long a flush is held at most: whoever waits for it is found out, and does not hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// The thread that flushes, and the only one that is held.
const FLUSHER: &str = "held-flush";

#[derive(Debug, Default)]
struct Steps {
    /// How many files the flush has created or synced.
    done: usize,
    /// The step before which it is held.
    hold_at: usize,
    /// The ending of the file at which it is held.
    held: Option<String>,
    released: bool,
    /// Nobody released it in time.
    forgotten: bool,
    ended: bool,
}

type Hold = Progress<Steps>;

fn ending(file: &Path) -> String {
    let ending = file.extension().unwrap_or_default();
    ending.to_string_lossy().into_owned()
}

fn step(hold: &Hold, file: &Path) {
    if thread::current().name() != Some(FLUSHER) {
        return;
    }
    let is_held = hold.read(|steps| steps.done == steps.hold_at);
    hold.change(|steps| steps.done += 1);
    if is_held {
        hold.change(|steps| steps.held = Some(ending(file)));
        let is_released = hold.wait(PATIENCE, |steps| steps.released);
        hold.change(|steps| steps.forgotten |= !is_released);
    }
}

impl Hook for Hold {
    fn before_create(&self, file: &Path) {
        step(self, file);
    }

    fn before_sync(&self, file: &Path) {
        // The log's own sync is shared: a committed write waits for it, whoever has begun it.
        if ending(file) != "wal" {
            step(self, file);
        }
    }
}

/// All that a writer does, acknowledged; and what a reader sees of it at once.
fn write_and_read(engine: &Engine) {
    send(engine, 1, &[("a.known", NOON, 2.0), ("a.new", NOON, 2.0)]);
    assert_eq!(delete(engine, 1, "a.gone", None), 1);
    let first = range(NOON - MINUTE, NOON - MINUTE);
    assert_eq!(delete(engine, 1, "a.known", Some(first)), 1);
    check(engine);
}

fn check(engine: &Engine) {
    assert_eq!(find(engine, 1, "a.*"), ["a.known leaf", "a.new leaf"]);
    assert_eq!(read(engine, 1, "a.known"), [(NOON, 2.0)]);
    assert_eq!(read(engine, 1, "a.new"), [(NOON, 2.0)]);
}

/// Writes while a flush is held at its `hold_at`-th step; the ending of the file that it was at, `None` if it has fewer steps.
fn write_beside_flush(hold_at: usize) -> Option<String> {
    let storage = Faulty::new(1);
    let hold = Arc::new(Hold::default());
    hold.change(|steps| steps.hold_at = hold_at);
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let hooked = Arc::new(Hooked::new(&storage, &hold));
    let engine = Engine::open(config(), clock, hooked).unwrap().0;
    let before = NOON - MINUTE;
    send(
        &engine,
        1,
        &[("a.known", before, 1.0), ("a.gone", before, 1.0)],
    );
    let held = thread::scope(|threads| {
        let flusher = thread::Builder::new().name(FLUSHER.to_owned());
        let flush = || {
            let flushed = engine.flush();
            hold.change(|steps| steps.ended = true);
            flushed
        };
        let flush = flusher.spawn_scoped(threads, flush).unwrap();
        let is_there = hold.wait(PATIENCE, |steps| steps.held.is_some() || steps.ended);
        assert!(
            is_there,
            "the flush neither ends nor comes to step {hold_at}"
        );
        let held = hold.read(|steps| steps.held.clone());
        if held.is_some() {
            write_and_read(&engine);
            hold.change(|steps| steps.released = true);
        }
        flush.join().unwrap().unwrap();
        held
    });
    assert!(
        !hold.read(|steps| steps.forgotten),
        "{held:?}: a writer waited"
    );
    if held.is_some() {
        check(&engine);
        drop(engine);
        check(&open(&storage));
    }
    held
}

#[test]
fn a_flush_held_at_any_file_holds_up_no_writer() {
    let files: BTreeSet<String> = (0..).map_while(write_beside_flush).collect();
    // The next file of the log, the segment, the names and the manifest.
    let all = ["names", "new", "seg", "wal"].map(str::to_owned);
    assert_eq!(files, BTreeSet::from(all));
}
