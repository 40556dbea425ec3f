//! A reading of the host, and the samples of two readings. Pure.
//!
//! Names are those of collectd, so that dashboards made for it keep working:
//! `<plugin>[-<instance>].<type>[-<instance>]`, for example `cpu-0.cpu-user` or `interface-eth0.if_octets.rx`. Counters
//! become rates per second, as collectd sends them to Graphite; the time of a core is in percent.

use crate::proc::{Core, Disk, Interface, MODES, Memory, STATES};
use base::name::SeriesName;
use base::sample::Batch;
use base::time::Millis;
use std::collections::BTreeMap;
use std::time::Duration;

/// The figures of a host at one moment.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// The time of the samples.
    pub(crate) at: Millis,
    /// The time on a monotonic clock, for the rates.
    pub(crate) elapsed: Duration,
    pub(crate) cores: Vec<Core>,
    pub(crate) forks: Option<u64>,
    pub(crate) load: Option<[f64; 3]>,
    pub(crate) memory: Option<Memory>,
    pub(crate) disks: Vec<Disk>,
    pub(crate) interfaces: Vec<Interface>,
    pub(crate) filesystems: Vec<Filesystem>,
    /// The number of processes in each of [`STATES`].
    pub(crate) states: BTreeMap<&'static str, u64>,
}

/// A file system's bytes by use, which add up to its size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filesystem {
    /// Its name in measurements, for example `root`.
    pub(crate) name: String,
    /// Available to all users.
    pub(crate) free: u64,
    /// Reserved for the superuser.
    pub(crate) reserved: u64,
    /// Used.
    pub(crate) used: u64,
}

/// The prefix of every name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePrefix {
    stem: String,
}

impl NamePrefix {
    /// `prefix` may be empty or several elements, with or without a trailing dot; dots in `host` become `_`.
    pub fn new(prefix: &str, host: &str) -> Self {
        let host = element(host);
        let stem = match prefix.trim_end_matches('.') {
            "" => host,
            prefix => format!("{prefix}.{host}"),
        };
        Self { stem }
    }

    /// The prefix with its trailing dot.
    pub fn stem(&self) -> &str {
        &self.stem
    }
}

/// A text as one element of a name: invalid characters become `_`.
fn element(text: &str) -> String {
    let harmless = |character: char| {
        character != '.'
            && character != ';'
            && character != '/'
            && SeriesName::parse(character.encode_utf8(&mut [0; 4])).is_ok()
    };
    text.chars()
        .map(|character| if harmless(character) { character } else { '_' })
        .collect()
}

/// The samples of `now`; rates need an earlier reading.
pub fn batch(before: Option<&Reading>, now: &Reading, naming: &NamePrefix) -> Batch {
    let mut batch = Batch::default();
    for (path, value) in samples(before, now) {
        let name = format!("{}.{path}", naming.stem());
        // A device's name may be invalid as a name of a series; such samples are left out.
        if let Ok(name) = SeriesName::parse(&name)
            && value.is_finite()
        {
            batch.push(&name, now.at, value);
        }
    }
    batch
}

fn samples(before: Option<&Reading>, now: &Reading) -> Vec<(String, f64)> {
    let mut samples = Vec::new();
    gauges(now, &mut samples);
    if let Some(before) = before {
        let seconds = now.elapsed.saturating_sub(before.elapsed).as_secs_f64();
        if seconds > 0.0 {
            rates(before, now, seconds, &mut samples);
        }
    }
    samples
}

fn gauges(now: &Reading, samples: &mut Vec<(String, f64)>) {
    let mut add = |name: String, value: f64| samples.push((name, value));
    if let Some(load) = now.load {
        for (term, value) in ["shortterm", "midterm", "longterm"].into_iter().zip(load) {
            add(format!("load.load.{term}"), value);
        }
    }
    if let Some(memory) = now.memory {
        for (part, bytes) in [
            ("used", memory.used),
            ("free", memory.free),
            ("buffered", memory.buffered),
            ("cached", memory.cached),
            ("slab_recl", memory.slab_reclaimable),
            ("slab_unrecl", memory.slab_unreclaimable),
        ] {
            add(format!("memory.memory-{part}"), bytes as f64);
        }
    }
    for filesystem in &now.filesystems {
        let name = element(&filesystem.name);
        for (part, bytes) in [
            ("free", filesystem.free),
            ("reserved", filesystem.reserved),
            ("used", filesystem.used),
        ] {
            add(format!("df-{name}.df_complex-{part}"), bytes as f64);
        }
    }
    if !now.states.is_empty() {
        for state in STATES {
            let count = now.states.get(state).copied().unwrap_or(0);
            add(format!("processes.ps_state-{state}"), count as f64);
        }
    }
    for disk in &now.disks {
        let name = element(&disk.name);
        add(
            format!("disk-{name}.pending_operations"),
            disk.pending as f64,
        );
    }
}

fn rates(before: &Reading, now: &Reading, seconds: f64, samples: &mut Vec<(String, f64)>) {
    for core in &now.cores {
        let earlier = before.cores.iter().find(|each| each.number == core.number);
        samples.extend(
            earlier
                .map(|earlier| shares(earlier, core))
                .unwrap_or_default(),
        );
    }
    let mut add = |name: String, earlier: u64, later: u64| {
        // A counter that went back was reset; its increase is unknown.
        if let Some(grown) = later.checked_sub(earlier) {
            samples.push((name, grown as f64 / seconds));
        }
    };
    if let (Some(earlier), Some(later)) = (before.forks, now.forks) {
        add("processes.fork_rate".to_owned(), earlier, later);
    }
    for (earlier, later) in pairs(&before.interfaces, &now.interfaces, |interface| {
        &interface.name
    }) {
        let name = element(&later.name);
        for (way, from, to) in [
            ("rx", earlier.received, later.received),
            ("tx", earlier.sent, later.sent),
        ] {
            for (kind, from, to) in [
                ("octets", from.bytes, to.bytes),
                ("packets", from.packets, to.packets),
                ("errors", from.errors, to.errors),
                ("dropped", from.dropped, to.dropped),
            ] {
                add(format!("interface-{name}.if_{kind}.{way}"), from, to);
            }
        }
    }
    for (earlier, later) in pairs(&before.disks, &now.disks, |disk| &disk.name) {
        let name = element(&later.name);
        for (way, from, to) in [
            ("read", earlier.read, later.read),
            ("write", earlier.write, later.write),
        ] {
            for (kind, from, to) in [
                ("octets", from.bytes, to.bytes),
                ("ops", from.operations, to.operations),
                ("merged", from.merged, to.merged),
                ("time", from.milliseconds, to.milliseconds),
            ] {
                add(format!("disk-{name}.disk_{kind}.{way}"), from, to);
            }
        }
        add(
            format!("disk-{name}.disk_io_time.io_time"),
            earlier.busy_ms,
            later.busy_ms,
        );
    }
}

/// Pairs each current entry with the earlier one of the same name.
fn pairs<'r, T>(
    before: &'r [T],
    now: &'r [T],
    name: fn(&T) -> &String,
) -> impl Iterator<Item = (&'r T, &'r T)> {
    now.iter().filter_map(move |later| {
        let earlier = before.iter().find(|reading| name(reading) == name(later))?;
        Some((earlier, later))
    })
}

/// A core's time between two readings, in percent by mode.
fn shares(earlier: &Core, later: &Core) -> Vec<(String, f64)> {
    // The kernel sometimes sets `idle` and `wait` back by a tick: that counts as no time, not as an overflow.
    let ticks: Vec<u64> = later
        .ticks
        .iter()
        .zip(&earlier.ticks)
        .map(|(later, earlier)| later.saturating_sub(*earlier))
        .collect();
    let total: u64 = ticks.iter().sum();
    if total == 0 {
        return Vec::new();
    }
    MODES
        .into_iter()
        .zip(ticks)
        .map(|(mode, ticks)| {
            let percent = ticks as f64 * 100.0 / total as f64;
            (format!("cpu-{}.cpu-{mode}", later.number), percent)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proc;
    use proptest::prelude::*;

    fn reading(at: i64) -> Reading {
        let stat = include_str!("../tests/proc/stat");
        Reading {
            at: Millis::from_secs(at),
            elapsed: Duration::from_secs(at.unsigned_abs()),
            cores: proc::cores(stat),
            forks: proc::forks(stat),
            load: proc::load("0.23 0.26 0.35 3/109 11785"),
            memory: proc::memory(include_str!("../tests/proc/meminfo")),
            disks: proc::disks(include_str!("../tests/proc/diskstats")),
            interfaces: proc::interfaces(include_str!("../tests/proc/net-dev")),
            filesystems: vec![Filesystem {
                name: "srv-photo albums".to_owned(),
                free: 5,
                reserved: 1,
                used: 4,
            }],
            states: BTreeMap::from([("running", 1), ("sleeping", 40)]),
        }
    }

    fn later() -> Reading {
        let mut later = reading(20);
        for core in &mut later.cores {
            core.ticks[0] += 250;
            core.ticks[3] += 750;
        }
        later.forks = later.forks.map(|forks| forks + 35);
        later.interfaces[1].received.bytes += 10_240;
        later.disks[0].write.bytes += 4096;
        later.disks[0].busy_ms += 120;
        later
    }

    fn text(batch: &Batch) -> String {
        batch
            .iter()
            .map(|sample| format!("{} {} {}\n", sample.name(), sample.value, sample.at.secs()))
            .collect()
    }

    #[test]
    fn two_readings_make_the_samples_collectd_would() {
        let naming = NamePrefix::new("monitor.", "web1.example.org");
        insta::assert_snapshot!(text(&batch(Some(&reading(10)), &later(), &naming)));
    }

    #[test]
    fn the_first_reading_has_no_rates() {
        let batch = batch(None, &reading(10), &NamePrefix::new("", "h"));
        assert!(
            batch
                .iter()
                .any(|sample| sample.name() == "h.load.load.shortterm")
        );
        assert!(!batch.iter().any(|sample| sample.name().contains("cpu-")));
        assert!(
            !batch
                .iter()
                .any(|sample| sample.name().contains("if_octets"))
        );
    }

    #[test]
    fn a_counter_that_begins_anew_has_no_rate() {
        let mut later = later();
        later.interfaces[1].received.bytes = 3;
        let batch = batch(Some(&reading(10)), &later, &NamePrefix::new("", "h"));
        let names: Vec<String> = batch
            .iter()
            .map(|sample| sample.name().into_owned())
            .collect();
        assert!(
            !names
                .iter()
                .any(|name| name == "h.interface-eth0.if_octets.rx")
        );
        assert!(
            names
                .iter()
                .any(|name| name == "h.interface-eth0.if_octets.tx")
        );
    }

    #[test]
    fn a_host_is_one_element() {
        assert_eq!(NamePrefix::new("", "a.b c/d").stem(), "a_b_c_d");
        assert_eq!(NamePrefix::new("x.y.", "h").stem(), "x.y.h");
    }

    proptest! {
        #[test]
        fn any_two_counters_make_finite_values(a in any::<u64>(), b in any::<u64>(), seconds in 0_u64..100) {
            let (mut before, mut after) = (reading(10), reading(10));
            before.cores[0].ticks = vec![a / 16, b / 16, 0, 1];
            after.cores[0].ticks = vec![b / 16, a / 16, 5, 0];
            before.disks[0].read.bytes = a;
            after.disks[0].read.bytes = b;
            after.elapsed += Duration::from_secs(seconds);
            for sample in batch(Some(&before), &after, &NamePrefix::new("", "h")).iter() {
                prop_assert!(sample.value.is_finite() && sample.value >= 0.0);
            }
        }
    }
}
