//! Compute resources, and how they prove who they are: with tokens of issuers that the operator has named. What a token says, the
//! keys that it is signed with, and whether a trusted profile is for the resource; no database and no HTTP.
//!
//! Nothing here is known without the operator: a token names its issuer, and only the settings say which keys that issuer has,
//! which audience its tokens must be for, and what its claims mean.

mod claims;
mod compute_resource;
mod cr_token_error;
mod cr_type;
mod issuer;
mod key_set;
mod keys;
mod matching;
mod proof;
mod times;

pub use compute_resource::ComputeResource;
pub use cr_token_error::CrTokenError;
pub use cr_type::CrType;
pub use issuer::{AccountOf, ClaimName, CrnOf, KeyFetch, WorkloadIssuer};
pub use key_set::{KeySet, KeySetError};
pub use matching::{LinkedResource, is_linked, is_ruled};
pub(crate) use proof::Workloads;
