//! What an Administrator does: invite, look who has not answered, withdraw.

use super::{new_code, use_up};
use crate::audit::{Action, Entries, Entry};
use crate::config::InvitationConfig;
use crate::entropy;
use crate::error::IamError;
use crate::model::address::Address;
use crate::model::page::{Part, Window, row_count};
use crate::model::role::Role;
use crate::repo::accounts::hold;
use crate::repo::column::parse_guid;
use crate::repo::invitations::remove;
use crate::repo::{invitations, members, roles};
use crate::service::Iam;
use crate::token::identity::Identity;
use base::error::{Kind, Problem};
use base::id::{AccountId, Guid, UserId};
use base::limit;
use base::scope::Domain;
use base::secret::Secret;
use base::time::Millis;
use db::{Tx, Value};
use std::collections::HashSet;

/// Somebody to invite.
#[derive(Debug, Clone)]
pub struct Invitee {
    /// E-mail address.
    pub email: String,
    /// A role in the account to begin with.
    pub role: Option<Role>,
}

/// Somebody who was invited. The same is said of everybody, whether the server knows him or not.
#[derive(Debug)]
pub struct Invited {
    /// What names him in this account from now on, also once he is in it.
    pub id: UserId,
    /// The address as the inviter wrote it.
    pub email: String,
    /// The one-time code to hand on, where the inviter may see it.
    pub code: Option<Secret<String>>,
}

/// An invitation that waits, as the account's Administrators see it: what they wrote, and nothing of the person.
#[derive(Debug)]
pub struct Invitation {
    /// What names it.
    pub id: UserId,
    /// The address as the inviter wrote it.
    pub email: String,
    /// The roles in the account that begin with it.
    pub roles: Vec<Role>,
    /// When it was made.
    pub created_at: Millis,
}

/// Who is in an account, or may come into it: whoever was invited finds his place when he accepts.
const USERS: &str = "SELECT (SELECT COUNT(*) FROM members WHERE account = $1) + \
                     (SELECT COUNT(*) FROM invitations WHERE account = $1) AS held";

impl Iam {
    /// Invites people into the account, all of them or none. They are in it once they accept.
    ///
    /// # Errors
    /// Without Administrator of the account; when an address is none, is given twice or is a member's; over a limit.
    pub async fn invite(
        &self,
        caller: &Identity,
        account: AccountId,
        wanted: &[Invitee],
    ) -> Result<Vec<Invited>, IamError> {
        self.may_invite(caller, account)?;
        let config = self.0.config.invitations;
        let wanted = checked(&config, account, wanted)?;
        let inviter = self.user(caller)?;
        let now = self.0.clock.now();
        let mut tx = self.0.db.begin().await?;
        hold(&mut tx, account).await?;
        let domain = Domain::Account(account);
        if !roles::still_holds(&mut tx, account, caller.user(), domain, Role::Administrator).await?
        {
            return Err(IamError::forbidden(
                "inviting users needs the account role Administrator",
            ));
        }
        sweep(&mut tx, account, now).await?;
        let amount = i64::try_from(wanted.len()).unwrap_or(i64::MAX);
        let today = use_up(&mut tx, format!("invitations/{account}"), amount, now).await?;
        let per_day = self.account_limit(account, &limit::INVITATIONS_PER_DAY);
        if today > per_day {
            return Err(over(Kind::Busy, &limit::INVITATIONS_PER_DAY, per_day));
        }
        let is_shown = config.show_code && !config.by_mail && is_single(&mut tx).await?;
        let mut invited = Vec::with_capacity(wanted.len());
        let mut entries = Vec::with_capacity(wanted.len());
        for (address, role) in wanted {
            if members::member_by_address(&mut tx, account, &address.folded)
                .await?
                .is_some()
            {
                return Err(IamError::conflict(format!(
                    "`{}` is a member of the account already; nobody was invited",
                    address.text
                )));
            }
            let made = New {
                account,
                address: &address,
                inviter: &inviter.email,
                now,
                config: &config,
                is_shown,
            };
            let (guid, code) = made.write(&mut tx).await?;
            if let Some(role) = role {
                invitations::promise(&mut tx, guid, domain, role).await?;
            }
            let entry = Entry::by(caller, Action::UserInvited).in_account(account);
            let entry = entry.on(UserId(guid)).with("email", &address.text);
            entries.push(entry.with_some("role", role));
            invited.push(Invited {
                id: UserId(guid),
                email: address.text,
                code,
            });
        }
        let limit = &limit::INVITATIONS_PER_ACCOUNT;
        let per_account = self.account_limit(account, limit);
        if count(&mut tx, account, now).await? > per_account {
            return Err(over(Kind::Conflict, limit, per_account));
        }
        self.is_within_limit(&mut tx, account, &limit::USERS_PER_ACCOUNT, USERS)
            .await?;
        self.roles_are_within_limit(&mut tx, account).await?;
        self.commit(tx, Entries::of(entries)).await?;
        Ok(invited)
    }

    /// Whether the caller may invite users.
    ///
    /// # Errors
    /// When he is not in the account; without Administrator of it.
    pub fn may_invite(&self, caller: &Identity, account: AccountId) -> Result<(), IamError> {
        self.administer(caller, account, "inviting users")
    }

    /// The invitations of the account that wait, by address.
    ///
    /// # Errors
    /// Without Administrator of the account, or with a token for another; when the database fails.
    pub async fn invitations(
        &self,
        caller: &Identity,
        account: AccountId,
        window: Window,
    ) -> Result<Part<Invitation>, IamError> {
        self.administer(caller, account, "listing users")?;
        let now = self.0.clock.now().0;
        let own = [account.to_string().into(), now.into()];
        let count = "SELECT COUNT(*) AS held FROM invitations WHERE account = $1 AND expires_at > $2 \
                     AND NOT EXISTS (SELECT 1 FROM members JOIN users ON users.guid = members.person \
                     WHERE members.account = $1 AND users.folded = invitations.folded)";
        let held = self.0.db.one(count, &own).await?;
        let held = held.map_or(Ok(0), |row| row.int("held"))?;
        let sql = "SELECT waiting.guid, waiting.email, waiting.created_at, invitation_roles.role \
                   FROM (SELECT guid, email, folded, created_at FROM invitations \
                   WHERE account = $1 AND expires_at > $2 \
                   AND NOT EXISTS (SELECT 1 FROM members JOIN users ON users.guid = members.person \
                   WHERE members.account = $1 AND users.folded = invitations.folded) \
                   ORDER BY folded LIMIT $3 OFFSET $4) AS waiting \
                   LEFT JOIN invitation_roles ON invitation_roles.invitation = waiting.guid AND invitation_roles.domain = $5 \
                   ORDER BY waiting.folded, invitation_roles.role";
        let [account_key, now] = own;
        let values = [
            account_key,
            now,
            row_count(window.take).into(),
            row_count(window.skip).into(),
            Domain::Account(account).to_string().into(),
        ];
        let mut found: Vec<Invitation> = Vec::new();
        for row in self.0.db.all(sql, &values).await? {
            let id = UserId(parse_guid(&row, "guid")?);
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
        Ok(Part {
            entries: found,
            total: u64::try_from(held).unwrap_or_default(),
        })
    }
}

/// Takes back the invitation with this id. `false` when there is none in the account.
pub(crate) async fn withdraw(
    tx: &mut Tx,
    account: AccountId,
    id: UserId,
) -> Result<bool, IamError> {
    let sql = "SELECT guid FROM invitations WHERE guid = $1 AND account = $2";
    let values = [id.0.to_string().into(), account.to_string().into()];
    match tx.one(sql, &values).await? {
        Some(_) if super::answer::owns(tx, account, id.0).await? => Err(IamError::conflict(
            "the account was made for this person, and would be left without an owner",
        )),
        Some(_) => remove(tx, id.0).await,
        None => Ok(false),
    }
}

/// Everything that is wrong with the request itself, found before anything is done.
fn checked(
    config: &InvitationConfig,
    account: AccountId,
    wanted: &[Invitee],
) -> Result<Vec<(Address, Option<Role>)>, IamError> {
    if wanted.is_empty() {
        return Err(IamError::invalid("users", "`users` names nobody"));
    }
    if wanted.len() as u64 > config.per_request {
        let limit = &limit::INVITATIONS_PER_REQUEST;
        return Err(over(Kind::Invalid, limit, config.per_request));
    }
    let mut seen = HashSet::with_capacity(wanted.len());
    let mut found = Vec::with_capacity(wanted.len());
    for one in wanted {
        let address = Address::parse(&one.email)?;
        if let Some(role) = one.role.filter(|role| !role.fits(Domain::Account(account))) {
            let message = format!("`{role}` is no role of an account");
            return Err(IamError::invalid("account_role", message));
        }
        if !seen.insert(address.folded.clone()) {
            let message = format!("`{}` is named twice; nobody was invited", address.text);
            return Err(IamError::invalid("email", message));
        }
        found.push((address, one.role));
    }
    Ok(found)
}

fn over(kind: Kind, limit: &'static limit::Limit, allowed: u64) -> IamError {
    let code = match kind {
        Kind::Busy => "too_many_requests",
        Kind::Conflict => "conflict",
        _ => "invalid_parameter",
    };
    let message = format!("more than `{}` = {allowed}; nobody was invited", limit.name);
    let hint = match kind {
        Kind::Busy => {
            "invite the others tomorrow, or let the operator raise the limit with `vigied account limit ACCOUNT invitations_per_day=NUMBER`"
        }
        Kind::Conflict => {
            "withdraw some with `vigie account user-remove EMAIL`, or let the operator raise the limit with `vigied account limit ACCOUNT invitations_per_account=NUMBER`"
        }
        _ => "invite them in several requests",
    };
    IamError::Refused(Problem::new(kind, code, message).hint(hint).limit(limit))
}

/// Forgets the invitations that have expired. That of an account's future owner stays, for the operator to renew.
async fn sweep(tx: &mut Tx, account: AccountId, now: Millis) -> Result<(), IamError> {
    let values = [account.to_string().into(), now.0.into()];
    for sql in [
        "DELETE FROM invitation_roles WHERE invitation IN (SELECT guid FROM invitations WHERE account = $1 \
         AND expires_at <= $2 AND guid NOT IN (SELECT owner FROM accounts))",
        "DELETE FROM invitations WHERE account = $1 AND expires_at <= $2 AND guid NOT IN (SELECT owner FROM accounts)",
    ] {
        tx.execute(sql, &values).await?;
    }
    Ok(())
}

async fn count(tx: &mut Tx, account: AccountId, now: Millis) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS waiting FROM invitations WHERE account = $1 AND expires_at > $2";
    let row = tx
        .one(sql, &[account.to_string().into(), now.0.into()])
        .await?;
    let waiting = row.map(|row| row.int("waiting")).transpose()?;
    Ok(u64::try_from(waiting.unwrap_or(0)).unwrap_or(0))
}

/// Whether the server has one account: then whoever invites cannot reach into another.
async fn is_single(tx: &mut Tx) -> Result<bool, IamError> {
    let row = tx.one("SELECT COUNT(*) AS made FROM accounts", &[]).await?;
    Ok(row.map(|row| row.int("made")).transpose()? == Some(1))
}

/// An invitation to be written down.
pub(crate) struct New<'a> {
    pub(crate) account: AccountId,
    pub(crate) address: &'a Address,
    pub(crate) inviter: &'a str,
    pub(crate) now: Millis,
    pub(crate) config: &'a InvitationConfig,
    pub(crate) is_shown: bool,
}

impl New<'_> {
    /// Writes it; made again it is the same, good for longer, and a new code takes the place of the one before.
    pub(crate) async fn write(
        &self,
        tx: &mut Tx,
    ) -> Result<(Guid, Option<Secret<String>>), IamError> {
        let (code, hash) = new_code();
        let stored = self.is_shown.then_some(hash);
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
            Value::Blob(stored),
            self.is_shown.into(),
            mail_due_at.into(),
            self.now.0.into(),
            self.now.plus(self.config.lifetime_milliseconds).0.into(),
        ];
        let row = tx.one(sql, &values).await?;
        let row = row.ok_or(IamError::Crypto("write the invitation down"))?;
        Ok((parse_guid(&row, "guid")?, self.is_shown.then_some(code)))
    }
}
