//! The tables `invitations` and `invitation_roles`.

use super::column::parse_guid;
use crate::error::IamError;
use crate::model::role::Role;
use base::id::{AccountId, Guid};
use base::scope::Domain;
use base::time::Millis;
use db::{Tx, Value};

/// The invitation of an address into an account, if one waits; of two that ask for it one waits for the other.
pub(crate) async fn waiting(
    tx: &mut Tx,
    account: AccountId,
    folded: &str,
    now: Millis,
) -> Result<Option<Guid>, IamError> {
    let sql = "SELECT guid FROM invitations WHERE account = $1 AND folded = $2 AND expires_at > $3";
    let values = [account.to_string().into(), folded.into(), now.0.into()];
    let row = tx.one(sql, &values).await?;
    row.map(|row| parse_guid(&row, "guid")).transpose()
}

/// Takes an invitation away, with what it would have given.
pub(crate) async fn remove(tx: &mut Tx, invitation: Guid) -> Result<bool, IamError> {
    let key = [Value::from(invitation.to_string())];
    let roles = "DELETE FROM invitation_roles WHERE invitation = $1";
    tx.execute(roles, &key).await?;
    let own = "DELETE FROM invitations WHERE guid = $1";
    Ok(tx.execute(own, &key).await? == 1)
}

/// Notes a role that begins with the acceptance.
pub(crate) async fn promise(
    tx: &mut Tx,
    invitation: Guid,
    domain: Domain,
    role: Role,
) -> Result<(), IamError> {
    let sql = "INSERT INTO invitation_roles (invitation, domain, role) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let values = [
        Value::from(invitation.to_string()),
        domain.to_string().into(),
        role.name().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}
