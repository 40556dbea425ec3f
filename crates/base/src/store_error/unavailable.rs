//! Outages: why a store cannot do something now.

/// Why a store is unavailable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outage {
    /// The disk is full. Nothing acknowledged is lost, and the store continues by itself once there is space.
    DiskFull,
    /// The free space has shrunk to the reserve, which is for everything but samples: no sample is stored, but deletions work.
    DiskReserveReached,
    /// The operating system had no file descriptor, or no memory, left. Nothing acknowledged is lost, and the store continues by
    /// itself once there is one.
    ResourcesExhausted,
    /// Nothing is written until somebody removes the cause and restarts the store; reads work.
    ReadOnly,
    /// Earlier work has not finished in time.
    Stuck,
}

impl Outage {
    /// The seconds after which a retry may succeed, if time alone can help.
    #[must_use]
    pub const fn retry_after(self) -> Option<u64> {
        match self {
            Self::DiskFull => Some(30),
            Self::ResourcesExhausted => Some(5),
            Self::DiskReserveReached => Some(60),
            Self::ReadOnly | Self::Stuck => None,
        }
    }
}

/// The store cannot do this now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unavailable {
    /// The kind of outage.
    pub outage: Outage,
    /// The seconds after which a retry may succeed.
    pub retry_after: Option<u64>,
    /// The cause, for the operator: it may name files.
    pub reason: String,
}

impl Unavailable {
    /// With the usual time until a retry.
    #[must_use]
    pub fn new(outage: Outage, reason: impl Into<String>) -> Self {
        Self {
            outage,
            retry_after: outage.retry_after(),
            reason: reason.into(),
        }
    }
}
