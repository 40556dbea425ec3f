//! Prometheus' text: any bytes are samples or refused as a whole, and no more than were asked for.

#![no_main]

use base::time::Millis;
use libfuzzer_sys::fuzz_target;
use wire::ingest::exposition::read;

const NOW: Millis = Millis(1_700_000_000_000);

fuzz_target!(|input: (u8, &[u8])| {
    let (most, bytes) = input;
    if let Ok(found) = read(bytes, NOW, ("instance", "web1"), usize::from(most)) {
        assert!(found.batch.len() <= usize::from(most));
        assert!(found.batch.iter().all(|sample| sample.value.is_finite()));
    }
});
