//! Counts the contents of an account, for its limits.

use crate::error::IamError;
use base::id::AccountId;
use db::Tx;

/// The bytes of the rules of the account and its domains.
const RULE_BYTES: &str = "SELECT COALESCE(SUM(COALESCE(OCTET_LENGTH(schemas), 0) + COALESCE(OCTET_LENGTH(aggregation), 0)), 0) \
                          AS held FROM domains WHERE retired_at IS NULL AND domain IN (SELECT 'a-' || CAST($1 AS TEXT) \
                          UNION ALL SELECT 'o-' || guid FROM orgs WHERE account = $1 \
                          UNION ALL SELECT 's-' || spaces.guid FROM spaces JOIN orgs ON orgs.guid = spaces.org \
                          WHERE orgs.account = $1)";

/// The roles in the account and its domains, including those of open invitations; what is deleted counts for nothing.
const ROLES: &str = "SELECT (SELECT COUNT(*) FROM roles WHERE domain IN (SELECT 'a-' || CAST($1 AS TEXT) \
                     UNION ALL SELECT 'o-' || guid FROM orgs WHERE account = $1 \
                     UNION ALL SELECT 's-' || spaces.guid FROM spaces JOIN orgs ON orgs.guid = spaces.org \
                     WHERE orgs.account = $1)) + \
                     (SELECT COUNT(*) FROM invitation_roles JOIN invitations ON invitations.guid = invitation_roles.invitation \
                     WHERE invitations.account = $1 \
                     AND domain IN (SELECT domain FROM domains WHERE retired_at IS NULL)) AS held";

/// The users of an account and its open invitations: invited users are certain of a place when they accept.
const USERS: &str = "SELECT (SELECT COUNT(*) FROM members JOIN users ON users.guid = members.principal WHERE account = $1) + \
                     (SELECT COUNT(*) FROM invitations WHERE account = $1) AS held";

/// The things counted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What {
    Orgs,
    Spaces,
    Keys,
    Deletions,
    Roles,
    RuleBytes,
    Users,
}

impl What {
    const fn sql(self) -> &'static str {
        match self {
            Self::Orgs => "SELECT COUNT(*) AS held FROM orgs WHERE account = $1",
            Self::Spaces => {
                "SELECT COUNT(*) AS held FROM spaces JOIN orgs ON orgs.guid = spaces.org WHERE orgs.account = $1"
            }
            Self::Keys => "SELECT COUNT(*) AS held FROM api_keys WHERE account = $1",
            Self::Deletions => "SELECT COUNT(*) AS held FROM deletions WHERE account = $1",
            Self::Roles => ROLES,
            Self::RuleBytes => RULE_BYTES,
            Self::Users => USERS,
        }
    }
}

/// The account's number of them.
pub(crate) async fn count(tx: &mut Tx, account: AccountId, what: What) -> Result<u64, IamError> {
    let row = tx.one(what.sql(), &[account.to_string().into()]).await?;
    let held = row.map_or(Ok(0), |row| row.int("held"))?;
    Ok(u64::try_from(held).unwrap_or_default())
}
