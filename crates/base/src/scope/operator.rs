//! Proofs for work that no caller asked for: metering of a tenant, and the operator's right to the whole store.

use crate::id::TenantId;

/// The proof that what a tenant keeps may be counted, for a quota or before it is deleted. It opens no name and no sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Metering(TenantId);

impl Metering {
    /// States that what `tenant` keeps may be counted. For `iam` alone: it knows whose it is.
    #[must_use]
    pub const fn granted(tenant: TenantId) -> Self {
        Self(tenant)
    }

    /// Whose samples are counted.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.0
    }
}

/// The proof that the operator acts, who runs this process and can read its files anyway.
#[derive(Debug)]
pub struct Operator(());

impl Operator {
    /// States that the operator asks. For commands and sockets that only the operator has.
    #[must_use]
    pub const fn granted() -> Self {
        Self(())
    }
}
