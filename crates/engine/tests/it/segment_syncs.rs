//! A segment is brought to stable storage in pieces while it is written: a sync of the log, for which committed writes wait, waits for
//! what the disk was given before.

use crate::hooked::{Hook, Hooked, Progress};
use crate::support::{NOON, config, figure, scope, send};
use base::name::SeriesName;
use base::sample::Batch;
use base::store::{Durability, SampleStore};
use base::time::{ManualClock, Millis};
use engine::storage::faulty::Faulty;
use engine::{Engine, EngineConfig};
use std::path::Path;
use std::sync::Arc;

/// Four megabytes, and what is gathered before it is handed to the operating system.
const UNSYNCED_BYTES_MAX: usize = 5 << 20;

/// Of one series on one day, with values that no encoding makes smaller: 6.4 MB.
const SAMPLES: i64 = 800_000;

#[derive(Debug, Default)]
struct SegmentBytes {
    unsynced: usize,
    unsynced_max: usize,
    written: usize,
}

/// What was appended to segments.
type SegmentMeter = Progress<SegmentBytes>;

fn is_segment(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "seg")
}

impl Hook for SegmentMeter {
    fn before_append(&self, file: &Path, bytes: &[u8]) {
        if is_segment(file) {
            self.change(|segment| {
                segment.unsynced += bytes.len();
                segment.unsynced_max = segment.unsynced_max.max(segment.unsynced);
                segment.written += bytes.len();
            });
        }
    }

    fn before_sync(&self, file: &Path) {
        if is_segment(file) {
            self.change(|segment| segment.unsynced = 0);
        }
    }
}

/// Asserts that what was written since the last time was more than may lie between two syncs, and that no more than that ever did.
fn check(meter: &SegmentMeter, what: &str) {
    let (written, unsynced_max) = meter.read(|segment| (segment.written, segment.unsynced_max));
    assert!(written > UNSYNCED_BYTES_MAX, "{what}: {written} bytes");
    assert!(
        unsynced_max <= UNSYNCED_BYTES_MAX,
        "{what}: {unsynced_max} bytes between two syncs"
    );
    assert_eq!(meter.read(|segment| segment.unsynced), 0, "{what}");
    meter.change(|segment| *segment = SegmentBytes::default());
}

/// The samples of one series, with values as random as hashes.
fn large_series() -> Batch {
    let name = SeriesName::parse("a.large").unwrap();
    let mut batch = Batch::default();
    for index in 0..SAMPLES {
        let bits = (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let value = f64::from_bits(mixed ^ (mixed >> 31));
        let value = if value.is_finite() { value } else { 1.0 };
        batch.push(&name, Millis(NOON - SAMPLES * 50 + index * 50), value);
    }
    batch
}

/// All blocks of a series were appended before anybody looked at how much they were.
#[test]
fn a_flush_and_a_merge_sync_a_large_segment_in_pieces() {
    let meter = Arc::new(SegmentMeter::default());
    let config = EngineConfig {
        segments_per_day: 1,
        ..config()
    };
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let hooked = Arc::new(Hooked::new(&Faulty::new(1), &meter));
    let engine = Engine::open(config, clock, hooked).unwrap().0;
    let batch = large_series();
    let appended = engine.append(&scope(1), &batch, Durability::Buffered);
    assert_eq!(appended.unwrap().stored, SAMPLES as u64);
    engine.flush().unwrap();
    check(&meter, "flush");
    send(&engine, 1, &[("a.small", NOON, 1.0)]);
    engine.flush().unwrap();
    meter.change(|segment| *segment = SegmentBytes::default());
    engine.compact().unwrap();
    assert_eq!(figure(&engine, "segments"), 1.0);
    check(&meter, "merge");
}
