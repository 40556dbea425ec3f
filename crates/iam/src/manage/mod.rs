//! Management by verified callers: accounts, organizations, spaces, roles, users, keys, settings.
//!
//! Every function takes the caller's [`crate::Identity`] first. An object that the caller may not see is reported as
//! unknown; one that the caller sees but may not change, as forbidden; for one that a token of another account would
//! show, the error names that account.

pub mod access_group;
pub mod access_policy;
pub mod account;
pub mod account_deletion;
pub mod account_settings;
pub mod account_user;
pub mod activity;
mod administrator;
pub mod api_key;
mod chosen_key;
mod claim_rule;
pub mod custom_role;
pub mod deletion;
pub mod event;
pub mod group_member;
pub mod group_rule;
pub mod history;
pub mod identity_usage;
pub mod instance;
pub mod invitation;
pub mod member;
mod new_key;
pub mod of_version;
pub mod org;
mod other_nodes;
pub mod overdue_sessions;
mod pending_user;
pub mod people;
mod policy_check;
pub mod policy_condition;
pub mod preference;
pub mod profile;
pub mod profile_identity;
pub mod profile_link;
pub mod profile_rule;
pub mod quota;
pub mod recovery;
mod removal;
pub mod report;
pub mod resource_group;
pub mod resource_key;
pub mod restore;
mod revised;
mod sender_secret;
pub mod service_id;
pub mod service_id_group;
pub mod session;
pub mod settings;
pub mod space;
pub mod space_login;
mod stamp;

pub use crate::model::{page, people_search, room, text};
pub use removal::Purged;
