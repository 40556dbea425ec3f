//! The workload of a refused login, as far as it is known, and why it was refused.

use super::Entry;
use crate::workload::{ComputeResource, CrTokenError, CrType};
use base::id::{AccountId, ProfileId};

/// Why the login of a workload was refused, as the audit says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkloadRefusal {
    /// The token's issuer is none of the operator's.
    Issuer,
    /// The text is no token.
    Malformed,
    /// The signature, key or algorithm is not the issuer's.
    Signature,
    /// The token is for another service.
    Audience,
    /// The token has expired.
    Expired,
    /// The token is not valid yet.
    NotYetValid,
    /// A claim is missing or unusable.
    Claim,
    /// The account of the compute resource has no such profile.
    UnknownProfile,
    /// The profile is not for the compute resource.
    NotForWorkload,
    /// The account asked for is not that of the profile.
    WrongAccount,
}

impl WorkloadRefusal {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Issuer,
        Self::Malformed,
        Self::Signature,
        Self::Audience,
        Self::Expired,
        Self::NotYetValid,
        Self::Claim,
        Self::UnknownProfile,
        Self::NotForWorkload,
        Self::WrongAccount,
    ];

    /// Why a token was refused; none where the keys of its issuer cannot be read, which the operator's log tells.
    pub(crate) const fn of_token(error: &CrTokenError) -> Option<Self> {
        Some(match error {
            CrTokenError::NoIssuers | CrTokenError::UnknownIssuer => Self::Issuer,
            CrTokenError::Malformed(_) => Self::Malformed,
            CrTokenError::Signature(_) => Self::Signature,
            CrTokenError::Audience => Self::Audience,
            CrTokenError::Expired { .. } => Self::Expired,
            CrTokenError::NotYetValid => Self::NotYetValid,
            CrTokenError::NoClaim(_) => Self::Claim,
            CrTokenError::KeysAway | CrTokenError::KeysBeingRead => return None,
        })
    }

    /// The word in the audit.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Issuer => "cr_token_issuer",
            Self::Malformed => "cr_token_malformed",
            Self::Signature => "cr_token_signature",
            Self::Audience => "cr_token_audience",
            Self::Expired => "cr_token_expired",
            Self::NotYetValid => "cr_token_not_yet_valid",
            Self::Claim => "cr_token_claim",
            Self::UnknownProfile => "profile_unknown",
            Self::NotForWorkload => "profile_not_for_workload",
            Self::WrongAccount => "profile_in_other_account",
        }
    }
}

/// A workload whose login was refused. Nothing in it is a text that only the caller says: the issuer is one of the operator's
/// settings, the resource is what a verified token of it says, and the account and the profile exist.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct RefusedWorkload {
    /// The issuer that the token names.
    pub(crate) issuer: Option<String>,
    /// The compute resource, once its token is verified.
    pub(crate) resource: Option<NamedResource>,
    /// The account of the resource.
    pub(crate) account: Option<AccountId>,
    /// The profile of that account that it asked for.
    pub(crate) profile: Option<ProfileId>,
}

/// A compute resource as the audit names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct NamedResource {
    label: String,
    cr_type: CrType,
}

impl From<&ComputeResource> for NamedResource {
    fn from(resource: &ComputeResource) -> Self {
        Self {
            label: resource.label(),
            cr_type: resource.cr_type,
        }
    }
}

impl RefusedWorkload {
    /// Adds to an entry what the entry of a successful login says.
    pub(super) fn add_to(&self, entry: Entry) -> Entry {
        let entry = match self.profile {
            Some(profile) => entry.on(profile),
            None => entry,
        };
        let entry = match &self.resource {
            Some(resource) => entry
                .with("compute_resource", &resource.label)
                .with("cr_type", resource.cr_type),
            None => entry,
        };
        entry.with_some("issuer", self.issuer.as_ref())
    }
}
