//! What a deletion writes down: which samples are to go and when, and what brings all back until then.
//!
//! It is one transaction with the deletion itself, so that a crash leaves both or neither; the sweep of every node works it
//! off ([`super::retired`]), and [`super::restore`] takes it back.

use crate::error::IamError;
use crate::repo::accounts::hold;
use crate::repo::column::tenant;
use crate::service::Iam;
use base::id::{AccountId, OrgId, SpaceId, TenantId, UserId};
use base::limit;
use base::scope::Domain;
use base::time::Millis;
use db::{Tx, Value};

/// What a deletion means for samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// When they go; until then the deletion can be taken back.
    pub removed_at: Millis,
    /// Whose they are in the store.
    pub tenants: Vec<TenantId>,
}

/// Who deletes in which account.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deleter {
    pub(super) account: AccountId,
    pub(super) user: UserId,
}

const SPACE: &str = "INSERT INTO deletions (tenant, domain, account, org, region, name, created_at, updated_at, deleted_at, \
     deleted_by, deleted_with, due_at, begun) \
     SELECT domains.tenant, domains.domain, CAST($2 AS TEXT), spaces.org, '', spaces.name, spaces.created_at, \
     spaces.updated_at, CAST($3 AS BIGINT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS BIGINT), 0 \
     FROM spaces JOIN domains ON domains.domain = 's-' || spaces.guid WHERE spaces.guid = $1";

const SPACES_OF_ORG: &str = "INSERT INTO deletions (tenant, domain, account, org, region, name, created_at, updated_at, deleted_at, \
     deleted_by, deleted_with, due_at, begun) \
     SELECT domains.tenant, domains.domain, CAST($2 AS TEXT), spaces.org, '', spaces.name, spaces.created_at, \
     spaces.updated_at, CAST($3 AS BIGINT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS BIGINT), 0 \
     FROM spaces JOIN domains ON domains.domain = 's-' || spaces.guid WHERE spaces.org = $1";

const ORG: &str = "INSERT INTO deletions (tenant, domain, account, org, region, name, created_at, updated_at, deleted_at, \
     deleted_by, deleted_with, due_at, begun) \
     SELECT domains.tenant, domains.domain, CAST($2 AS TEXT), orgs.guid, orgs.region, orgs.name, orgs.created_at, \
     orgs.updated_at, CAST($3 AS BIGINT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS BIGINT), 0 \
     FROM orgs JOIN domains ON domains.domain = 'o-' || orgs.guid WHERE orgs.guid = $1";

/// What closes domains for everybody, once they are written down as deleted with the domain `$1`: their roles are kept apart.
const CLOSE: [&str; 3] = [
    "INSERT INTO deleted_roles (person, domain, role) SELECT person, domain, role FROM roles \
     WHERE domain IN (SELECT domain FROM deletions WHERE deleted_with = $1) ON CONFLICT DO NOTHING",
    "DELETE FROM roles WHERE domain IN (SELECT domain FROM deletions WHERE deleted_with = $1)",
    "DELETE FROM invitation_roles WHERE domain IN (SELECT domain FROM deletions WHERE deleted_with = $1)",
];

/// Their numbers in the store are given to nobody else.
const RETIRE: &str = "UPDATE domains SET retired_at = $2 WHERE domain IN (SELECT domain FROM deletions WHERE deleted_with = $1)";

impl Iam {
    /// Takes a space out of use.
    pub(super) async fn remove_space(
        &self,
        tx: &mut Tx,
        by: Deleter,
        id: SpaceId,
    ) -> Result<Deletion, IamError> {
        let guid = id.to_string();
        let removed = self.remove(tx, by, Domain::Space(id), &[SPACE], guid);
        let removed = removed.await?;
        removed.ok_or_else(|| IamError::not_found("the space"))
    }

    /// Takes an organization out of use, with its spaces.
    pub(super) async fn remove_org(
        &self,
        tx: &mut Tx,
        by: Deleter,
        id: OrgId,
    ) -> Result<Deletion, IamError> {
        let rows = [SPACES_OF_ORG, ORG];
        let guid = id.to_string();
        let removed = self.remove(tx, by, Domain::Org(id), &rows, guid).await?;
        removed.ok_or_else(|| IamError::not_found("the organization"))
    }

    /// None where there was nothing, because another was faster.
    async fn remove(
        &self,
        tx: &mut Tx,
        by: Deleter,
        with: Domain,
        rows: &[&'static str],
        guid: String,
    ) -> Result<Option<Deletion>, IamError> {
        hold(tx, by.account).await?;
        let now = self.0.clock.now();
        let cause = Value::from(with.to_string());
        let values = [
            guid.into(),
            by.account.to_string().into(),
            now.0.into(),
            by.user.0.to_string().into(),
            cause.clone(),
            now.plus(self.0.config.deleted_milliseconds).0.into(),
        ];
        let mut written = 0;
        for sql in rows {
            written = tx.execute(sql, &values).await?;
        }
        if written == 0 {
            return Ok(None);
        }
        self.has_room_for_deletions(tx, by.account).await?;
        for sql in CLOSE {
            tx.execute(sql, std::slice::from_ref(&cause)).await?;
        }
        tx.execute(RETIRE, &[cause, now.0.into()]).await?;
        deletion_of(tx, with).await.map(Some)
    }

    /// Refuses a deletion that leaves more to be removed than the account may have; those of now are counted.
    async fn has_room_for_deletions(
        &self,
        tx: &mut Tx,
        account: AccountId,
    ) -> Result<(), IamError> {
        let sql = "SELECT COUNT(*) AS held FROM deletions WHERE account = $1";
        let limit = &limit::DELETED_PER_ACCOUNT;
        let fits = self.is_within_limit(tx, account, limit, sql).await;
        fits.map_err(|error| match error {
            IamError::Refused(problem) => IamError::Refused(problem.hint(
                "wait until some have gone (`vigie account deleted` says when), or let the operator run `vigied deleted purge`",
            )),
            other => other,
        })
    }
}

/// What was deleted with the domain, as the transaction has written it down.
pub(super) async fn deletion_of(tx: &mut Tx, with: Domain) -> Result<Deletion, IamError> {
    let sql =
        "SELECT tenant, due_at FROM deletions WHERE deleted_with = $1 ORDER BY due_at, tenant";
    let rows = tx.all(sql, &[with.to_string().into()]).await?;
    let mut deletion = Deletion {
        removed_at: Millis::default(),
        tenants: Vec::with_capacity(rows.len()),
    };
    for row in &rows {
        deletion.removed_at = deletion.removed_at.max(Millis(row.int("due_at")?));
        deletion.tenants.push(tenant(row)?);
    }
    Ok(deletion)
}
