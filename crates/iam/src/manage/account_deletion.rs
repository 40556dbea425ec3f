//! The operator deletes an account, and brings it back while its samples are there.
//!
//! It stays in its tables as it is and is seen by nobody: the directory leaves out what is of an account with `deleted_at`, and
//! [`crate::repo::accounts::hold`] refuses every change in it. So it comes back whole, whatever belongs to an account. What its samples are
//! stored under is written down beside that of any deletion, and the sweep works it off; when nothing of it is stored any more,
//! the account goes for good.

use super::deletion::{Deletion, deletion_of};
use super::departure;
use crate::audit::{Action, Entry};
use crate::error::IamError;
use crate::flow::ending;
use crate::model::directory::{Account, Deleted, Directory};
use crate::model::text::name;
use crate::repo::accounts::{hold, lock};
use crate::repo::column::{at, parse_guid};
use crate::service::Iam;
use base::error::{Kind, Problem};
use base::id::{AccountId, UserId};
use base::scope::Domain;
use db::{DbError, Tx, Value};

/// What the deletion of an account took out of use.
#[derive(Debug, Clone)]
pub struct DeletedAccount {
    /// The account as it was.
    pub account: Account,
    /// People who were in it.
    pub members: u64,
    /// Its organizations.
    pub orgs: u64,
    /// Its spaces.
    pub spaces: u64,
    /// What goes, and when.
    pub deletion: Deletion,
}

/// What is written down for the sweep: `$1` is the account, `$2` its domain, `$3` now, `$4` when all is due. Who deleted it is the
/// operator, who is no user.
const WRITE_DOWN_SPACES: &str = "INSERT INTO deletions (tenant, domain, account, org, region, name, created_at, updated_at, deleted_at, deleted_by, \
     deleted_with, due_at, begun) \
     SELECT domains.tenant, domains.domain, orgs.account, spaces.org, '', spaces.name, spaces.created_at, spaces.updated_at, \
     CAST($3 AS BIGINT), '', CAST($2 AS TEXT), CAST($4 AS BIGINT), 0 FROM spaces JOIN orgs ON orgs.guid = spaces.org \
     JOIN domains ON domains.domain = 's-' || spaces.guid WHERE orgs.account = $1";

const WRITE_DOWN_ORGS: &str = "INSERT INTO deletions (tenant, domain, account, org, region, name, created_at, updated_at, deleted_at, deleted_by, \
     deleted_with, due_at, begun) \
     SELECT domains.tenant, domains.domain, orgs.account, orgs.guid, orgs.region, orgs.name, orgs.created_at, \
     orgs.updated_at, CAST($3 AS BIGINT), '', CAST($2 AS TEXT), CAST($4 AS BIGINT), 0 FROM orgs \
     JOIN domains ON domains.domain = 'o-' || orgs.guid WHERE orgs.account = $1";

/// The account lies in no organization: its own guid stands there. `$5` is its name.
const WRITE_DOWN_ACCOUNT: &str = "INSERT INTO deletions (tenant, domain, account, org, region, name, created_at, updated_at, deleted_at, deleted_by, \
     deleted_with, due_at, begun) \
     SELECT domains.tenant, domains.domain, accounts.guid, accounts.guid, '', CAST($5 AS TEXT), accounts.created_at, \
     accounts.created_at, CAST($3 AS BIGINT), '', CAST($2 AS TEXT), CAST($4 AS BIGINT), 0 FROM accounts \
     JOIN domains ON domains.domain = $2 WHERE accounts.guid = $1";

/// Everything of an account that has gone, but its row: `$1` is the account.
const FORGET: [&str; 9] = [
    "DELETE FROM roles WHERE domain = 'a-' || $1 OR domain IN (SELECT 'o-' || guid FROM orgs WHERE account = $1) \
     OR domain IN (SELECT 's-' || spaces.guid FROM spaces JOIN orgs ON orgs.guid = spaces.org WHERE orgs.account = $1)",
    "DELETE FROM api_keys WHERE account = $1",
    "DELETE FROM members WHERE account = $1",
    "DELETE FROM invitation_roles WHERE invitation IN (SELECT guid FROM invitations WHERE account = $1)",
    "DELETE FROM invitations WHERE account = $1",
    "DELETE FROM account_limits WHERE account = $1",
    "DELETE FROM departures WHERE account = $1",
    "DELETE FROM spaces WHERE org IN (SELECT guid FROM orgs WHERE account = $1)",
    "DELETE FROM orgs WHERE account = $1",
];

impl Iam {
    /// The operator's word: takes an account out of use. Its keys, sessions and tokens open nothing from the moment this
    /// returns; its people keep their other accounts. Its samples go at the time that is returned; until then
    /// [`Iam::restore_account`] brings all back.
    ///
    /// # Errors
    /// When there is no such account, or no other.
    pub async fn delete_account(&self, id: AccountId) -> Result<DeletedAccount, IamError> {
        let directory = self.directory();
        let account = directory.accounts.get(&id).cloned();
        let account = account.ok_or_else(|| no_account(&id.to_string()))?;
        let mut tx = self.0.db.begin().await?;
        // One deletion after the other: of the last two accounts one stays.
        let turn = "UPDATE counters SET value = value WHERE name = 'tenants'";
        tx.execute(turn, &[]).await?;
        hold(&mut tx, id).await?;
        let others = "SELECT guid FROM accounts WHERE deleted_at IS NULL AND guid <> $1 LIMIT 1";
        if tx.one(others, &[id.to_string().into()]).await?.is_none() {
            return Err(IamError::conflict_with_hint(
                format!(
                    "`{}` is the only account, and a server needs one",
                    account.name
                ),
                "make another with `vigied account create NAME --owner EMAIL` first; to be rid of everything, stop the server and remove its data folder",
            ));
        }
        let now = self.0.clock.now();
        let due = now.plus(self.0.config.deleted_milliseconds);
        let domain = Value::from(Domain::Account(id).to_string());
        let mut values = vec![
            Value::from(id.to_string()),
            domain.clone(),
            now.0.into(),
            due.0.into(),
        ];
        let spaces = tx.execute(WRITE_DOWN_SPACES, &values).await?;
        let orgs = tx.execute(WRITE_DOWN_ORGS, &values).await?;
        values.push(account.name.as_str().into());
        tx.execute(WRITE_DOWN_ACCOUNT, &values).await?;
        let retire = "UPDATE domains SET retired_at = $2 WHERE domain IN (SELECT domain FROM deletions WHERE deleted_with = $1)";
        tx.execute(retire, &[domain, now.0.into()]).await?;
        // Its name is free for another.
        let close = "UPDATE accounts SET deleted_at = $2, name = guid WHERE guid = $1";
        tx.execute(close, &[id.to_string().into(), now.0.into()])
            .await?;
        ending::end_of_account(&mut tx, id, now).await?;
        let members = u64::try_from(directory.members_of(id).len()).unwrap_or(u64::MAX);
        let entry = Entry::by_operator(Action::AccountDeleted).in_account(id);
        let entry = entry.on(id).with("name", &account.name);
        let entry = entry.with("spaces", spaces).with("members", members);
        let deletion = deletion_of(&mut tx, Domain::Account(id)).await?;
        self.commit_with_ends(tx, entry).await?;
        Ok(DeletedAccount {
            account,
            members,
            orgs,
            spaces,
            deletion,
        })
    }

    /// The operator's word: brings a deleted account back, under its name or `new_name`, with its people, their roles and keys,
    /// and its metrics. Sessions that were ended stay ended.
    ///
    /// # Errors
    /// When its time is over, or its name is taken.
    pub async fn restore_account(
        &self,
        id: AccountId,
        new_name: Option<&str>,
    ) -> Result<Account, IamError> {
        let new_name = new_name.map(|text| name("name", text)).transpose()?;
        let domain = Domain::Account(id).to_string();
        let mut tx = self.0.db.begin().await?;
        lock(&mut tx, id).await?;
        let hold = "UPDATE deletions SET begun = begun WHERE deleted_with = $1";
        tx.execute(hold, &[domain.as_str().into()]).await?;
        let now = self.0.clock.now();
        // All of it or nothing: where the removal of a part was begun it would come back with a hole.
        let sql = "SELECT name FROM deletions WHERE domain = $1 AND begun = 0 AND due_at > $2 \
                   AND NOT EXISTS (SELECT 1 FROM deletions AS part WHERE part.deleted_with = $1 \
                   AND (part.begun <> 0 OR part.due_at <= $2))";
        let values = [domain.as_str().into(), now.0.into()];
        let row = tx.one(sql, &values).await?;
        let row = row.ok_or_else(|| {
            IamError::conflict_with_hint(
                format!("the account `{id}` is not deleted, or it is too late: its metrics are being removed"),
                "`vigied account list --deleted` shows what can be brought back",
            )
        })?;
        let called = match new_name {
            Some(name) => name,
            None => row.text("name")?,
        };
        let open = "UPDATE accounts SET deleted_at = NULL, name = $2 WHERE guid = $1 RETURNING owner, created_at";
        let opened = tx
            .one(open, &[id.to_string().into(), called.as_str().into()])
            .await
            .map_err(|error| match error {
                DbError::Unique => IamError::conflict_with_hint(
                    format!("an account `{called}` exists"),
                    "bring it back under another name, with `--name NAME`",
                ),
                other => other.into(),
            })?;
        let opened = opened.ok_or_else(|| no_account(&id.to_string()))?;
        let account = Account {
            id,
            name: called,
            owner: UserId(parse_guid(&opened, "owner")?),
            created_at: at(&opened, "created_at")?,
        };
        for sql in [
            "UPDATE domains SET retired_at = NULL WHERE domain IN (SELECT domain FROM deletions WHERE deleted_with = $1)",
            "DELETE FROM deletions WHERE deleted_with = $1",
        ] {
            tx.execute(sql, &[domain.as_str().into()]).await?;
        }
        let entry = Entry::by_operator(Action::AccountRestored).in_account(id);
        self.commit(tx, entry.on(id).with("name", &account.name))
            .await?;
        Ok(account)
    }

    /// The accounts that were deleted and are not gone yet, in the order in which they go.
    #[must_use]
    pub fn deleted_accounts(&self) -> Vec<Deleted> {
        let directory = self.directory();
        let all = directory.deletions.iter();
        all.filter(|own| matches!(own.domain, Domain::Account(_)))
            .cloned()
            .collect()
    }

    /// The account of this GUID or name.
    ///
    /// # Errors
    /// When there is none.
    pub fn account_called(&self, asked: &str) -> Result<Account, IamError> {
        let directory = self.directory();
        find(&directory, asked).ok_or_else(|| no_account(asked))
    }
}

/// By GUID before it is looked for by name: another account may be called as one's GUID.
fn find(directory: &Directory, asked: &str) -> Option<Account> {
    let by_id = asked.parse().ok();
    let by_id = by_id.and_then(|id: AccountId| directory.accounts.get(&id));
    let mut all = directory.accounts.values();
    by_id.or_else(|| all.find(|own| own.name == asked)).cloned()
}

fn no_account(asked: &str) -> IamError {
    let message = format!("there is no account `{asked}`");
    let problem = Problem::new(Kind::NotFound, "not_found", message);
    IamError::Refused(problem.hint("`vigied account list` shows them"))
}

/// Ends the accounts that were deleted and of which nothing is stored any more: people who are in no other are forgotten.
pub(crate) async fn forget(tx: &mut Tx) -> Result<Vec<Entry>, IamError> {
    let sql = "SELECT guid FROM accounts WHERE deleted_at IS NOT NULL \
               AND NOT EXISTS (SELECT 1 FROM deletions WHERE deletions.account = accounts.guid)";
    let mut entries = Vec::new();
    for row in tx.all(sql, &[]).await? {
        let account = AccountId(parse_guid(&row, "guid")?);
        let own = Value::from(account.to_string());
        let people = "SELECT person FROM members WHERE account = $1 \
                      UNION SELECT guid AS person FROM users WHERE home = $1";
        let people = tx.all(people, std::slice::from_ref(&own)).await?;
        for sql in FORGET {
            tx.execute(sql, std::slice::from_ref(&own)).await?;
        }
        for row in people {
            let user = UserId(parse_guid(&row, "person")?);
            departure::go_home(tx, account, user).await?;
        }
        tx.execute("DELETE FROM accounts WHERE guid = $1", &[own])
            .await?;
        let entry = Entry::by_server(Action::AccountGone).in_account(account);
        entries.push(entry.on(account));
    }
    Ok(entries)
}
