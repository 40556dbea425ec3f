//! The table `principals`: whoever acts, and of which kind each is. Users, services and profiles share it, so that roles,
//! keys and sessions refer to one table.

use super::column::parse_guid;
use crate::error::IamError;
use base::id::{ProfileId, ServiceId, UserId};
use base::principal::Principal;
use db::{Row, Tx, Value};

const USER: &str = "user";
const SERVICE: &str = "service";
const PROFILE: &str = "profile";

/// The word for the kind. The server is in no table.
const fn kind(principal: Principal) -> Option<&'static str> {
    match principal {
        Principal::User(_) => Some(USER),
        Principal::Service(_) => Some(SERVICE),
        Principal::Profile(_) => Some(PROFILE),
        Principal::Server => None,
    }
}

/// The GUID as it is stored. The server has none: its text equals no stored one.
pub(crate) fn key(principal: impl Into<Principal>) -> Value {
    let guid = principal.into().guid();
    guid.map_or_else(String::new, |guid| guid.to_string())
        .into()
}

/// Stores a new principal, before what refers to it.
pub(crate) async fn insert(tx: &mut Tx, principal: impl Into<Principal>) -> Result<(), IamError> {
    let principal = principal.into();
    let kind = kind(principal).ok_or(IamError::Crypto("store the server as a principal"))?;
    let sql = "INSERT INTO principals (guid, kind) VALUES ($1, $2)";
    tx.execute(sql, &[key(principal), kind.into()]).await?;
    Ok(())
}

/// The principal of the columns `principal` and `principal_kind`. None if it is gone, or of a kind that only a newer program
/// knows: then nobody may act as it here.
pub(crate) fn read(row: &Row) -> Result<Option<Principal>, IamError> {
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
