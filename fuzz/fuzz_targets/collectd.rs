//! Collectd's two forms: samples or rejects, which are all that was received.

#![no_main]

use base::time::Millis;
use libfuzzer_sys::fuzz_target;
use wire::ingest::Lines;
use wire::ingest::collectd::{command, json};

const NOW: Millis = Millis(1_700_000_000_000);

fuzz_target!(|bytes: &[u8]| {
    let mut commands = command::Decoder::default();
    commands.feed(bytes, NOW);
    commands.finish(NOW);
    adds_up(&commands.take());
    if let Ok(mut lists) = json::Decoder::new(bytes) {
        let mut ready = Lines::default();
        while lists.step(&mut ready, NOW) {}
        adds_up(&ready);
    }
});

fn adds_up(lines: &Lines) {
    assert_eq!(lines.received, (lines.batch.len() + lines.rejects.len()) as u64);
}
