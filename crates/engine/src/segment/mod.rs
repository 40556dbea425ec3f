//! Segments: immutable files, each with samples of one day, or (a late segment) of several, tenant first. Written once, in one
//! pass; read by `pread`.

mod block_list;
pub(crate) mod blocks;
pub(crate) mod cache;
mod directory;
pub(crate) mod file;
pub(crate) mod layout;
pub(crate) mod reader;
pub(crate) mod tally;
pub(crate) mod writer;

#[cfg(test)]
mod tests;
