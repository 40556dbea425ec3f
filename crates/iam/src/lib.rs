//! Identity and access: who calls, what they may do, and the tokens that prove it.
//!
//! What it is: accounts, regions, organizations, spaces, users, API keys and roles; the token service (grants,
//! sessions, rotation, revocation, signing keys); and the [`Verifier`], the only maker of a [`base::scope::Scope`].
//!
//! What it is not: it knows no HTTP type and no body format. Reads come from an in-memory [`Directory`]; every change
//! goes to the database and reaches the directory before the call that made it returns.

pub mod account_turns;
pub mod audit;
mod audit_log;
mod auth_error;
mod blocking;
pub mod bootstrap;
mod caller_roles;
pub mod config;
pub mod entropy;
mod error;
pub mod flow;
mod grant;
mod hidden_domain;
#[doc(hidden)]
pub mod inspect;
pub mod key_text;
mod keyed_turns;
pub mod login;
pub mod manage;
mod model;
mod open;
mod policy;
pub mod progress;
mod refusal;
mod repo;
mod sender;
mod service;
mod state;
pub mod sync;
mod tenant_numbers;
pub mod token;
mod verify;
pub mod workload;

pub use caller_roles::CallerRoles;
pub use config::{IamConfig, IamLimits, PasswordCost, SigningConfig};
pub use error::{AuthError, IamError};
pub use hidden_domain::HiddenDomain;
pub use model::directory::Directory;
pub use model::proof::Proof;
pub use model::time_condition::TimeCondition;
pub use model::{bounds, claim_condition, directory, role};
pub use refusal::{Lockable, Reason, Refusal, Remedy};
pub use sender::SourceKeyError;
pub use service::Iam;
pub use state::shared_query::QueryMoment;
pub use token::identity::{Credential, Identity};
pub use verify::{FromOtherNode, SpaceName, SpaceNameError, Verifier};
