//! From a proof to tokens: grants, sessions and their renewal, one-time codes, passwords, and how each of them ends.

pub(crate) mod access;
pub(crate) mod ending;
pub mod grant;
mod guess;
mod introspect;
pub(crate) mod passcode;
pub mod password;
pub mod refresh;
pub mod request;
mod session_limit;
pub mod uaa;
