//! Reports about the identities of an account, as they are stored.

use base::id::Guid;
use base::principal::Principal;
use base::time::Millis;

/// The kind of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReportKind {
    /// The users and service IDs that have not authenticated for some time.
    Inactive,
    /// The second factor that is required of each user.
    Mfa,
}

impl ReportKind {
    /// The word in the table and in the audit.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Mfa => "mfa_status",
        }
    }
}

/// The IAM id or the id of an API key, and when it had last authenticated.
pub(crate) type ReportEntry = (String, Option<i64>);

/// A stored report.
#[derive(Debug, Clone)]
pub(crate) struct StoredReport {
    pub(crate) reference: Guid,
    pub(crate) created_at: Millis,
    pub(crate) created_by: Principal,
    /// The hours of a report of the inactive, or whether the account refused a password alone.
    pub(crate) detail: i64,
    /// The entries, as JSON.
    pub(crate) entries: String,
}
