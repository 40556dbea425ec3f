//! From a proof to tokens: grants, sessions and their renewal, one-time codes, passwords, and how each of them ends.

pub(crate) mod access;
mod account_rules;
mod asked_account;
pub mod assume;
mod authenticated;
pub mod authorization;
pub mod grant;
mod guess_limit;
mod introspect;
mod login_turn;
pub(crate) mod passcode;
mod passcode_request;
pub mod password;
mod proof;
pub mod request;
pub mod session;
pub mod token_body;
pub mod uaa;
pub mod wanted_profile;
pub mod workload;
