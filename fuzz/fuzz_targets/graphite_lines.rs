//! Graphite's lines: whatever the bytes and however they are cut, the same samples and rejects, which are all that was received.

#![no_main]

use base::time::Millis;
use libfuzzer_sys::fuzz_target;
use wire::ingest::plaintext::{Decoder, Times};

const NOW: Millis = Millis(1_700_000_000_000);

fuzz_target!(|input: (bool, u8, &[u8])| {
    let (takes_any_time, size, bytes) = input;
    let times = if takes_any_time { Times::Any } else { Times::Epoch };
    let whole = decoded(times, bytes, bytes.len().max(1));
    assert_eq!(whole, decoded(times, bytes, usize::from(size).max(1)));
});

fn decoded(
    times: Times,
    bytes: &[u8],
    size: usize,
) -> (Vec<(String, i64, u64)>, Vec<wire::ingest::LineReject>) {
    let mut decoder = Decoder::new(times);
    for chunk in bytes.chunks(size) {
        decoder.feed(chunk, NOW);
    }
    decoder.finish(NOW);
    let lines = decoder.take();
    assert_eq!(
        lines.received,
        (lines.batch.len() + lines.rejects.len()) as u64
    );
    let samples = lines.batch.iter();
    let samples = samples.map(|sample| {
        (
            sample.name().into_owned(),
            sample.at.0,
            sample.value.to_bits(),
        )
    });
    (samples.collect(), lines.rejects)
}
