//! Pages of invitations.

use crate::error::IamError;
use crate::model::page::{PageRequest, row_count};
use crate::model::role::Role;
use crate::repo::column::{counted, parse_guid};
use base::id::{AccountId, UserId};
use base::scope::Domain;
use base::time::Millis;
use db::{Db, Row, Value};

/// An open invitation as the account's Administrators see it: only what they wrote, nothing about the user.
#[derive(Debug)]
pub struct Invitation {
    /// Its id.
    pub id: UserId,
    /// The address as the inviter wrote it.
    pub email: String,
    /// The roles in the account that it gives.
    pub roles: Vec<Role>,
    /// When it was made.
    pub created_at: Millis,
}

/// An invitation as the invited person sees it.
#[derive(Debug)]
pub struct ReceivedInvitation {
    /// Its id.
    pub id: UserId,
    /// The account.
    pub account: AccountId,
    /// The account's name.
    pub account_name: String,
    /// Address of the inviter; empty for the operator.
    pub inviter: String,
    /// When it was made.
    pub created_at: Millis,
    /// Until when it can be accepted.
    pub expires_at: Millis,
}

/// An invitation of any account, for the operator.
#[derive(Debug)]
pub struct OpenInvitation {
    /// The account.
    pub account: AccountId,
    /// The invited address.
    pub email: String,
    /// Address of the inviter; empty for the operator.
    pub inviter: String,
    /// Until when it is valid.
    pub expires_at: Millis,
}

/// The open invitations of the account whose address fits both patterns, by address: those after one, and the number of all.
pub(crate) async fn into(
    db: &Db,
    account: AccountId,
    now: Millis,
    ([first, second], after): (&[String; 2], String),
    window: PageRequest,
) -> Result<(u64, Vec<Invitation>), IamError> {
    let searched = [
        Value::from(account.to_string()),
        now.0.into(),
        first.as_str().into(),
        second.as_str().into(),
    ];
    let count = "SELECT COUNT(*) AS counted FROM invitations WHERE account = $1 AND expires_at > $2 \
                 AND folded LIKE $3 ESCAPE '!' AND folded LIKE $4 ESCAPE '!' \
                 AND NOT EXISTS (SELECT 1 FROM members JOIN users ON users.guid = members.principal \
                 WHERE members.account = $1 AND users.folded = invitations.folded)";
    let total = counted(db.one(count, &searched).await?)?;
    let sql = "SELECT waiting.guid, waiting.email, waiting.created_at, invitation_roles.role \
               FROM (SELECT guid, email, folded, created_at FROM invitations \
               WHERE account = $1 AND expires_at > $2 AND folded LIKE $3 ESCAPE '!' AND folded LIKE $4 ESCAPE '!' \
               AND folded > $8 AND NOT EXISTS (SELECT 1 FROM members JOIN users ON users.guid = members.principal \
               WHERE members.account = $1 AND users.folded = invitations.folded) \
               ORDER BY folded LIMIT $5 OFFSET $6) AS waiting \
               LEFT JOIN invitation_roles ON invitation_roles.invitation = waiting.guid AND invitation_roles.domain = $7 \
               ORDER BY waiting.folded, invitation_roles.role";
    let [key, now, first, second] = searched;
    let values = [
        key,
        now,
        first,
        second,
        row_count(window.take).into(),
        row_count(window.skip).into(),
        Domain::Account(account).to_string().into(),
        after.into(),
    ];
    Ok((total, with_roles(&db.all(sql, &values).await?)?))
}

/// The open invitation of this id into the account, unless its address is a member's.
pub(crate) async fn by_id(
    db: &Db,
    account: AccountId,
    id: UserId,
    now: Millis,
) -> Result<Option<Invitation>, IamError> {
    let sql = "SELECT invitations.guid, invitations.email, invitations.created_at, invitation_roles.role FROM invitations \
               LEFT JOIN invitation_roles ON invitation_roles.invitation = invitations.guid AND invitation_roles.domain = $4 \
               WHERE invitations.account = $1 AND invitations.guid = $2 AND expires_at > $3 \
               AND NOT EXISTS (SELECT 1 FROM members JOIN users ON users.guid = members.principal \
               WHERE members.account = $1 AND users.folded = invitations.folded) ORDER BY invitation_roles.role";
    let values = [
        Value::from(account.to_string()),
        id.0.to_string().into(),
        now.0.into(),
        Domain::Account(account).to_string().into(),
    ];
    Ok(with_roles(&db.all(sql, &values).await?)?.pop())
}

/// Invitations out of rows, one for each role that begins with the acceptance, or one without.
fn with_roles(rows: &[Row]) -> Result<Vec<Invitation>, IamError> {
    let mut found: Vec<Invitation> = Vec::new();
    for row in rows {
        let id = UserId(parse_guid(row, "guid")?);
        if found.last().is_none_or(|last| last.id != id) {
            found.push(Invitation {
                id,
                email: row.text("email")?,
                roles: Vec::new(),
                created_at: Millis(row.int("created_at")?),
            });
        }
        let role = row.text_or_none("role")?.and_then(|text| text.parse().ok());
        if let (Some(role), Some(last)) = (role, found.last_mut()) {
            last.roles.push(role);
        }
    }
    Ok(found)
}

/// The open invitations of the address to accounts that the user is not in, newest last, and their number: those after one if there is
/// one, which was made then.
pub(crate) async fn waiting_for(
    db: &Db,
    (folded, user): (&str, UserId),
    now: Millis,
    after: Option<(Millis, UserId)>,
    window: PageRequest,
) -> Result<(u64, Vec<ReceivedInvitation>), IamError> {
    let (after_at, after_id) = match after {
        Some((at, id)) => (at, id.0.to_string()),
        None => (Millis(i64::MIN), String::new()),
    };
    let mut values = vec![
        Value::from(folded),
        now.0.into(),
        user.0.to_string().into(),
        after_at.0.into(),
        after_id.into(),
    ];
    let count = "SELECT COUNT(*) AS counted FROM invitations JOIN accounts ON accounts.guid = invitations.account \
                 WHERE folded = $1 AND expires_at > $2 AND accounts.deleted_at IS NULL \
                 AND (invitations.created_at > $4 OR (invitations.created_at = $4 AND invitations.guid > $5)) \
                 AND NOT EXISTS (SELECT 1 FROM members WHERE members.account = invitations.account AND principal = $3)";
    let total = counted(db.one(count, &values).await?)?;
    let sql = "SELECT invitations.guid, account, accounts.name, inviter, invitations.created_at, expires_at \
               FROM invitations JOIN accounts ON accounts.guid = invitations.account \
               WHERE folded = $1 AND expires_at > $2 AND accounts.deleted_at IS NULL \
               AND (invitations.created_at > $4 OR (invitations.created_at = $4 AND invitations.guid > $5)) \
               AND NOT EXISTS (SELECT 1 FROM members WHERE members.account = invitations.account AND principal = $3) \
               ORDER BY invitations.created_at, invitations.guid LIMIT $6 OFFSET $7";
    let (take, skip) = (row_count(window.take), row_count(window.skip));
    values.extend([Value::from(take), skip.into()]);
    let mut found = Vec::new();
    for row in db.all(sql, &values).await? {
        found.push(ReceivedInvitation {
            id: UserId(parse_guid(&row, "guid")?),
            account: AccountId(parse_guid(&row, "account")?),
            account_name: row.text("name")?,
            inviter: row.text("inviter")?,
            created_at: Millis(row.int("created_at")?),
            expires_at: Millis(row.int("expires_at")?),
        });
    }
    Ok((total, found))
}

/// All open invitations, by address.
pub(crate) async fn all(db: &Db) -> Result<Vec<OpenInvitation>, IamError> {
    let sql = "SELECT account, email, inviter, expires_at FROM invitations \
               JOIN accounts ON accounts.guid = invitations.account WHERE accounts.deleted_at IS NULL \
               ORDER BY folded, account";
    let mut found = Vec::new();
    for row in db.all(sql, &[]).await? {
        found.push(OpenInvitation {
            account: AccountId(parse_guid(&row, "account")?),
            email: row.text("email")?,
            inviter: row.text("inviter")?,
            expires_at: Millis(row.int("expires_at")?),
        });
    }
    Ok(found)
}
