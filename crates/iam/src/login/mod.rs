//! Ways to prove who one is that are neither keys nor tokens.

pub mod passcode;
pub mod password;
