//! A complete copy of a data folder.

pub(crate) mod audited;
pub(crate) mod make;
pub(crate) mod partial_folder;
pub(crate) mod state;
