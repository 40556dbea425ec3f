//! The errors of sample stores, independent of the kind of store. Details that only one kind knows (which file, which write) are
//! in the text, or in the cause.

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
    /// The context of the work ended it: cancelled, past the deadline, or over the budget.
    #[error(transparent)]
    Stopped(#[from] Stop),
    /// The store cannot do this now, but may do it later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// Stored data differs from what was written, and no crash can explain it.
    #[error("{place} is damaged {what}")]
    Damaged {
        /// Where it is stored, for example in which file.
        place: String,
        /// Where in it, and what was expected: `at offset 48: the checksum differs`.
        what: String,
    },
    /// A component that the store depends on failed.
    #[error("{what}")]
    Failed {
        /// The failed operation and its object: `cannot read …`.
        what: String,
        /// The error of the component that refused it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// This kind of store does not support the operation.
    #[error("this kind of store cannot {0}")]
    Unsupported(&'static str),
}

impl StoreError {
    /// The outage, if the store is unavailable.
    #[must_use]
    pub const fn outage(&self) -> Option<Outage> {
        match self {
            Self::Unavailable(unavailable) => Some(unavailable.outage),
            _ => None,
        }
    }

    /// Whether it was refused because the disk has no space.
    #[must_use]
    pub const fn is_out_of_space(&self) -> bool {
        matches!(
            self.outage(),
            Some(Outage::DiskFull | Outage::DiskReserveReached)
        )
    }
}
