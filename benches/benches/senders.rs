//! What it costs to read what senders of other systems send: nanoseconds for a line or list, and for a sample.
//! `cargo bench -p benches --bench senders`.

#![expect(clippy::print_stdout, reason = "a benchmark's figures are its output")]

use base::time::Millis;
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use wire::ingest::Lines;
use wire::ingest::collectd::{command, json};
use wire::ingest::influx;

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

fn main() {
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
