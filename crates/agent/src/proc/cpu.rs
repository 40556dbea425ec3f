//! `/proc/stat` and `/proc/loadavg`.

use super::counters;

/// collectd's names for the columns of a `cpuN` line, in their order. Guest time is already part of `user` and `nice`,
/// so its columns are left out.
pub(crate) const MODES: [&str; 8] = [
    "user",
    "nice",
    "system",
    "idle",
    "wait",
    "interrupt",
    "softirq",
    "steal",
];

/// One core's time since boot, in clock ticks, by mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Core {
    /// Its number in the kernel.
    pub(crate) number: u32,
    /// Ticks in each of [`MODES`]; an old kernel has fewer columns.
    pub(crate) ticks: Vec<u64>,
}

/// The cores of `/proc/stat`; the line of their sum is left out.
pub(crate) fn cores(stat: &str) -> Vec<Core> {
    stat.lines()
        .filter_map(|line| {
            let mut fields = line.split_ascii_whitespace();
            let number = fields.next()?.strip_prefix("cpu")?.parse().ok()?;
            Some(Core {
                number,
                ticks: counters(fields.take(MODES.len())),
            })
        })
        .collect()
}

/// Processes and threads created since boot.
pub(crate) fn forks(stat: &str) -> Option<u64> {
    stat.lines()
        .find_map(|line| line.strip_prefix("processes "))?
        .trim()
        .parse()
        .ok()
}

/// The load averages of 1, 5 and 15 minutes.
pub(crate) fn load(loadavg: &str) -> Option<[f64; 3]> {
    let mut fields = loadavg
        .split_ascii_whitespace()
        .map(|field| field.parse::<f64>().ok().filter(|load| load.is_finite()));
    Some([fields.next()??, fields.next()??, fields.next()??])
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = include_str!("../../tests/proc/stat");

    #[test]
    fn each_core_has_its_modes() {
        let cores = cores(STAT);
        assert_eq!(cores.len(), 2);
        assert_eq!(cores[1].number, 1);
        assert_eq!(
            cores[1].ticks,
            [29_639, 574, 6935, 130_726, 910, 0, 113, 898]
        );
        assert_eq!(forks(STAT), Some(11_785));
    }

    #[test]
    fn load_has_three_terms() {
        assert_eq!(
            load("0.23 0.26 0.35 3/109 11785\n"),
            Some([0.23, 0.26, 0.35])
        );
        assert_eq!(load("0.23 nan"), None);
        assert_eq!(load(""), None);
    }
}
