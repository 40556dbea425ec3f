//! A complete copy of a data folder.

pub(crate) mod entered;
pub(crate) mod make;
pub(crate) mod state;
