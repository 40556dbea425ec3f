//! The model: accounts, domains, users, keys and roles, and the bounds of credentials. It knows no database.

pub(crate) mod address;
pub mod bounds;
pub(crate) mod caller_roles;
pub mod claim_condition;
pub mod directory;
pub(crate) mod entity_tag;
pub(crate) mod event;
pub(crate) mod issuers;
pub(crate) mod metering;
pub(crate) mod narrowing;
pub mod page;
pub mod people_search;
pub(crate) mod proof;
pub mod role;
pub mod text;
