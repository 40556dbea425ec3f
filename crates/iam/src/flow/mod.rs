//! From a proof to tokens: grants, sessions and their renewal, one-time codes, passwords, and how each of them ends.

pub(crate) mod access;
mod account_rules;
mod asked_account;
pub mod assume;
mod authenticated;
mod authorization;
mod delegation;
mod displaced;
pub mod grant;
mod guess_limit;
mod held_login;
mod introspect;
pub(crate) mod lifetimes;
pub(crate) mod passcode;
mod passcode_request;
pub mod password;
mod proof;
pub mod refresh;
pub mod request;
pub(crate) mod session_end;
mod session_limit;
mod shown_refresh_token;
pub mod token_body;
pub mod uaa;
pub mod wanted_profile;
pub mod workload;
