//! The table `domains`.

use super::column::counter;
use crate::error::IamError;
use base::scope::Domain;
use db::{Tx, Value};

/// Gives a new domain its number in the store; a number is never given twice.
pub(crate) async fn allocate(tx: &mut Tx, domain: Domain) -> Result<(), IamError> {
    let row = tx
        .one(
            "UPDATE counters SET value = value + 1 WHERE name = 'tenants' RETURNING value",
            &[],
        )
        .await?;
    let tenant = counter(row)?;
    let values = [Value::from(tenant), Value::from(domain.to_string())];
    tx.execute(
        "INSERT INTO domains (tenant, domain) VALUES ($1, $2)",
        &values,
    )
    .await?;
    Ok(())
}
