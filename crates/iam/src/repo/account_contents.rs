//! The contents of a deleted account, which the directory drops with it: their rows do not change, so the change log does not name them.

use super::{access_groups, members, orgs, profiles, public_access, service_ids, spaces};
use crate::error::IamError;
use base::id::AccountId;
use db::{Row, Tx, Value};

/// Domains are not among them: their own rows change.
const TABLES: [&str; 7] = [
    orgs::OF_ACCOUNT,
    spaces::OF_ACCOUNT,
    service_ids::OF_ACCOUNT,
    profiles::OF_ACCOUNT,
    access_groups::OF_ACCOUNT,
    public_access::OF_ACCOUNT,
    members::OF_ACCOUNT,
];

/// The contents of the account, as kinds and ids for the change log; `None` if there are more than `room`.
pub(super) async fn of(
    tx: &mut Tx,
    account: AccountId,
    room: usize,
) -> Result<Option<Vec<Row>>, IamError> {
    let mut contents = Vec::new();
    for sql in TABLES {
        let left = room.saturating_sub(contents.len());
        let one_more = i64::try_from(left).unwrap_or(i64::MAX).saturating_add(1);
        let values = [Value::from(account.to_string()), one_more.into()];
        contents.extend(tx.all(sql, &values).await?);
        if contents.len() > room {
            return Ok(None);
        }
    }
    Ok(Some(contents))
}
