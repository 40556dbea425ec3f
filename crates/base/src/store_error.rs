//! What can go wrong between a question to the store and its answer.

use crate::context::Stop;
use crate::scope::Forbidden;

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The scope lacks the action.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The work's context ended it: cancelled, too late, or beyond its budget.
    #[error(transparent)]
    Stopped(#[from] Stop),
    /// Nobody has got at the store's memory for so long that something must hold it for good.
    #[error("the store has been stuck for {seconds} s")]
    Wedged {
        /// How long, as far as is known.
        seconds: u64,
    },
    /// The disk has neither done nor refused what the store's log asked of it.
    #[error("the store has waited for its disk for {seconds} s")]
    Hanging {
        /// How long.
        seconds: u64,
    },
    /// A write or sync failed earlier: nothing more is written until the process has restarted and recovered. Reads go on.
    #[error("the store takes no writes since a failure: {reason}")]
    Poisoned {
        /// What failed, with the file.
        reason: String,
    },
    /// The disk, or a quota on it, had no room for a write. Nothing is broken: what was acknowledged is there, and the store
    /// tries again until there is room.
    #[error("there is no room on the disk: {reason}")]
    OutOfRoom {
        /// What could not be written, with the file.
        reason: String,
    },
    /// The disk has less free space than is reserved for everything but samples.
    #[error("the disk has {free} bytes free, fewer than `storage.reserve_bytes` = {reserve}")]
    DiskReserve {
        /// Bytes that are free.
        free: u64,
        /// Bytes that are reserved.
        reserve: u64,
    },
    /// The store is shutting down.
    #[error("the store is closing")]
    Closing,
    /// A file is damaged where no crash can explain it.
    #[error("{file} is damaged at offset {offset}: {what}")]
    Corrupt {
        /// Which file.
        file: String,
        /// Where.
        offset: u64,
        /// What was expected.
        what: String,
    },
    /// The operating system said no.
    #[error("cannot {action} {file}")]
    Io {
        /// For example `read`.
        action: &'static str,
        /// Which file.
        file: String,
        /// The operating system's words.
        #[source]
        source: std::io::Error,
    },
}
