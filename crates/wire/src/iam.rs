//! The identity interface: tokens, discovery, introspection, API keys, accounts, users.

pub mod access_group;
pub mod access_role;
pub mod access_settings;
pub mod account;
pub mod account_settings;
pub mod api_key;
pub mod authz;
pub mod discovery;
pub mod filter;
pub mod form;
pub mod history;
pub mod identity_limits;
pub mod introspection;
pub mod invitation;
pub mod key_file;
pub mod mfa;
pub mod policy;
pub mod resource_group;
pub mod resource_instance;
pub mod resource_key;
pub mod role;
pub mod service_id;
pub mod service_id_group;
pub mod session;
pub mod token;
pub mod user;
