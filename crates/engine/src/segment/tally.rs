//! The space a tenant occupies, in one segment or in all.

/// The space one tenant occupies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    pub(crate) samples: u64,
    pub(crate) bytes: u64,
}
