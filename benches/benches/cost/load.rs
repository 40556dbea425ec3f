//! Work and measurements that the programs of both builds share. Nothing of it knows Vigie, so
//! that the same file is built with the old sources and the new.

use rustix::time::{ClockId, clock_gettime};
use std::time::Instant;

/// 2026-11-23T12:00:00Z.
pub(crate) const NOON: i64 = 1_795_435_200_000;

/// How far apart the samples of a series are.
pub(crate) const STEP_MS: i64 = 10_000;

/// Samples that one sending has.
pub(crate) const BATCH: usize = 2000;

/// As many known samples are appended, at least.
pub(crate) const SAMPLES: usize = 2_000_000;

/// The name of a series: as long as most are, and as many of them differ in their beginning as in their end.
pub(crate) fn name(series: usize) -> String {
    format!(
        "shop.eu-central.host-{:05}.metric-{:04}.value",
        series / 1000,
        series % 1000
    )
}

/// The numbers of so many series in an order that has nothing to do with them, the same whenever it is asked for.
pub(crate) fn shuffled(series: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..series).collect();
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    for last in (1..series).rev() {
        // Xorshift: it need only be spread, and needs no library that the old sources might not have.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        order.swap(last, (state % (last as u64 + 1)) as usize);
    }
    order
}

/// The value of a series in a round: two decimals.
pub(crate) fn value(series: usize, round: usize) -> f64 {
    ((series * 7 + round * 3) % 10_000) as f64 / 100.0
}

/// The body of a sending as `POST /v1/metrics` takes it.
pub(crate) fn body(first: usize) -> String {
    let item = |series: usize| {
        format!(
            "{{\"name\":\"{}\",\"value\":{},\"timestamp\":{}}}",
            name(series),
            value(series, 1),
            NOON / 1000
        )
    };
    let items: Vec<String> = (first..first + BATCH).map(item).collect();
    format!("[{}]", items.join(","))
}

/// Processor time of all threads so far, in nanoseconds: the figure to compare where others share the machine.
pub(crate) fn processor_ns() -> u64 {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    let nanoseconds = spent.tv_sec * 1_000_000_000 + spent.tv_nsec;
    u64::try_from(nanoseconds).unwrap_or_default()
}

/// Bytes of memory that are the process's own.
pub(crate) fn own_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("RssAnon:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok())
        .unwrap_or_default()
        * 1024
}

/// The cost of some work.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Took {
    pub(crate) processor_ns: u64,
    pub(crate) wall_ns: u64,
}

impl std::ops::AddAssign for Took {
    fn add_assign(&mut self, other: Self) {
        self.processor_ns += other.processor_ns;
        self.wall_ns += other.wall_ns;
    }
}

/// Runs `work` and says what it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Took) {
    let (processor, begun) = (processor_ns(), Instant::now());
    let out = work();
    let wall_ns = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let took = Took {
        processor_ns: processor_ns() - processor,
        wall_ns,
    };
    (out, took)
}

/// Prints a figure as `cargo xtask bench` reads it: its name, a tab, its value.
pub(crate) fn tell(figure: &str, total: u64, units: usize) {
    println!("{figure}\t{}", total as f64 / units.max(1) as f64);
}
