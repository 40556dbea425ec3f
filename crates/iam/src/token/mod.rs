//! Tokens: signing keys, the compact form, claims, and verified contents. It knows no database.

pub(crate) mod cache;
pub mod claims;
pub(crate) mod encryption_key;
pub(crate) mod iam_id;
pub mod identity;
pub mod issued;
pub mod jws;
pub mod key_error;
pub(crate) mod key_folder;
pub mod keyring;
pub(crate) mod signing_key;
pub mod subject;
pub(crate) mod successor;
pub mod verified;
