//! What part of a batch has added to a shard.

use super::series_appender::InsertOutcome;

/// The counts that part of a batch has added to a shard.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AppendCounts {
    pub(crate) samples: u64,
    pub(crate) late: u64,
    pub(crate) held: i64,
    /// Series that were made.
    pub(crate) series: u64,
    /// Memory that was taken.
    pub(crate) bytes: u64,
    /// A series was written to more than once.
    pub(crate) again: bool,
}

impl AppendCounts {
    /// One sample was inserted.
    pub(super) fn add_outcome(&mut self, outcome: InsertOutcome) {
        let InsertOutcome {
            again,
            late,
            added,
            grown,
        } = outcome;
        self.samples += 1;
        self.again |= again;
        self.late += u64::from(late);
        self.held += i64::from(added);
        self.bytes += grown as u64;
    }

    pub(crate) const fn add(&mut self, other: Self) {
        self.samples += other.samples;
        self.late += other.late;
        self.held += other.held;
        self.series += other.series;
        self.bytes += other.bytes;
        self.again |= other.again;
    }
}
