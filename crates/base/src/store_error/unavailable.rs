//! A store that cannot do now what it is asked to.

/// What a store is unavailable for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outage {
    /// There is no room for anything. Nothing that was acknowledged is lost, and it goes on by itself once there is room.
    DiskFull,
    /// There is less room than is kept for everything but samples: no sample is stored, but deletions go on.
    DiskReserveReached,
    /// Nothing is written until somebody has mended the cause and restarted it; reads go on.
    ReadOnly,
    /// Earlier work has not finished in time.
    Stuck,
}

impl Outage {
    /// After how many seconds it is worth asking again, where time alone may help.
    #[must_use]
    pub const fn retry_after(self) -> Option<u64> {
        match self {
            Self::DiskFull => Some(30),
            Self::DiskReserveReached => Some(60),
            Self::ReadOnly | Self::Stuck => None,
        }
    }
}

/// The store does not do this now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unavailable {
    /// What is missing.
    pub outage: Outage,
    /// Seconds after which it is worth asking again.
    pub retry_after: Option<u64>,
    /// What happened, for the operator: it may name files.
    pub reason: String,
}

impl Unavailable {
    /// One whose end is as far away as is usual for it.
    #[must_use]
    pub fn new(outage: Outage, reason: impl Into<String>) -> Self {
        Self {
            outage,
            retry_after: outage.retry_after(),
            reason: reason.into(),
        }
    }
}
