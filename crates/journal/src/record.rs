//! What is kept in a journal.

/// One record, as it was given to [`crate::Journal::append`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it holds.
    pub payload: Vec<u8>,
    /// What it counts for, for example how many samples it holds.
    pub weight: u32,
    /// Where it lies.
    pub(crate) place: Place,
}

/// Where a record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The number of its file.
    pub(crate) file: u64,
    /// Its first byte in the file.
    pub(crate) start: u64,
    /// The byte after its last.
    pub(crate) end: u64,
}
