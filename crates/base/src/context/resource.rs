//! The resources of a budget: steps, listed nodes, series, samples and bytes.

use crate::limit::{self, Limit};

/// A resource that a budget counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// Steps of work: a node looked at, a seek, a file asked. Matching a name costs more of them the larger the pattern
    /// and the longer the name, and so does looking for a name of more than a few hundred bytes.
    Steps,
    /// Entries of a listing.
    Nodes,
    /// Series that are read.
    Series,
    /// Samples that are read.
    Samples,
    /// Bytes of names and samples that are read.
    Bytes,
}

impl Resource {
    pub(super) const ALL: [Self; 5] = [
        Self::Steps,
        Self::Nodes,
        Self::Series,
        Self::Samples,
        Self::Bytes,
    ];

    /// The limit that its budget comes from.
    #[must_use]
    pub const fn limit(self) -> &'static Limit {
        match self {
            Self::Steps => &limit::STEPS_PER_QUERY,
            Self::Nodes => &limit::NODES_PER_LIST,
            Self::Series => &limit::SERIES_PER_QUERY,
            Self::Samples => &limit::SAMPLES_PER_QUERY,
            Self::Bytes => &limit::BYTES_PER_QUERY,
        }
    }
}
