//! Identity and access: who calls, what he may do, and the tokens that prove it.
//!
//! What it is: accounts, regions, organizations, spaces, users, API keys and roles; the token service (grants, sessions,
//! rotation, revocation, signing keys); and the [`Verifier`], the only maker of a [`base::scope::Scope`].
//!
//! What it is not: it knows no HTTP type and no body format. Reads come from an in-memory [`Directory`]; every change
//! goes to the database and reaches the directory before the call that made it returns.

mod address;
mod aside;
pub mod audit;
pub mod bootstrap;
pub mod bounds;
mod change_log;
pub mod directory;
mod ended;
pub mod entropy;
mod error;
mod guessable;
mod heard;
mod introspect;
mod issuers;
pub mod key_text;
pub mod login;
pub mod manage;
mod metering;
mod narrowing;
mod proof;
mod retired;
pub mod role;
mod room;
mod service;
mod sync;
pub mod token;
mod token_cache;
mod verified;
mod verify;

pub use directory::Directory;
pub use error::{AuthError, IamError};
pub use proof::Proof;
pub use service::{Iam, IamConfig, IamLimits};
pub use verify::{Credential, Identity, Verifier};
