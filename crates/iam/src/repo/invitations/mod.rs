//! The table `invitations`. Its mails that are due are in `mails`, its pages in `lists`.

pub(crate) mod lists;
pub(crate) mod mails;

use super::column::{counted, parse_guid};
use super::{invitation_groups, invitation_roles, policies};
use crate::config::InvitationConfig;
use crate::entropy;
use crate::error::IamError;
use crate::model::address::Address;
use base::id::{AccountId, Guid};
use base::time::Millis;
use db::{Db, Row, Tx, Value};

/// The open invitation of an address to an account; it is locked, so concurrent requests for it run one after the
/// other.
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

/// Deletes an invitation with its roles, policies and groups.
pub(crate) async fn remove(tx: &mut Tx, invitation: Guid) -> Result<bool, IamError> {
    invitation_roles::delete_of(tx, invitation).await?;
    policies::delete_of_invitation(tx, invitation).await?;
    invitation_groups::delete_of(tx, invitation).await?;
    let sql = "DELETE FROM invitations WHERE guid = $1";
    Ok(tx.execute(sql, &[invitation.to_string().into()]).await? == 1)
}

/// A stored invitation.
pub(crate) struct InvitationRow {
    pub(crate) guid: Guid,
    pub(crate) account: AccountId,
    pub(crate) email: String,
    pub(crate) folded: String,
    pub(crate) code_hash: Option<Vec<u8>>,
    /// Whether the inviter saw the code.
    pub(crate) code_seen: bool,
    pub(crate) expires_at: Millis,
}

impl InvitationRow {
    fn read(row: &Row) -> Result<Self, IamError> {
        Ok(Self {
            guid: parse_guid(row, "guid")?,
            account: AccountId(parse_guid(row, "account")?),
            email: row.text("email")?,
            folded: row.text("folded")?,
            code_hash: row.blob_or_none("code_hash")?,
            code_seen: row.flag("code_seen")?,
            expires_at: Millis(row.int("expires_at")?),
        })
    }
}

/// An invitation to be stored.
pub(crate) struct NewInvitation<'a> {
    pub(crate) account: AccountId,
    pub(crate) address: &'a Address,
    pub(crate) inviter: &'a str,
    pub(crate) now: Millis,
    pub(crate) config: &'a InvitationConfig,
    pub(crate) is_shown: bool,
}

impl NewInvitation<'_> {
    /// Stores it, with the hash of its code if the inviter sees the code. A repeated invitation keeps its id, gets a
    /// new expiry, and a new code replaces the previous one.
    pub(crate) async fn write(&self, tx: &mut Tx, hash: Option<Vec<u8>>) -> Result<Guid, IamError> {
        let mail_due_at = self.config.by_mail.then_some(self.now.0);
        let sql = "INSERT INTO invitations (guid, account, email, folded, inviter, code_hash, code_seen, mail_due_at, \
                   mail_tries, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10) \
                   ON CONFLICT (account, folded) DO UPDATE SET email = excluded.email, inviter = excluded.inviter, \
                   code_hash = COALESCE(excluded.code_hash, invitations.code_hash), \
                   code_seen = CASE WHEN excluded.code_hash IS NULL THEN invitations.code_seen ELSE excluded.code_seen END, \
                   mail_due_at = excluded.mail_due_at, mail_tries = 0, expires_at = excluded.expires_at RETURNING guid";
        let values = [
            Value::from(entropy::guid().to_string()),
            self.account.to_string().into(),
            self.address.text.as_str().into(),
            self.address.folded.as_str().into(),
            self.inviter.into(),
            Value::Blob(hash),
            self.is_shown.into(),
            mail_due_at.into(),
            self.now.0.into(),
            self.now.plus(self.config.lifetime_milliseconds).0.into(),
        ];
        let row = tx.one(sql, &values).await?;
        let row = row.ok_or(IamError::Internal("write the invitation down"))?;
        parse_guid(&row, "guid")
    }
}

/// Deletes expired invitations. The invitation of an account's future owner stays, for the operator to renew.
pub(crate) async fn sweep(tx: &mut Tx, account: AccountId, now: Millis) -> Result<(), IamError> {
    invitation_roles::sweep(tx, account, now).await?;
    policies::sweep(tx, account, now).await?;
    invitation_groups::sweep(tx, account, now).await?;
    let sql = "DELETE FROM invitations WHERE account = $1 AND expires_at <= $2 AND guid NOT IN (SELECT owner FROM accounts)";
    tx.execute(sql, &[account.to_string().into(), now.0.into()])
        .await?;
    Ok(())
}

/// Deletes the invitations into an account, after their roles and groups.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM invitations WHERE account = $1";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}

/// The number of invitations into the account, expired ones included.
pub(crate) async fn count(tx: &mut Tx, account: AccountId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM invitations WHERE account = $1";
    counted(tx.one(sql, &[account.to_string().into()]).await?)
}

/// The number of open invitations into the account.
pub(crate) async fn count_open(
    tx: &mut Tx,
    account: AccountId,
    now: Millis,
) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM invitations WHERE account = $1 AND expires_at > $2";
    let values = [account.to_string().into(), now.0.into()];
    counted(tx.one(sql, &values).await?)
}

/// The invitation of the address to the account. The account is locked.
pub(crate) async fn find(
    tx: &mut Tx,
    account: AccountId,
    folded: &str,
) -> Result<Option<InvitationRow>, IamError> {
    let sql = "SELECT guid, account, email, folded, code_hash, code_seen, expires_at FROM invitations \
               WHERE account = $1 AND folded = $2";
    let row = tx
        .one(sql, &[account.to_string().into(), folded.into()])
        .await?;
    row.as_ref().map(InvitationRow::read).transpose()
}

/// Makes a row for the code of a member whose address is not proven.
pub(crate) async fn note(
    tx: &mut Tx,
    account: AccountId,
    address: &Address,
    now: Millis,
) -> Result<(), IamError> {
    let sql = "INSERT INTO invitations (guid, account, email, folded, inviter, code_seen, mail_tries, created_at, expires_at) \
               VALUES ($1, $2, $3, $4, '', 0, 0, $5, $5) ON CONFLICT DO NOTHING";
    let values = [
        Value::from(entropy::guid().to_string()),
        account.to_string().into(),
        address.text.as_str().into(),
        address.folded.as_str().into(),
        now.0.into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Whether the account has this invitation.
pub(crate) async fn is_there(tx: &mut Tx, account: AccountId, id: Guid) -> Result<bool, IamError> {
    let sql = "SELECT guid FROM invitations WHERE guid = $1 AND account = $2";
    let values = [id.to_string().into(), account.to_string().into()];
    Ok(tx.one(sql, &values).await?.is_some())
}

/// Whether the account, which is locked, has this invitation, and it has not expired.
pub(crate) async fn is_open(
    tx: &mut Tx,
    account: AccountId,
    id: Guid,
    now: Millis,
) -> Result<bool, IamError> {
    let sql = "SELECT guid FROM invitations WHERE guid = $1 AND account = $2 AND expires_at > $3";
    let values = [
        Value::from(id.to_string()),
        account.to_string().into(),
        now.0.into(),
    ];
    Ok(tx.one(sql, &values).await?.is_some())
}

/// The account of an invitation.
pub(crate) async fn account_of(
    db: &Db,
    id: Guid,
    folded: &str,
) -> Result<Option<AccountId>, IamError> {
    let sql = "SELECT account FROM invitations WHERE guid = $1 AND folded = $2";
    let row = db.one(sql, &[id.to_string().into(), folded.into()]).await?;
    row.map(|row| Ok(AccountId(parse_guid(&row, "account")?)))
        .transpose()
}

/// Whether an invitation to the account is there for the address.
pub(crate) async fn waits_in(db: &Db, account: AccountId, folded: &str) -> Result<bool, IamError> {
    let sql = "SELECT guid FROM invitations WHERE account = $1 AND folded = $2";
    let values = [account.to_string().into(), folded.into()];
    Ok(db.one(sql, &values).await?.is_some())
}

/// The invitation of the address that has this code.
pub(crate) async fn by_code(
    tx: &mut Tx,
    hash: &[u8; 32],
    folded: &str,
    now: Millis,
) -> Result<Option<InvitationRow>, IamError> {
    let sql = "SELECT guid, account, email, folded, code_hash, code_seen, expires_at FROM invitations \
               WHERE code_hash = $1 AND folded = $2 AND expires_at > $3";
    let values = [Value::from(&hash[..]), folded.into(), now.0.into()];
    let row = tx.one(sql, &values).await?;
    row.as_ref().map(InvitationRow::read).transpose()
}

/// The invitations of the address to accounts that are not deleted, oldest first.
pub(crate) async fn of_address(tx: &mut Tx, folded: &str) -> Result<Vec<InvitationRow>, IamError> {
    let sql = "SELECT guid, account, email, folded, code_hash, code_seen, expires_at FROM invitations \
               WHERE folded = $1 AND account NOT IN (SELECT guid FROM accounts WHERE deleted_at IS NOT NULL) \
               ORDER BY created_at";
    let rows = tx.all(sql, &[folded.into()]).await?;
    rows.iter().map(InvitationRow::read).collect()
}

/// The effect of redeeming a code: the account, whether the inviter saw the code, and for an existing user of the
/// address how it was proven and an account of theirs.
pub(crate) struct RedeemEffect {
    pub(crate) account: AccountId,
    pub(crate) code_seen: bool,
    pub(crate) proof: Option<String>,
    pub(crate) home: Option<AccountId>,
}

/// The effects of redeeming the code of the address. Only a read.
pub(crate) async fn redeem_effects(
    db: &Db,
    hash: &[u8; 32],
    folded: &str,
    now: Millis,
) -> Result<Vec<RedeemEffect>, IamError> {
    let sql = "SELECT invitations.account, code_seen, users.proof, members.account AS home FROM invitations \
               LEFT JOIN users ON users.folded = invitations.folded LEFT JOIN members ON members.principal = users.guid \
               WHERE code_hash = $1 AND invitations.folded = $2 AND expires_at > $3";
    let values = [Value::from(&hash[..]), folded.into(), now.0.into()];
    let mut found = Vec::new();
    for row in db.all(sql, &values).await? {
        let home = row.text_or_none("home")?.is_some();
        let home = home.then(|| parse_guid(&row, "home")).transpose()?;
        found.push(RedeemEffect {
            account: AccountId(parse_guid(&row, "account")?),
            code_seen: row.flag("code_seen")?,
            proof: row.text_or_none("proof")?,
            home: home.map(AccountId),
        });
    }
    Ok(found)
}

/// Gives an invitation a code that nobody has seen, valid until then, and no mail.
pub(crate) async fn set_code(
    tx: &mut Tx,
    invitation: Guid,
    hash: Vec<u8>,
    expires_at: Millis,
) -> Result<(), IamError> {
    let sql = "UPDATE invitations SET code_hash = $2, code_seen = 0, expires_at = $3, mail_due_at = NULL WHERE guid = $1";
    let values = [
        Value::from(invitation.to_string()),
        hash.into(),
        expires_at.0.into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Gives a new invitation its code, and no mail.
pub(crate) async fn set_first_code(
    tx: &mut Tx,
    invitation: Guid,
    hash: Vec<u8>,
) -> Result<(), IamError> {
    let sql = "UPDATE invitations SET code_hash = $2, mail_due_at = NULL WHERE guid = $1";
    tx.execute(sql, &[invitation.to_string().into(), hash.into()])
        .await?;
    Ok(())
}

/// Makes an invitation into the account for the owner of the address, or renews it.
pub(crate) async fn put(
    tx: &mut Tx,
    account: AccountId,
    (email, folded): (&str, &str),
    now: Millis,
    expires_at: Millis,
) -> Result<Guid, IamError> {
    let sql = "INSERT INTO invitations (guid, account, email, folded, inviter, code_seen, mail_tries, created_at, \
               expires_at) VALUES ($1, $2, $3, $4, '', 0, 0, $5, $6) \
               ON CONFLICT (account, folded) DO UPDATE SET expires_at = excluded.expires_at RETURNING guid";
    let values = [
        Value::from(entropy::guid().to_string()),
        account.to_string().into(),
        email.into(),
        folded.into(),
        now.0.into(),
        expires_at.0.into(),
    ];
    let row = tx.one(sql, &values).await?;
    let row = row.ok_or(IamError::Internal("write the invitation down"))?;
    parse_guid(&row, "guid")
}
