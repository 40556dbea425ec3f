//! Proofs for work that no caller asked for: metering of a tenant, and the operator's right to the whole store.

use crate::id::TenantId;

/// The proof that the samples of a tenant may be counted, for a quota or before a deletion. It gives access to no name or sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Metering(TenantId);

impl Metering {
    /// States that the samples of `tenant` may be counted. For `iam` alone, which knows its owner.
    #[must_use]
    pub const fn granted(tenant: TenantId) -> Self {
        Self(tenant)
    }

    /// The tenant whose samples may be counted.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.0
    }
}

/// The proof that the operator acts, who runs this process and can read its files in any case.
#[derive(Debug)]
pub struct Operator(());

impl Operator {
    /// States that the operator acts. For commands and sockets that only the operator can use.
    #[must_use]
    pub const fn granted() -> Self {
        Self(())
    }
}
