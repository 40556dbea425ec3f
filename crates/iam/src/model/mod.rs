//! The model: accounts, domains, users, keys and roles, and the bounds of credentials. It knows no database.

pub(crate) mod account_settings;
pub(crate) mod activity;
pub(crate) mod address;
pub(crate) mod allowed_addresses;
pub mod bounds;
pub(crate) mod caller_roles;
pub mod claim_condition;
pub mod directory;
pub(crate) mod entity_tag;
pub(crate) mod event;
pub(crate) mod issuers;
pub(crate) mod metering;
pub(crate) mod narrowing;
pub(crate) mod number;
pub(crate) mod open_session;
pub mod page;
pub mod people_search;
pub(crate) mod preference;
pub(crate) mod proof;
pub(crate) mod report;
pub(crate) mod resource_key;
pub mod role;
pub mod room;
pub(crate) mod service_group;
pub(crate) mod session_limits;
pub mod text;
