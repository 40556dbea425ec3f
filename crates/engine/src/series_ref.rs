//! The engine's own number for a series. Nobody outside knows of it: other stores number nothing.

/// The dense number of one series, given in order of first arrival and never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SeriesRef(pub(crate) u32);
