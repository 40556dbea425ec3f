//! Column values, decoded into the model's types.

use crate::error::IamError;
use crate::model::directory::{Stamp, change};
use base::id::{Guid, TenantId};
use base::scope::Domain;
use base::time::Millis;
use db::Row;

/// A domain's number in the store.
pub(super) fn tenant(row: &Row) -> Result<TenantId, IamError> {
    let tenant = row.int("tenant")?;
    let number = u32::try_from(tenant).map_err(|_| IamError::Stored {
        value: tenant.to_string(),
        expected: "a tenant number",
    })?;
    Ok(TenantId(number))
}

pub(super) fn at(row: &Row, column: &'static str) -> Result<Millis, IamError> {
    Ok(Millis(row.int(column)?))
}

pub(super) fn parse<T: std::str::FromStr>(
    row: &Row,
    column: &'static str,
    expected: &'static str,
) -> Result<T, IamError> {
    let value = row.text(column)?;
    value
        .parse()
        .map_err(|_| IamError::Stored { value, expected })
}

pub(super) fn parse_guid(row: &Row, column: &'static str) -> Result<Guid, IamError> {
    let value = row.text(column)?;
    Guid::parse(&value).map_err(|_| IamError::Stored {
        value,
        expected: "a GUID",
    })
}

/// When something was done, and by whom, out of these columns.
pub(super) fn stamp(row: &Row, when: &'static str, who: &'static str) -> Result<Stamp, IamError> {
    Ok(Stamp {
        at: at(row, when)?,
        by: parse(row, who, "an IAM id")?,
    })
}

/// The author and the time of the creation of a row, and of its last change.
pub(super) fn stamps(row: &Row) -> Result<(Stamp, Stamp), IamError> {
    let created = stamp(row, "created_at", "created_by")?;
    let modified = stamp(row, "modified_at", "modified_by")?;
    Ok((created, modified))
}

/// Decodes rows; skips and counts those that only a newer version of this program understands, for which `read` returns `None`.
pub(super) fn known<T>(
    rows: &[Row],
    read: impl Fn(&Row) -> Result<Option<T>, IamError>,
) -> Result<(Vec<T>, usize), IamError> {
    let mut known = Vec::with_capacity(rows.len());
    for row in rows {
        known.extend(read(row)?);
    }
    let unknown = rows.len().saturating_sub(known.len());
    Ok((known, unknown))
}

pub(super) fn domain(text: &str) -> Result<Domain, IamError> {
    change::domain(text).ok_or_else(|| IamError::Stored {
        value: text.to_owned(),
        expected: "a domain",
    })
}

/// The number in the column `counted` of a row that counts.
pub(super) fn counted(row: Option<Row>) -> Result<u64, IamError> {
    let counted = row.map_or(Ok(0), |row| row.int("counted"))?;
    Ok(u64::try_from(counted).unwrap_or_default())
}
