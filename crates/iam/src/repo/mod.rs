//! What the database holds, a file for each table: every statement is here.

pub(crate) mod accounts;
pub(crate) mod changes;
pub(crate) mod column;
mod decode;
pub(crate) mod domains;
pub(crate) mod invitations;
pub(crate) mod issuers;
pub(crate) mod members;
pub(crate) mod roles;
pub(crate) mod rows;
pub(crate) mod users;
