//! Domains that were deleted: nobody has a role in them any more, and their samples are to go.

use crate::directory::domain;
use crate::error::IamError;
use crate::service::Iam;
use base::id::TenantId;
use base::scope::{Action, Actions, Scope};
use std::sync::Arc;

/// Who deletes in a domain that is nobody's.
const CALLER: &str = "deleted-domain";

impl Iam {
    /// A scope to delete with in every domain that was deleted. A store keeps what it holds until it is told: each node asks
    /// its own store, and asking again does no harm.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn retired(&self) -> Result<Vec<Scope>, IamError> {
        let sql = "SELECT tenant, domain FROM domains WHERE retired_at IS NOT NULL";
        let caller: Arc<str> = CALLER.into();
        let mut scopes = Vec::new();
        for row in self.0.db.all(sql, &[]).await? {
            let tenant = row.int("tenant")?;
            let tenant = u32::try_from(tenant).map_err(|_| IamError::Stored {
                value: tenant.to_string(),
                expected: "a tenant number",
            })?;
            #[expect(
                clippy::disallowed_methods,
                reason = "the domain is nobody's any more, and deleting is all that it allows"
            )]
            let scope = Scope::granted(
                TenantId(tenant),
                domain(&row.text("domain")?)?,
                Actions::of(&[Action::Delete]),
                Arc::clone(&caller),
            );
            scopes.push(scope);
        }
        Ok(scopes)
    }

    /// How many changes the directory holds: another number, another directory.
    #[must_use]
    pub fn changes(&self) -> i64 {
        self.0.directory.load().changes
    }
}
