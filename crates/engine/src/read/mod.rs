//! From a query to series: reads the published state and files, and takes no lock that a writer takes.

pub(crate) mod fetch;
pub(crate) mod find;
pub(crate) mod look;
pub(crate) mod part;
pub(crate) mod series;
mod source_cursor;
pub(crate) mod spans;
