//! `/proc/diskstats`.

use super::counters;

/// The kernel counts in sectors of 512 bytes, whatever the device's sector size.
const SECTOR_BYTES: u64 = 512;

/// A block device's counters since boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Disk {
    /// The kernel's name, for example `sda1`.
    pub(crate) name: String,
    /// Reads.
    pub(crate) read: Traffic,
    /// Writes.
    pub(crate) write: Traffic,
    /// Operations in progress at this moment.
    pub(crate) pending: u64,
    /// Milliseconds with an operation in progress.
    pub(crate) busy_ms: u64,
}

/// The counters of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Traffic {
    /// Completed operations.
    pub(crate) operations: u64,
    /// Operations that were merged into others.
    pub(crate) merged: u64,
    /// Bytes moved.
    pub(crate) bytes: u64,
    /// The total time of operations in milliseconds.
    pub(crate) milliseconds: u64,
}

/// The devices that have ever read or written anything: a kernel lists dozens of idle loop and RAM devices.
pub(crate) fn disks(diskstats: &str) -> Vec<Disk> {
    diskstats
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_ascii_whitespace().skip(2);
            let name = fields.next()?.to_owned();
            let counted = counters(fields);
            let [
                reads,
                reads_merged,
                sectors_read,
                read_ms,
                writes,
                writes_merged,
                sectors_written,
                write_ms,
                pending,
                busy_ms,
                ..,
            ] = *counted.as_slice()
            else {
                return None;
            };
            (reads > 0 || writes > 0).then(|| Disk {
                name,
                read: Traffic {
                    operations: reads,
                    merged: reads_merged,
                    bytes: sectors_read.wrapping_mul(SECTOR_BYTES),
                    milliseconds: read_ms,
                },
                write: Traffic {
                    operations: writes,
                    merged: writes_merged,
                    bytes: sectors_written.wrapping_mul(SECTOR_BYTES),
                    milliseconds: write_ms,
                },
                pending,
                busy_ms,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_devices_are_left_out() {
        let disks = disks(include_str!("../../tests/proc/diskstats"));
        let names: Vec<&str> = disks.iter().map(|disk| disk.name.as_str()).collect();
        assert_eq!(names, ["vda"]);
        assert_eq!(
            disks[0].read,
            Traffic {
                operations: 29_400,
                merged: 8781,
                bytes: 6_412_450 * 512,
                milliseconds: 59_042,
            }
        );
        assert_eq!(disks[0].write.operations, 7495);
        assert_eq!(disks[0].busy_ms, 18_380);
    }
}
