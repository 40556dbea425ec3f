//! From a question to series: a snapshot is taken under the lock, files are read without it.

pub(crate) mod fetch;
pub(crate) mod find;
