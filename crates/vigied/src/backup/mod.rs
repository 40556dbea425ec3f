//! A complete copy of a data folder.

pub(crate) mod audited;
pub(crate) mod make;
pub(crate) mod state;
