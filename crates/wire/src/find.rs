//! Listing and deleting series.

pub mod delete;
pub mod graphite;
pub mod list;
pub mod packed;
#[cfg(test)]
mod tests;
