//! An address goes back to its true owner: whoever began with a code that his inviter had seen is no user any more.
//!
//! Nothing of his survives, because nothing can be told apart from what an impostor made: password, sessions, passcodes,
//! keys, tokens. His id is never given again. What he was in his one account waits there as an invitation, for the owner of
//! the address to accept or decline.

use super::Stored;
use crate::entropy;
use crate::error::IamError;
use crate::manage::departure;
use crate::repo::column::parse_guid;
use crate::repo::users;
use crate::service::Iam;
use base::id::{AccountId, UserId};
use db::{Tx, Value};

/// The one account an unproven user is in.
pub(super) async fn account_of(tx: &mut Tx, user: UserId) -> Result<Option<AccountId>, IamError> {
    let sql = "SELECT account FROM members WHERE person = $1 ORDER BY added_at LIMIT 1";
    let row = tx.one(sql, &[user.0.to_string().into()]).await?;
    row.map(|row| Ok(AccountId(parse_guid(&row, "account")?)))
        .transpose()
}

/// Ends the unproven user for whom `found`, a good code, has come. His account is held.
pub(super) async fn evict(
    iam: &Iam,
    tx: &mut Tx,
    user: UserId,
    found: &Stored,
) -> Result<(), IamError> {
    let now = iam.0.clock.now();
    users::hold_user(tx, user).await?;
    while let Some(account) = account_of(tx, user).await? {
        let sql = "INSERT INTO invitations (guid, account, email, folded, inviter, code_seen, mail_tries, created_at, \
                   expires_at) VALUES ($1, $2, $3, $4, '', 0, 0, $5, $6) \
                   ON CONFLICT (account, folded) DO UPDATE SET expires_at = excluded.expires_at RETURNING guid";
        let values = [
            Value::from(entropy::guid().to_string()),
            account.to_string().into(),
            found.email.as_str().into(),
            found.folded.as_str().into(),
            now.0.into(),
            now.plus(iam.0.config.invitations.lifetime_milliseconds)
                .0
                .into(),
        ];
        let row = tx.one(sql, &values).await?;
        let row = row.ok_or(IamError::Crypto("write the invitation down"))?;
        let invitation = parse_guid(&row, "guid")?;
        let roles = "INSERT INTO invitation_roles (invitation, domain, role) \
                     SELECT CAST($1 AS TEXT), domain, role FROM roles WHERE person = $2 ON CONFLICT DO NOTHING";
        let values = [
            Value::from(invitation.to_string()),
            user.0.to_string().into(),
        ];
        tx.execute(roles, &values).await?;
        departure::leave(tx, account, user, now, invitation).await?;
    }
    Ok(())
}
