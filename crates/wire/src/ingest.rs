//! From bytes to samples, and back. Decoders take bytes and give a [`base::sample::Batch`] and what was wrong with the
//! rest; they know nothing of sockets or files.

use base::name::SeriesName;
use base::sample::{Batch, RejectReason};
use base::time::Millis;

/// An item of a body that is no sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Its position in the body, from 0.
    pub index: usize,
    /// Its name, where it has a readable one (cut if it is very long).
    pub name: Option<String>,
    /// What is wrong with it.
    pub reason: RejectReason,
}
