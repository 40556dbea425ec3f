//! Tokens: signing keys, the compact form, claims, grants, renewal and revocation.

pub(crate) mod access;
pub mod claims;
pub(crate) mod encryption_key;
pub(crate) mod ending;
pub mod grant;
pub(crate) mod issuer;
pub mod jws;
mod key_folder;
pub mod key_store;
pub mod keyring;
mod number;
pub mod refresh;
pub mod uaa;
