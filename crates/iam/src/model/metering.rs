//! The tenants whose usage may be read: the domains of an account, and its deletions.

use base::id::TenantId;
use base::scope::Metering;

/// For tenants from the directory or from a deletion only, never for a number from a request.
pub(crate) fn of(tenant: TenantId) -> Metering {
    #[expect(clippy::disallowed_methods, reason = "the one place that makes it")]
    Metering::granted(tenant)
}
