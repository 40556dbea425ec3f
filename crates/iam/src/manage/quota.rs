//! What one account may hold and do: the server's limits, or the account's own where the operator has set some.

pub use crate::config::AccountLimits;

use crate::audit::{Action, Entry};
use crate::error::IamError;
use crate::repo::accounts::hold;
use crate::service::Iam;
use base::error::{Kind, Problem};
use base::id::AccountId;
use base::limit::{self, Limit};
use db::{Tx, Value};

/// The word of a refusal because of a limit of the account.
const EXCEEDED: &str = "limit_exceeded";

/// The unit of a limit that is a share of something.
const PERCENT: &str = "percent";

/// A limit as it holds for one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InForce {
    /// Which.
    pub limit: Limit,
    /// Its value.
    pub allowed: u64,
    /// Whether the operator has set it for this account.
    pub is_own: bool,
}

impl Iam {
    /// What holds for the account.
    #[must_use]
    pub fn account_limit(&self, account: AccountId, limit: &Limit) -> u64 {
        self.in_force(account, limit).allowed
    }

    fn in_force(&self, account: AccountId, limit: &Limit) -> InForce {
        let own = self
            .directory()
            .account_limits
            .get(&account)
            .and_then(|own| own.get(limit.name).copied());
        InForce {
            limit: *limit,
            allowed: own.unwrap_or_else(|| self.0.config.account_limits.get(limit)),
            is_own: own.is_some(),
        }
    }

    /// Every limit of the account.
    #[must_use]
    pub fn account_limits(&self, account: AccountId) -> Vec<InForce> {
        let all = limit::PER_ACCOUNT.iter();
        all.map(|limit| self.in_force(account, limit)).collect()
    }

    /// The operator's word: sets limits of one account, all of them or none; `None` gives back the server's value.
    ///
    /// # Errors
    /// When there is no such account or limit.
    pub async fn set_account_limits(
        &self,
        account: AccountId,
        changes: &[(String, Option<u64>)],
    ) -> Result<(), IamError> {
        let mut tx = self.0.db.begin().await?;
        hold(&mut tx, account).await?;
        let mut entry = Entry::by_operator(Action::AccountLimited)
            .in_account(account)
            .on(account);
        for (name, value) in changes {
            let found = limit::PER_ACCOUNT.iter().find(|own| own.name == name);
            let Some(limit) = found else {
                let known: Vec<&str> = limit::PER_ACCOUNT.iter().map(|own| own.name).collect();
                let what = format!(
                    "there is no limit `{name}` of an account: there are `{}`",
                    known.join("`, `")
                );
                return Err(IamError::invalid("limit", what));
            };
            if limit.unit == PERCENT && value.is_some_and(|value| !(1..=100).contains(&value)) {
                let what =
                    format!("`{name}` is a share: a whole number from 1 to 100, or `default`");
                return Err(IamError::invalid("limit", what));
            }
            let key = [Value::from(account.to_string()), limit.name.into()];
            let sql = "DELETE FROM account_limits WHERE account = $1 AND name = $2";
            tx.execute(sql, &key).await?;
            let to = value.map_or_else(|| "default".to_owned(), |value| value.to_string());
            entry = entry.with(limit.name, to);
            if let Some(value) = value {
                let value = i64::try_from(*value).unwrap_or(i64::MAX);
                let [account, name] = key;
                let sql = "INSERT INTO account_limits (account, name, value) VALUES ($1, $2, $3)";
                tx.execute(sql, &[account, name, value.into()]).await?;
            }
        }
        self.commit(tx, entry).await
    }

    /// Refuses one more of what the limit counts. `sql` counts them, as `held`, for the account `$1`; the account is held,
    /// so that of two who make the last one at the same moment one is refused.
    pub(crate) async fn has_room(
        &self,
        tx: &mut Tx,
        account: AccountId,
        limit: &'static Limit,
        sql: &'static str,
    ) -> Result<(), IamError> {
        let allowed = self.account_limit(account, limit);
        let held = held(tx, account, sql).await?;
        if held < allowed {
            return Ok(());
        }
        Err(full(
            account,
            limit,
            format!(
                "the account has {held} {}, as many as `{}` = {allowed} allows",
                limit.unit, limit.name
            ),
        ))
    }

    /// Refuses what was done in the transaction when it is more than the limit; else as [`Self::has_room`].
    pub(crate) async fn is_within_limit(
        &self,
        tx: &mut Tx,
        account: AccountId,
        limit: &'static Limit,
        sql: &'static str,
    ) -> Result<(), IamError> {
        let allowed = self.account_limit(account, limit);
        let held = held(tx, account, sql).await?;
        if held <= allowed {
            return Ok(());
        }
        Err(full(
            account,
            limit,
            format!(
                "the account would have {held} {}, more than `{}` = {allowed} allows",
                limit.unit, limit.name
            ),
        ))
    }

    /// Refuses roles that were given in the transaction when the account has more of them than it may, with those that begin
    /// with an acceptance. The account is held.
    pub(crate) async fn roles_are_within_limit(
        &self,
        tx: &mut Tx,
        account: AccountId,
    ) -> Result<(), IamError> {
        self.is_within_limit(tx, account, &limit::ROLES_PER_ACCOUNT, ROLES)
            .await
    }
}

/// The roles in the account and all in it, given and promised.
const ROLES: &str = "SELECT (SELECT COUNT(*) FROM roles WHERE domain IN (SELECT 'a-' || CAST($1 AS TEXT) \
                     UNION ALL SELECT 'o-' || guid FROM orgs WHERE account = $1 \
                     UNION ALL SELECT 's-' || spaces.guid FROM spaces JOIN orgs ON orgs.guid = spaces.org \
                     WHERE orgs.account = $1)) + \
                     (SELECT COUNT(*) FROM invitation_roles JOIN invitations ON invitations.guid = invitation_roles.invitation \
                     WHERE invitations.account = $1) AS held";

/// What `sql` counts as `held` for the account `$1`.
async fn held(tx: &mut Tx, account: AccountId, sql: &'static str) -> Result<u64, IamError> {
    let row = tx.one(sql, &[account.to_string().into()]).await?;
    let held = row.map_or(Ok(0), |row| row.int("held"))?;
    Ok(u64::try_from(held).unwrap_or_default())
}

fn full(account: AccountId, limit: &'static Limit, what: String) -> IamError {
    let hint = format!(
        "delete some, or let the operator run `vigied account limit {account} {}=NUMBER`",
        limit.name
    );
    let problem = Problem::new(Kind::Busy, EXCEEDED, what);
    IamError::Refused(problem.hint(hint).limit(limit).retry_after(60))
}
