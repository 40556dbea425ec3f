//! Costs and savings of packing an answer: a read of a hundred series of a thousand samples each, in the pieces in
//! which it is written.
//!
//! `cargo bench -p benches --bench packing`

#![expect(clippy::print_stdout, reason = "a benchmark's figures are its output")]
#![expect(clippy::unwrap_used, reason = "a benchmark that fails ends")]

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::time::Instant;

const SERIES: u32 = 100;
const SAMPLES: u32 = 1000;
const PIECE_BYTES: usize = 64 * 1024;
const ROUNDS: u32 = 5;

/// An answer of the form that `GET /v1/metrics` has, of values that wander, with one decimal or with all of them.
fn answer(is_rounded: bool) -> String {
    let mut state = 7_u64;
    let mut text = "[".to_owned();
    for series in 0..SERIES {
        let mut value = 50.0_f64;
        let _ = write!(
            text,
            "{}{{\"target\":\"shop.host{series:03}.latency-ms\",\"datapoints\":[",
            if series > 0 { "," } else { "" }
        );
        for at in 0..SAMPLES {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            value = (value + f64::from((state >> 48) as u16) / 65_536.0 - 0.5).abs();
            let number = if is_rounded {
                (value * 10.0).round() / 10.0
            } else {
                value
            };
            let comma = if at > 0 { "," } else { "" };
            let _ = write!(text, "{comma}[{number},{}]", 1_519_862_400 + at * 10);
        }
        text.push_str("]}");
    }
    text + "]\n"
}

fn packed(text: &str, level: u32) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::new(level));
    for piece in text.as_bytes().chunks(PIECE_BYTES) {
        packer.write_all(piece).unwrap();
    }
    packer.finish().unwrap()
}

fn milliseconds(mut work: impl FnMut()) -> f64 {
    let times = (0..ROUNDS).map(|_| {
        let begun = Instant::now();
        work();
        begun.elapsed().as_secs_f64() * 1000.0
    });
    times.fold(f64::INFINITY, f64::min)
}

fn main() {
    for (what, is_rounded) in [("one decimal", true), ("all decimals", false)] {
        let text = answer(is_rounded);
        println!("{what}: {} bytes", text.len());
        for level in [1, 3, 6, 9] {
            let bytes = packed(&text, level);
            let packing = milliseconds(|| drop(packed(&text, level)));
            let mut plain = Vec::new();
            let unpacking = milliseconds(|| {
                plain.clear();
                GzDecoder::new(bytes.as_slice())
                    .read_to_end(&mut plain)
                    .unwrap();
            });
            assert!(plain == text.as_bytes());
            println!(
                "  level {level}: {} bytes ({:.1} %), packed in {packing:.1} ms, unpacked in {unpacking:.1} ms",
                bytes.len(),
                100.0 * bytes.len() as f64 / text.len() as f64,
            );
        }
    }
}
