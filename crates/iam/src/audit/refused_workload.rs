//! The workload of a refused login, as far as it is known.

use super::Entry;
use crate::workload::ComputeResource;
use base::id::ProfileId;

/// A workload whose login was refused. Nothing in it is a text that only the caller says: the issuer is one of the operator's
/// settings, the resource is what a verified token of it says, and the profile exists.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct RefusedWorkload {
    /// The issuer that the token names.
    issuer: String,
    /// The label and kind of the compute resource, once its token is verified.
    resource: Option<(String, &'static str)>,
    /// The profile it asked for.
    profile: Option<ProfileId>,
}

impl RefusedWorkload {
    /// One whose token was refused; it names this issuer of the settings.
    pub(crate) const fn unproven(issuer: String) -> Self {
        Self {
            issuer,
            resource: None,
            profile: None,
        }
    }

    /// One whose token is good, and the profile of its account that is not for it.
    pub(crate) fn proven(resource: &ComputeResource, profile: Option<ProfileId>) -> Self {
        Self {
            issuer: resource.issuer().to_owned(),
            resource: Some((resource.label(), resource.cr_type.name())),
            profile,
        }
    }

    /// Whether its token is good.
    pub(super) const fn is_proven(&self) -> bool {
        self.resource.is_some()
    }

    /// The entry, with the details that a login which succeeds has.
    pub(super) fn told_in(&self, entry: Entry) -> Entry {
        let (label, kind) = self.resource.as_ref().map(|(l, k)| (l, *k)).unzip();
        let entry = match self.profile {
            Some(profile) => entry.on(profile),
            None => entry,
        };
        entry
            .with_some("compute_resource", label)
            .with_some("cr_type", kind)
            .with("issuer", &self.issuer)
    }
}
