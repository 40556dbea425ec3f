//! Any bytes as one of Graphite's pickles: a frame or an error, never a panic, and every item is counted.
#![no_main]

use base::time::Millis;
use libfuzzer_sys::fuzz_target;
use wire::ingest::pickle;

fuzz_target!(|frame: &[u8]| {
    if let Ok(lines) = pickle::decode(frame, Millis(1_700_000_000_000)) {
        let counted = lines.batch.len() + lines.rejects.len();
        assert_eq!(lines.received, counted as u64);
    }
});
