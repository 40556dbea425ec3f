//! What the directory leaves out with a deleted account: the rows of it do not change, so the log of changes does not name them.

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

/// What is in the account, each as the log of changes would name it; none where there is more than `room`.
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
