//! The table `domains`.

use super::column::{counted, domain, tenant};
use super::selection::{Selection, selection};
use crate::entropy;
use crate::error::IamError;
use crate::model::directory::RuleTexts;
use crate::model::directory::facts::DomainFact;
use base::id::{AccountId, TenantId};
use base::scope::Domain;
use base::time::Millis;
use db::{Db, Row, Tx, Value};
use std::collections::HashSet;
use std::sync::Arc;

/// How often a number is drawn before something must be wrong: with a thousand million domains, every fourth draw finds one taken.
const DRAWS_MAX: usize = 64;

/// For the directory.
pub(super) const ROWS: Selection = selection!(
    "SELECT tenant, domain, resolution_seconds, key_before_names, schemas, aggregation, retired_at FROM domains",
    "domain"
);

/// Decodes the domains that are in use.
pub(super) fn read_in_use(rows: &[Row]) -> Result<Vec<DomainFact>, IamError> {
    let mut domains = Vec::with_capacity(rows.len());
    for row in rows {
        if row.int_or_none("retired_at")?.is_some() {
            continue;
        }
        let seconds = row.int_or_none("resolution_seconds")?;
        let resolution_seconds = seconds.map(u32::try_from).transpose();
        let resolution_seconds = resolution_seconds.map_err(|_| IamError::Stored {
            value: seconds.unwrap_or_default().to_string(),
            expected: "a resolution in seconds",
        })?;
        domains.push(DomainFact {
            domain: domain(&row.text("domain")?)?,
            tenant: tenant(row)?,
            resolution_seconds,
            key_before_names: row.int("key_before_names")? != 0,
            rules: rules(row)?,
        });
    }
    Ok(domains)
}

/// The rules of a domain; none where it has neither text.
fn rules(row: &Row) -> Result<Option<Arc<RuleTexts>>, IamError> {
    let texts = RuleTexts {
        schemas: row.text_or_none("schemas")?,
        aggregation: row.text_or_none("aggregation")?,
    };
    Ok((texts != RuleTexts::default()).then(|| Arc::new(texts)))
}

/// A domain that the transaction makes, and that has no number in the store yet.
#[derive(Debug)]
#[must_use]
pub(crate) struct NewDomain(pub(super) Domain);

impl NewDomain {
    /// Gives it its number in the store: a random one that no other domain of this database has. Were they counted, a database that was
    /// brought back from an earlier copy, or another one, would give the numbers of others again, and their samples with them.
    pub(crate) async fn allocate(self, tx: &mut Tx) -> Result<(), IamError> {
        let domain = self.0.to_string();
        let sql = "INSERT INTO domains (tenant, domain) SELECT $1, $2 \
                   WHERE NOT EXISTS (SELECT 1 FROM deletions WHERE tenant = $1) ON CONFLICT (tenant) DO NOTHING";
        for _ in 0..DRAWS_MAX {
            let [a, b, c, d] = entropy::bytes();
            let tenant = i64::from(u32::from_le_bytes([a, b, c, d]));
            let values = [Value::from(tenant), Value::from(domain.clone())];
            if tx.execute(sql, &values).await? > 0 {
                return Ok(());
            }
        }
        Err(IamError::Crypto("draw a number that no other domain has"))
    }
}

/// Those of `tenants` that are no domain's, also not of one that was deleted and can be restored.
pub(crate) async fn without_domain(
    db: &Db,
    tenants: &[TenantId],
) -> Result<Vec<TenantId>, IamError> {
    let sql = "SELECT tenant FROM domains UNION SELECT tenant FROM deletions";
    let known: HashSet<TenantId> = db
        .all(sql, &[])
        .await?
        .iter()
        .map(tenant)
        .collect::<Result<_, _>>()?;
    let unknown = tenants.iter().filter(|tenant| !known.contains(tenant));
    Ok(unknown.copied().collect())
}

/// Whether the domain is there, and not deleted. Its account is locked, so that it stays.
pub(crate) async fn is_in_use(tx: &mut Tx, domain: Domain) -> Result<bool, IamError> {
    let sql = "SELECT domain FROM domains WHERE domain = $1 AND retired_at IS NULL";
    Ok(tx.one(sql, &[domain.to_string().into()]).await?.is_some())
}

/// Sets one of the two texts of rules. `false` if it is so already.
pub(crate) async fn set_rules(
    tx: &mut Tx,
    domain: Domain,
    file: RuleFile,
    text: Option<&str>,
) -> Result<bool, IamError> {
    let sql = match file {
        RuleFile::Schemas => {
            "UPDATE domains SET schemas = $2 WHERE domain = $1 AND retired_at IS NULL AND schemas IS DISTINCT FROM $2"
        }
        RuleFile::Aggregation => {
            "UPDATE domains SET aggregation = $2 WHERE domain = $1 AND retired_at IS NULL AND aggregation IS DISTINCT FROM $2"
        }
    };
    let values = [
        Value::from(domain.to_string()),
        Value::from(text.map(str::to_owned)),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Sets whether senders to the domain may write a key before each name. `false` if it is so already.
pub(crate) async fn set_key_before_names(
    tx: &mut Tx,
    domain: Domain,
    is_taken: bool,
) -> Result<bool, IamError> {
    let sql = "UPDATE domains SET key_before_names = $2 WHERE domain = $1 AND retired_at IS NULL AND key_before_names <> $2";
    let values = [
        Value::from(domain.to_string()),
        Value::from(i64::from(is_taken)),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// The kind of a text of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RuleFile {
    /// Like `storage-schemas.conf`.
    Schemas,
    /// Like `storage-aggregation.conf`.
    Aggregation,
}

/// Sets the step that samples of the domain are consolidated to when read. `false` if it is so already.
pub(crate) async fn set_resolution(
    tx: &mut Tx,
    domain: Domain,
    seconds: Option<u32>,
) -> Result<bool, IamError> {
    let sql = "UPDATE domains SET resolution_seconds = $2 \
               WHERE domain = $1 AND retired_at IS NULL AND resolution_seconds IS DISTINCT FROM $2";
    let values = [
        Value::from(domain.to_string()),
        Value::from(seconds.map(i64::from)),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// The bytes of the rules of the account and its domains.
pub(super) async fn rule_bytes(tx: &mut Tx, account: AccountId) -> Result<u64, IamError> {
    let sql = "SELECT COALESCE(SUM(COALESCE(OCTET_LENGTH(schemas), 0) + COALESCE(OCTET_LENGTH(aggregation), 0)), 0) \
               AS counted FROM domains WHERE retired_at IS NULL AND domain IN (SELECT 'a-' || CAST($1 AS TEXT) \
               UNION ALL SELECT 'o-' || guid FROM orgs WHERE account = $1 \
               UNION ALL SELECT 's-' || spaces.guid FROM spaces JOIN orgs ON orgs.guid = spaces.org \
               WHERE orgs.account = $1)";
    counted(tx.one(sql, &[account.to_string().into()]).await?)
}

/// Takes the domains that are recorded as deleted with the domain out of use. Their numbers in the store are never given
/// to others.
pub(crate) async fn retire(tx: &mut Tx, with: Domain, now: Millis) -> Result<(), IamError> {
    let sql = "UPDATE domains SET retired_at = $2 WHERE domain IN (SELECT domain FROM deletions WHERE deleted_with = $1)";
    tx.execute(sql, &[with.to_string().into(), now.0.into()])
        .await?;
    Ok(())
}

/// Takes the domains of an account that was deleted with all its contents into use again.
pub(crate) async fn reopen(tx: &mut Tx, with: Domain) -> Result<(), IamError> {
    let sql = "UPDATE domains SET retired_at = NULL WHERE domain IN (SELECT domain FROM deletions WHERE deleted_with = $1)";
    tx.execute(sql, &[with.to_string().into()]).await?;
    Ok(())
}

/// Takes the domain, and what was deleted with it and can still be restored, into use again.
pub(crate) async fn restore(tx: &mut Tx, domain: Domain, now: Millis) -> Result<(), IamError> {
    let sql = "UPDATE domains SET retired_at = NULL WHERE domain IN (SELECT domain FROM deletions \
               WHERE (domain = $1 OR deleted_with = $1) AND begun = 0 AND due_at > $2)";
    tx.execute(sql, &[domain.to_string().into(), now.0.into()])
        .await?;
    Ok(())
}

/// Deletes a domain whose removal has begun.
pub(crate) async fn delete_removed(tx: &mut Tx, tenant: TenantId) -> Result<(), IamError> {
    let sql = "DELETE FROM domains WHERE tenant = $1 AND retired_at IS NOT NULL \
               AND EXISTS (SELECT 1 FROM deletions WHERE deletions.tenant = domains.tenant AND begun = 1)";
    tx.execute(sql, &[i64::from(tenant.0).into()]).await?;
    Ok(())
}
