//! Which series there are: from a tenant and a name to a number, and back.

pub(crate) mod entries;
pub(crate) mod name_file;
pub(crate) mod table;
