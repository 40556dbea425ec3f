//! Costs of decoding the formats of other systems' senders: nanoseconds for a line or list, and for a sample.
//! `cargo bench -p benches --bench senders`.

#![expect(clippy::print_stdout, reason = "a benchmark's figures are its output")]

use base::time::Millis;
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use wire::ingest::Lines;
use wire::ingest::collectd::{command, json};
use wire::ingest::{csv, influx, pickle, plaintext};

/// So many times each is done; the least time counts.
const TIMES: usize = 20;

/// Lines of a body, or lists.
const LINES: usize = 10_000;

const NOW: Millis = Millis(1_700_000_000_000);

fn least(mut work: impl FnMut() -> Lines) -> (Duration, usize) {
    let (mut least, mut samples) = (Duration::MAX, 0);
    for _ in 0..TIMES {
        let begun = Instant::now();
        let lines = work();
        least = least.min(begun.elapsed());
        samples = lines.batch.len();
        assert!(lines.rejects.is_empty(), "{:?}", lines.rejects.first());
        assert!(samples >= LINES);
    }
    (least, samples)
}

fn report(what: &str, (took, samples): (Duration, usize)) {
    let each = |count: usize| took.as_secs_f64() * 1e9 / count.max(1) as f64;
    println!(
        "{what:44} {:8.0} ns a line {:8.0} ns a sample",
        each(LINES),
        each(samples)
    );
}

fn influx(body: &str) -> Lines {
    let mut decoder = influx::Decoder::new(None);
    decoder.feed(body.as_bytes(), NOW);
    decoder.finish(NOW);
    decoder.take()
}

fn graphite(lines: &str) -> Lines {
    let mut decoder = plaintext::Decoder::default();
    decoder.feed(lines.as_bytes(), NOW);
    decoder.finish(NOW);
    decoder.take()
}

/// As carbon's relay sends them: a list of `(path, (time, value))` in protocol 2.
fn pickled(samples: impl Iterator<Item = (String, i32, f64)>) -> Vec<u8> {
    let mut frame = b"\x80\x02](".to_vec();
    for (path, time, value) in samples {
        frame.push(b'X');
        frame.extend(u32::try_from(path.len()).unwrap_or(u32::MAX).to_le_bytes());
        frame.extend(path.as_bytes());
        frame.push(b'J');
        frame.extend(time.to_le_bytes());
        frame.push(b'G');
        frame.extend(value.to_be_bytes());
        frame.extend(b"\x86\x86");
    }
    frame.extend(b"e.");
    frame
}

/// The formats of Graphite's own programs, and tables.
fn paths() {
    let (mut plain, mut tagged, mut table) = (
        String::new(),
        String::new(),
        String::from("name,timestamp,value\n"),
    );
    let name = |at: usize| format!("shop.eu.web{}.cpu.{}.user", at % 100, at % 8);
    for at in 0..LINES {
        let (name, host, time) = (name(at), at % 100, 1_700_000_000 + at / 100);
        let _ = writeln!(plain, "{name} 0.{at} {time}");
        let _ = writeln!(tagged, "cpu.user;dc=eu;host=web{host} 0.{at} {time}");
        let _ = writeln!(table, "{name},{time},0.{at}");
    }
    let frame = pickled((0..LINES).map(|at| (name(at), 1_700_000_000, at as f64 / 4.0)));
    report("graphite: a line", least(|| graphite(&plain)));
    report(
        "graphite: a line with two tags",
        least(|| graphite(&tagged)),
    );
    report(
        "graphite: a pickle's item",
        least(|| pickle::decode(&frame, NOW).unwrap_or_default()),
    );
    report(
        "csv: a row",
        least(|| {
            let mut decoder = csv::Decoder::new(csv::Columns::default());
            if decoder.feed(table.as_bytes(), NOW).is_err() || decoder.finish(NOW).is_err() {
                return Lines::default();
            }
            decoder.take()
        }),
    );
}

fn main() {
    paths();
    let (mut one, mut telegraf, mut lists, mut commands) = (
        String::new(),
        String::new(),
        String::from("["),
        String::new(),
    );
    for at in 0..LINES {
        let (host, time) = (at % 100, 1_700_000_000 + at / 100);
        let _ = writeln!(one, "load,host=web{host} value=0.{at} {time}000000000");
        let _ = writeln!(
            telegraf,
            "cpu,cpu=cpu{},dc=eu,host=web{host} usage_user=1.5,usage_system=0.{at},usage_idle=97.25,usage_iowait=0,usage_irq=0,usage_nice=0,usage_steal=0,usage_softirq=0.5,usage_guest=0,usage_guest_nice=0 {time}000000000",
            at % 8
        );
        let comma = if at > 0 { "," } else { "" };
        let _ = write!(
            lists,
            "{comma}{{\"values\":[0.{at},1,1.5],\"dstypes\":[\"gauge\",\"gauge\",\"gauge\"],\"dsnames\":[\"shortterm\",\"midterm\",\"longterm\"],\"time\":{time}.250,\"interval\":10.000,\"host\":\"web{host}\",\"plugin\":\"load\",\"plugin_instance\":\"\",\"type\":\"load\",\"type_instance\":\"\"}}"
        );
        let _ = writeln!(
            commands,
            "PUTVAL web{host}/cpu-0/cpu-user interval=10.000 {time}.250:{at}"
        );
    }
    lists.push(']');
    report("influx: one tag, one field", least(|| influx(&one)));
    report(
        "influx: three tags, ten fields",
        least(|| influx(&telegraf)),
    );
    report(
        "collectd: JSON of three values",
        least(|| {
            let mut ready = Lines::default();
            if let Ok(mut decoder) = json::Decoder::new(lists.as_bytes()) {
                while decoder.step(&mut ready, NOW) {}
            }
            ready
        }),
    );
    report(
        "collectd: commands",
        least(|| {
            let mut decoder = command::Decoder::default();
            decoder.feed(commands.as_bytes(), NOW);
            decoder.finish(NOW);
            decoder.take()
        }),
    );
}
