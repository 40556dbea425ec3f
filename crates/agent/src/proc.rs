//! Parsers for the files of `/proc`. Pure: text in, figures out; unknown lines are skipped, because a kernel may add
//! lines and columns at any time.

mod cpu;
mod disk;
mod memory;
mod mount;
mod network;
mod process;

pub(crate) use cpu::{Core, MODES, cores, forks, load};
pub(crate) use disk::{Disk, disks};
pub(crate) use memory::{Memory, memory};
pub(crate) use mount::mounts;
pub(crate) use network::{Interface, interfaces};
pub(crate) use process::{STATES, state};

/// The blank-separated fields of a line as counters; a field that is no number counts as 0.
fn counters<'a>(fields: impl Iterator<Item = &'a str>) -> Vec<u64> {
    fields
        .map(|field| field.parse().unwrap_or_default())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_text_makes_a_parser_panic(text in "([a-z0-9 ():\\\\./\n-]|cpu|eth0:|MemTotal: ){0,60}") {
            cores(&text);
            forks(&text);
            load(&text);
            memory(&text);
            disks(&text);
            interfaces(&text);
            mounts(&text);
            state(&text);
        }

        #[test]
        fn no_truncation_makes_a_parser_panic(end in 0_usize..4000) {
            for text in [
                include_str!("../tests/proc/stat"),
                include_str!("../tests/proc/meminfo"),
                include_str!("../tests/proc/diskstats"),
                include_str!("../tests/proc/net-dev"),
                include_str!("../tests/proc/mounts"),
            ] {
                let text = text.get(..end.min(text.len())).unwrap_or_default();
                cores(text);
                memory(text);
                disks(text);
                interfaces(text);
                mounts(text);
            }
        }
    }
}
