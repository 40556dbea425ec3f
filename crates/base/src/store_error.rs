//! What can go wrong between a question to a store and its answer, in words that fit every kind of store. What only one kind
//! knows (which file, which write) is text, or the cause.

mod unavailable;

pub use unavailable::{Outage, Unavailable};

use crate::context::Stop;
use crate::scope::Forbidden;

/// Why an operation of a store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The scope lacks the action.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The work's context ended it: cancelled, too late, or refused with the figure that it is beyond.
    #[error(transparent)]
    Stopped(#[from] Stop),
    /// The store does not do this now, and would at another time.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// Something stored is not what was written, and no crash can explain it.
    #[error("{place} is damaged {what}")]
    Damaged {
        /// Where it is stored, for example in which file.
        place: String,
        /// Where in it, and what was expected: `at offset 48: the checksum differs`.
        what: String,
    },
    /// What the store rests on failed.
    #[error("{what}")]
    Failed {
        /// What could not be done, and with what: `cannot read …`.
        what: String,
        /// The error of the component that refused it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No store of this kind does that.
    #[error("this kind of store cannot {0}")]
    Unsupported(&'static str),
}

impl StoreError {
    /// What is missing, where it is that the store is unavailable.
    #[must_use]
    pub const fn outage(&self) -> Option<Outage> {
        match self {
            Self::Unavailable(own) => Some(own.outage),
            _ => None,
        }
    }

    /// Whether it was refused for lack of room.
    #[must_use]
    pub const fn is_out_of_space(&self) -> bool {
        matches!(
            self.outage(),
            Some(Outage::DiskFull | Outage::DiskReserveReached)
        )
    }
}
