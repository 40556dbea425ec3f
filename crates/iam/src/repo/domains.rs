//! The table `domains`.

use super::counters;
use crate::error::IamError;
use base::scope::Domain;
use db::{Tx, Value};

/// Gives a new domain its number in the store; a number is never given twice.
pub(crate) async fn allocate(tx: &mut Tx, domain: Domain) -> Result<(), IamError> {
    let tenant = counters::next_tenant(tx).await?;
    let values = [Value::from(tenant), Value::from(domain.to_string())];
    tx.execute(
        "INSERT INTO domains (tenant, domain) VALUES ($1, $2)",
        &values,
    )
    .await?;
    Ok(())
}

/// Sets one of the two texts of rules.
pub(crate) async fn set_rules(
    tx: &mut Tx,
    domain: Domain,
    file: RuleFile,
    text: Option<&str>,
) -> Result<(), IamError> {
    let sql = match file {
        RuleFile::Schemas => {
            "UPDATE domains SET schemas = $2 WHERE domain = $1 AND retired_at IS NULL"
        }
        RuleFile::Aggregation => {
            "UPDATE domains SET aggregation = $2 WHERE domain = $1 AND retired_at IS NULL"
        }
    };
    let values = [
        Value::from(domain.to_string()),
        Value::from(text.map(str::to_owned)),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Sets whether senders to the domain may write a key before each name.
pub(crate) async fn set_key_before_names(
    tx: &mut Tx,
    domain: Domain,
    is_taken: bool,
) -> Result<(), IamError> {
    let sql = "UPDATE domains SET key_before_names = $2 WHERE domain = $1 AND retired_at IS NULL";
    let values = [
        Value::from(domain.to_string()),
        Value::from(i64::from(is_taken)),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Which of the two texts of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RuleFile {
    /// Like `storage-schemas.conf`.
    Schemas,
    /// Like `storage-aggregation.conf`.
    Aggregation,
}

/// Sets the step that samples of the domain are consolidated to when read.
pub(crate) async fn set_resolution(
    tx: &mut Tx,
    domain: Domain,
    seconds: Option<u32>,
) -> Result<(), IamError> {
    let sql = "UPDATE domains SET resolution_seconds = $2 WHERE domain = $1 AND retired_at IS NULL";
    let values = [
        Value::from(domain.to_string()),
        Value::from(seconds.map(i64::from)),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}
