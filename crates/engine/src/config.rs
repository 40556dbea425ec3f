//! The configuration of an engine.

use base::limit;
use std::path::PathBuf;

/// The settings of an engine. Every limit has a default; [`EngineConfig::new`] takes them all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineConfig {
    /// The samples folder; made when missing. The caller keeps a second process off it.
    pub dir: PathBuf,
    /// Days of the clock for which samples are kept: older samples are rejected, and days that are older are removed.
    pub retention_days: u32,
    /// Minutes that a sample may lie ahead of the clock; one further ahead is rejected.
    pub future_allowed_minutes: u32,
    /// How often what was appended with [`base::store::Durability::Buffered`] is brought to stable storage, in milliseconds.
    pub commit_interval_ms: u64,
    /// The head is flushed when it holds this many samples.
    pub flush_samples: u64,
    /// The head is flushed when the log has grown by this many bytes since the last flush, however few samples it holds.
    pub flush_wal_bytes: u64,
    /// The head is flushed so many milliseconds after the last flush, whatever it holds.
    pub flush_interval_ms: u64,
    /// Bytes that samples may take in memory before they are in a segment. From half of them on the head is flushed before its
    /// time; beyond them samples are refused, those of who has more than their share first.
    pub head_bytes: u64,
    /// Bytes of the directories of segments that are held in memory. What is not held is read when it is asked for.
    pub directory_cache_bytes: u64,
    /// Segments of a day are merged when there are more than this; 0 counts as 1.
    pub segments_per_day: usize,
    /// Series that a tenant may have; samples of further new ones are rejected.
    pub series_per_tenant: u64,
    /// Bytes of the names of a tenant's series, which stay in memory; samples of new series beyond them are rejected.
    pub name_bytes_per_tenant: u64,
    /// Bytes of the names of all tenants' series.
    pub name_bytes_in_all: u64,
    /// Deletions of ranges that one account may have waiting, in all its tenants, for their days to be rewritten.
    pub pending_deletions: u64,
    /// In an hour, purges in the background may rewrite so many bytes, or a 24th of all that is stored, where that is more.
    pub purge_bytes_min: u64,
    /// Free bytes that the disk is to keep: samples are refused while it has fewer. 0 for no such reserve.
    pub reserve_bytes: u64,
    /// On a full disk, milliseconds from a write that was refused for lack of room to the next one that is tried.
    pub disk_full_retry_ms: u64,
}

impl EngineConfig {
    /// The defaults, on the folder `dir`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            retention_days: 7300,
            future_allowed_minutes: 1440,
            commit_interval_ms: 200,
            // 4 Mi samples of 16 bytes: 64 MiB of head before its bookkeeping.
            flush_samples: 4 * 1024 * 1024,
            flush_wal_bytes: 64 * 1024 * 1024,
            flush_interval_ms: 2 * 3600 * 1000,
            head_bytes: limit::HEAD_BYTES.default,
            directory_cache_bytes: 64 * 1024 * 1024,
            segments_per_day: 8,
            series_per_tenant: limit::SERIES_PER_TENANT.default,
            name_bytes_per_tenant: limit::NAME_BYTES_PER_TENANT.default,
            name_bytes_in_all: limit::NAME_BYTES_IN_ALL.default,
            pending_deletions: limit::PENDING_DELETIONS.default,
            purge_bytes_min: 256 * 1024 * 1024,
            reserve_bytes: 0,
            disk_full_retry_ms: 500,
        }
    }
}
