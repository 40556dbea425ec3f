//! The table `profiles`: trusted profiles.

use super::column::{counted, parse, parse_guid, stamps};
use super::principals::key;
use super::selection::{Selection, selection};
use super::{profile_identities, profile_links, profile_rules};
use crate::error::IamError;
use crate::model::directory::{Profile, ProfileIdentity, ProfileLink, ProfileRule, Stamp};
use base::id::{AccountId, ProfileId};
use base::time::Millis;
use db::{Row, Tx, Value};
use std::collections::HashMap;

/// An account's trusted profiles, as kind and id for the change log; at most `$2`.
pub(super) const OF_ACCOUNT: &str =
    "SELECT 'profile' AS kind, guid AS id FROM profiles WHERE account = $1 LIMIT $2";

/// For [`super::revisions`].
pub(super) const REVISION: &str = "SELECT revision FROM profiles WHERE guid = $1";

/// For the directory.
const ROWS: Selection = selection!(
    "SELECT guid, account, name, description, email, identities_revision, revision, created_at, created_by, modified_at, \
     modified_by FROM profiles",
    "guid"
);

/// The rows of profiles, and of what belongs to them.
#[derive(Debug, Default)]
pub(super) struct ProfileRows {
    profiles: Vec<Row>,
    rules: Vec<Row>,
    links: Vec<Row>,
    identities: Vec<Row>,
}

impl ProfileRows {
    /// All of them.
    pub(super) async fn all(tx: &mut Tx) -> Result<Self, IamError> {
        Ok(Self {
            profiles: ROWS.all(tx).await?,
            rules: profile_rules::ROWS.all(tx).await?,
            links: profile_links::ROWS.all(tx).await?,
            identities: profile_identities::ROWS.all(tx).await?,
        })
    }

    /// Those of these profiles.
    pub(super) async fn of(tx: &mut Tx, ids: &[String]) -> Result<Self, IamError> {
        Ok(Self {
            profiles: ROWS.of(tx, ids).await?,
            rules: profile_rules::ROWS.of(tx, ids).await?,
            links: profile_links::ROWS.of(tx, ids).await?,
            identities: profile_identities::ROWS.of(tx, ids).await?,
        })
    }

    /// Decodes them.
    pub(super) fn read(&self) -> Result<Vec<Profile>, IamError> {
        let mut parts = Parts {
            rules: profile_rules::read(&self.rules)?,
            links: profile_links::read(&self.links)?,
            identities: profile_identities::read(&self.identities)?,
        };
        self.profiles
            .iter()
            .map(|row| read(row, &mut parts))
            .collect()
    }
}

/// The rules, links and identities of profiles, from which each profile takes its own.
struct Parts {
    rules: HashMap<ProfileId, Vec<ProfileRule>>,
    links: HashMap<ProfileId, Vec<ProfileLink>>,
    identities: HashMap<ProfileId, Vec<ProfileIdentity>>,
}

fn read(row: &Row, parts: &mut Parts) -> Result<Profile, IamError> {
    let id = ProfileId(parse_guid(row, "guid")?);
    let (created, modified) = stamps(row)?;
    let mut rules = parts.rules.remove(&id).unwrap_or_default();
    rules.sort_unstable_by_key(|rule| (rule.created.at, rule.id));
    let mut links = parts.links.remove(&id).unwrap_or_default();
    links.sort_unstable_by_key(|link| (link.created.at, link.id));
    let mut identities = parts.identities.remove(&id).unwrap_or_default();
    identities.sort_unstable_by_key(|identity| identity.principal);
    Ok(Profile {
        id,
        account: parse(row, "account", "an account GUID")?,
        name: row.text("name")?,
        description: row.text("description")?,
        email: row.text("email")?,
        rules,
        links,
        identities,
        identities_revision: row.int("identities_revision")?,
        revision: row.int("revision")?,
        created,
        modified,
    })
}

/// Stores a new one, after its principal.
pub(crate) async fn insert(tx: &mut Tx, profile: &Profile) -> Result<(), IamError> {
    let sql = "INSERT INTO profiles (guid, account, name, description, email, identities_revision, revision, created_at, \
               created_by, modified_at, modified_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values = [
        key(profile.id),
        profile.account.to_string().into(),
        profile.name.as_str().into(),
        profile.description.as_str().into(),
        profile.email.as_str().into(),
        profile.identities_revision.into(),
        profile.revision.into(),
        profile.created.at.0.into(),
        profile.created.by.to_string().into(),
        profile.modified.at.0.into(),
        profile.modified.by.to_string().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Writes a changed one if its revision is still the one that was read: of two concurrent changes one succeeds.
pub(crate) async fn change(tx: &mut Tx, profile: &Profile, from: i64) -> Result<bool, IamError> {
    let sql = "UPDATE profiles SET name = $2, description = $3, email = $4, modified_by = $6, \
               modified_at = CASE WHEN modified_at < $5 THEN $5 ELSE modified_at END, \
               revision = revision + 1 WHERE guid = $1 AND revision = $7";
    let values = [
        key(profile.id),
        profile.name.as_str().into(),
        profile.description.as_str().into(),
        profile.email.as_str().into(),
        profile.modified.at.0.into(),
        profile.modified.by.to_string().into(),
        from.into(),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Records that its rules or links were changed, and locks its row until the transaction ends. `false` if it was gone. The time never
/// goes back, though the clock of the node that made the last change is ahead.
pub(crate) async fn touch(tx: &mut Tx, id: ProfileId, modified: Stamp) -> Result<bool, IamError> {
    let sql = "UPDATE profiles SET modified_at = CASE WHEN modified_at < $2 THEN $2 ELSE modified_at END, modified_by = $3 \
               WHERE guid = $1";
    let values = [
        key(id),
        modified.at.0.into(),
        modified.by.to_string().into(),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Records that its identities were changed, if their revision is still the one that was read; without one, in any case. None if it is
/// another one, or the profile is gone.
///
/// The stamp has a time that no other change of them has, also where two come in one millisecond, or from nodes whose clocks differ:
/// tokens tell by it whether their holder was named anew.
pub(crate) async fn touch_identities(
    tx: &mut Tx,
    id: ProfileId,
    modified: Stamp,
    from: Option<i64>,
) -> Result<Option<Stamp>, IamError> {
    let sql = "UPDATE profiles SET modified_at = CASE WHEN modified_at < $2 THEN $2 ELSE modified_at + 1 END, modified_by = $3, \
               identities_revision = identities_revision + 1 \
               WHERE guid = $1 AND (identities_revision = $4 OR $4 < 0) RETURNING modified_at";
    let values = [
        key(id),
        modified.at.0.into(),
        modified.by.to_string().into(),
        from.unwrap_or(-1).into(),
    ];
    let stamp_of = |row: Row| -> Result<Stamp, IamError> {
        Ok(Stamp {
            at: Millis(row.int("modified_at")?),
            ..modified
        })
    };
    tx.one(sql, &values).await?.map(stamp_of).transpose()
}

/// The number of trusted profiles of the account.
pub(super) async fn count(tx: &mut Tx, account: AccountId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM profiles WHERE account = $1";
    counted(tx.one(sql, &[account.to_string().into()]).await?)
}

/// Deletes the row of a principal, before the principal itself and after what belongs to it; the principal may be no profile.
pub(crate) async fn delete_of(tx: &mut Tx, principal: &Value) -> Result<(), IamError> {
    let sql = "DELETE FROM profiles WHERE guid = $1";
    tx.execute(sql, std::slice::from_ref(principal)).await?;
    Ok(())
}
