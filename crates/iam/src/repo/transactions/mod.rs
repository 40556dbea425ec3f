//! Changes of several tables in one transaction. There is no statement here: each is in the file of its table.

pub(crate) mod acceptance;
pub(crate) mod account_end;
pub(crate) mod credentials;
pub(crate) mod deletion;
pub(crate) mod departure;
pub(crate) mod restore;
