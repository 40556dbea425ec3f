//! What verified callers may see and change: accounts, organizations, spaces, roles, users, keys, settings.
//!
//! Every function takes the caller's [`crate::Identity`] first. What the caller may not see does not exist for him; what
//! he sees but may not change is forbidden; what he would see with a token of another of his accounts says which.

pub mod account;
pub mod account_deletion;
pub mod api_key;
pub mod deletion;
pub mod invitation;
pub mod member;
pub mod org;
mod own_key;
pub mod people;
pub mod quota;
pub mod recovery;
pub mod restore;
mod retired;
pub mod settings;
pub mod space;

pub use crate::model::{page, text};
