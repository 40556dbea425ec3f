//! How fast the formats of `/render` are written: a thousand series of 8640 points, with values of three kinds.
//!
//! `cargo bench -p benches --bench formats`

#![expect(clippy::print_stdout, reason = "a benchmark's figures are its output")]

use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::{Duration, Instant};
use wire::render::{Column, Sink, csv, msgpack, pickle, raw, render_json};

const SERIES: usize = 1000;
const POINTS: usize = 8640;
const TIMES: usize = 3;
/// As the server does: what is written is taken away in pieces.
const PIECE_BYTES: usize = 64 * 1024;

/// Takes what is written, and counts it.
#[derive(Default)]
struct Pieces {
    out: Vec<u8>,
    bytes: usize,
}

impl Sink for Pieces {
    type Error = Infallible;

    fn out(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    fn step(&mut self) -> Result<(), Infallible> {
        if self.out.len() >= PIECE_BYTES {
            self.bytes += self.out.len();
            self.out.clear();
        }
        Ok(())
    }
}

fn values(kind: usize) -> Vec<f64> {
    let mut state = 7_u64;
    let mut value = 500.0_f64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        value = (value + (state >> 40) as f64 / (1_u64 << 20) as f64 - 8.0).abs();
        match kind {
            0 => value.round(),
            1 => (value * 100.0).round() / 100.0,
            _ => value / 3.0,
        }
    };
    (0..POINTS).map(|_| next()).collect()
}

type Format = fn(&mut Pieces, &Column<'_>) -> Result<(), Infallible>;

const FORMATS: &[(&str, Format)] = &[
    ("json", |sink, column| {
        render_json::write(sink, column, false, true).map(drop)
    }),
    ("csv", |sink, column| {
        csv::write(sink, column, &TimeZone::UTC)
    }),
    ("raw", raw::write),
    ("msgpack", msgpack::write),
    ("pickle", pickle::write),
];

fn main() {
    println!("| format | values | GB/s | ns a point |\n|---|---|---|---|");
    for (kind, what) in ["whole", "two decimals", "all digits"].iter().enumerate() {
        let values = values(kind);
        let tags = BTreeMap::from([("name".to_owned(), "servers.web00.load".to_owned())]);
        let column = Column {
            name: "servers.web00.load",
            is_unnamed: false,
            tags: &tags,
            path_expression: "servers.*.load",
            start: 1_795_392_000,
            end: 1_795_392_000 + 10 * POINTS as i64,
            step: 10,
            values_per_point: 1,
            consolidation: "average",
            x_files_factor: 0.0,
            points: &values,
            is_whole: false,
        };
        for (name, write) in FORMATS {
            let (mut least, mut bytes) = (Duration::MAX, 0);
            for _ in 0..TIMES {
                let mut sink = Pieces::default();
                let begun = Instant::now();
                for _ in 0..SERIES {
                    let Ok(()) = write(&mut sink, &column);
                }
                least = least.min(begun.elapsed());
                bytes = sink.bytes + sink.out.len();
            }
            println!(
                "| {name} | {what} | {:.2} | {:.1} |",
                bytes as f64 / least.as_secs_f64() / 1e9,
                least.as_secs_f64() * 1e9 / (SERIES * POINTS) as f64
            );
        }
    }
}
