//! From a question to series: a view is taken under the lock, names are walked and files read without it.

pub(crate) mod fetch;
pub(crate) mod find;
pub(crate) mod part;
pub(crate) mod series;
mod source_cursor;
pub(crate) mod spans;
