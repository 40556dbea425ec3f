//! Records of a journal.

/// A record, as it was given to [`crate::Journal::append`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its contents.
    pub payload: Vec<u8>,
    /// Its weight, for example the number of its samples.
    pub weight: u32,
    /// Its position.
    pub(crate) position: RecordPosition,
}

/// The position of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecordPosition {
    /// The number of its file.
    pub(crate) file: u64,
    /// Its first byte in the file.
    pub(crate) start: u64,
    /// The byte after its last.
    pub(crate) end: u64,
}
