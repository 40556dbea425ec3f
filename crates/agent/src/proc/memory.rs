//! `/proc/meminfo`.

/// Bytes by use, in collectd's categories, which add up to the total memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Memory {
    /// All other memory.
    pub(crate) used: u64,
    /// Free.
    pub(crate) free: u64,
    /// Block device buffers.
    pub(crate) buffered: u64,
    /// File pages.
    pub(crate) cached: u64,
    /// Reclaimable kernel objects.
    pub(crate) slab_reclaimable: u64,
    /// Other kernel objects.
    pub(crate) slab_unreclaimable: u64,
}

/// The memory, or `None` when the text has no total.
pub(crate) fn memory(meminfo: &str) -> Option<Memory> {
    let bytes = |key: &str| -> Option<u64> {
        let line = meminfo
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
        let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        kibibytes.checked_mul(1024)
    };
    let total = bytes("MemTotal")?;
    let free = bytes("MemFree")?;
    let buffered = bytes("Buffers").unwrap_or(0);
    let cached = bytes("Cached").unwrap_or(0);
    let slab_reclaimable = bytes("SReclaimable").unwrap_or(0);
    let slab_unreclaimable = bytes("SUnreclaim").unwrap_or(0);
    let others = [free, buffered, cached, slab_reclaimable, slab_unreclaimable];
    Some(Memory {
        used: others.into_iter().fold(total, u64::saturating_sub),
        free,
        buffered,
        cached,
        slab_reclaimable,
        slab_unreclaimable,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_the_whole() {
        let memory = memory(include_str!("../../tests/proc/meminfo")).unwrap();
        assert_eq!(memory.free, 23_270_076 * 1024);
        assert_eq!(memory.cached, 804_260 * 1024);
        let sum = memory.used
            + memory.free
            + memory.buffered
            + memory.cached
            + memory.slab_reclaimable
            + memory.slab_unreclaimable;
        assert_eq!(sum, 24_684_096 * 1024);
    }

    #[test]
    fn without_a_total_there_is_nothing_to_say() {
        assert_eq!(memory("MemFree: 1 kB\n"), None);
        assert_eq!(memory("MemTotal: lots kB\nMemFree: 1 kB\n"), None);
    }
}
