//! The table `principals`: everybody who acts, with their kind. Users, services and profiles share it, so that roles, keys and
//! sessions refer to one table.

use super::column::parse_guid;
use crate::error::IamError;
use base::id::{ProfileId, ServiceId, UserId};
use base::principal::Principal;
use db::{Row, Tx, Value};

const USER: &str = "user";
const SERVICE: &str = "service";
const PROFILE: &str = "profile";

/// The GUID as it is stored. The server has none: its text equals no stored one.
pub(crate) fn key(principal: impl Into<Principal>) -> Value {
    let guid = principal.into().guid();
    guid.map_or_else(String::new, |guid| guid.to_string())
        .into()
}

/// Stores a new user among the principals, before what refers to them. The server is in no table, so this takes no principal
/// as such.
pub(crate) async fn insert_user(tx: &mut Tx, user: UserId) -> Result<(), IamError> {
    let sql = "INSERT INTO principals (guid, kind) VALUES ($1, $2)";
    tx.execute(sql, &[key(user), USER.into()]).await?;
    Ok(())
}

/// Stores a new service among the principals, before what refers to it.
pub(crate) async fn insert_service(tx: &mut Tx, service: ServiceId) -> Result<(), IamError> {
    let sql = "INSERT INTO principals (guid, kind) VALUES ($1, $2)";
    tx.execute(sql, &[key(service), SERVICE.into()]).await?;
    Ok(())
}

/// The principal of the columns `principal` and `principal_kind`. None if it is gone, or of a kind that only a newer program
/// knows: then nobody may act as it here.
pub(super) fn read(row: &Row) -> Result<Option<Principal>, IamError> {
    let Some(kind) = row.text_or_none("principal_kind")? else {
        return Ok(None);
    };
    let guid = parse_guid(row, "principal")?;
    Ok(match kind.as_str() {
        USER => Some(UserId(guid).into()),
        SERVICE => Some(ServiceId(guid).into()),
        PROFILE => Some(ProfileId(guid).into()),
        _ => None,
    })
}

/// Decodes the rows of principals that this program knows, by `read_row`.
pub(super) fn read_known<T>(
    rows: &[Row],
    read_row: impl Fn(&Row, Principal) -> Result<T, IamError>,
) -> Result<Vec<T>, IamError> {
    let mut known = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(principal) = read(row)? {
            known.push(read_row(row, principal)?);
        }
    }
    Ok(known)
}

/// Deletes a principal, after all that refers to it. `principal` is its stored GUID.
pub(crate) async fn delete(tx: &mut Tx, principal: &Value) -> Result<(), IamError> {
    let sql = "DELETE FROM principals WHERE guid = $1";
    tx.execute(sql, std::slice::from_ref(principal)).await?;
    Ok(())
}
