//! The registry of series: from tenant and name to number, and back.

pub(crate) mod entries;
pub(crate) mod name_file;
pub(crate) mod table;
