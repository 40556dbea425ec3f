//! Listing and deleting series.

pub mod delete;
pub mod list;
