//! Whose samples may be counted: what an account's own domains keep, and what it has deleted.

use base::id::TenantId;
use base::scope::Metering;

/// For a tenant out of the directory or of a deletion, never for a number that somebody brought.
pub(crate) fn of(tenant: TenantId) -> Metering {
    #[expect(clippy::disallowed_methods, reason = "the one place that makes it")]
    Metering::granted(tenant)
}
