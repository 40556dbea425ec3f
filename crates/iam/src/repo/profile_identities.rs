//! The table `profile_identities`: the users and service IDs that may take on a trusted profile.

use super::column::{counted, parse_guid, stamp};
use super::principals;
use super::principals::key;
use super::selection::{Selection, selection};
use crate::error::IamError;
use crate::model::directory::ProfileIdentity;
use base::id::{AccountId, ProfileId};
use base::principal::Principal;
use db::{Row, Tx, Value};
use std::collections::HashMap;

/// For the directory: those of one profile, or all.
pub(super) const ROWS: Selection = selection!(
    "SELECT profile, principal, principals.kind AS principal_kind, description, added_at, added_by FROM profile_identities \
     JOIN principals ON principals.guid = profile_identities.principal",
    "profile"
);

/// Decodes the rows, by the profiles they belong to.
pub(super) fn read(rows: &[Row]) -> Result<HashMap<ProfileId, Vec<ProfileIdentity>>, IamError> {
    let known = principals::read_known(rows, |row, principal| {
        let identity = ProfileIdentity {
            principal,
            description: row.text("description")?,
            added: stamp(row, "added_at", "added_by")?,
        };
        Ok((ProfileId(parse_guid(row, "profile")?), identity))
    })?;
    let mut all: HashMap<ProfileId, Vec<ProfileIdentity>> = HashMap::new();
    for (profile, identity) in known {
        all.entry(profile).or_default().push(identity);
    }
    Ok(all)
}

/// Names an identity, or says its description anew. When and by whom it was added stays.
pub(crate) async fn put(
    tx: &mut Tx,
    profile: ProfileId,
    identity: &ProfileIdentity,
) -> Result<(), IamError> {
    let sql = "INSERT INTO profile_identities (profile, principal, description, added_at, added_by) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (profile, principal) DO UPDATE SET description = excluded.description";
    let values = [
        key(profile),
        key(identity.principal),
        identity.description.as_str().into(),
        identity.added.at.0.into(),
        identity.added.by.to_string().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// The identity of the profile, if it names the principal, read within the transaction that depends on it.
pub(crate) async fn stored(
    tx: &mut Tx,
    profile: ProfileId,
    principal: Principal,
) -> Result<Option<ProfileIdentity>, IamError> {
    let sql = "SELECT description, added_at, added_by FROM profile_identities WHERE profile = $1 AND principal = $2";
    let found = tx.one(sql, &[key(profile), key(principal)]).await?;
    let read = |row: Row| -> Result<ProfileIdentity, IamError> {
        Ok(ProfileIdentity {
            principal,
            description: row.text("description")?,
            added: stamp(&row, "added_at", "added_by")?,
        })
    };
    found.map(read).transpose()
}

/// Takes an identity out of a profile. `false` if it was not in it.
pub(crate) async fn delete(
    tx: &mut Tx,
    profile: ProfileId,
    principal: Principal,
) -> Result<bool, IamError> {
    let sql = "DELETE FROM profile_identities WHERE profile = $1 AND principal = $2";
    Ok(tx.execute(sql, &[key(profile), key(principal)]).await? > 0)
}

/// Takes a principal out of every profile of the account.
pub(crate) async fn delete_of(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
) -> Result<(), IamError> {
    let sql = "DELETE FROM profile_identities WHERE principal = $2 \
               AND profile IN (SELECT guid FROM profiles WHERE account = $1)";
    tx.execute(sql, &[account.to_string().into(), key(principal)])
        .await?;
    Ok(())
}

/// Takes a principal, whose stored GUID this is, out of every profile, and everybody out of it if it is one.
pub(crate) async fn delete_of_principal(tx: &mut Tx, principal: &Value) -> Result<(), IamError> {
    let sql = "DELETE FROM profile_identities WHERE principal = $1 OR profile = $1";
    tx.execute(sql, std::slice::from_ref(principal)).await?;
    Ok(())
}

/// Takes everybody out of every profile of the account.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM profile_identities WHERE profile IN (SELECT guid FROM profiles WHERE account = $1)";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}

/// The number of identities of a profile.
pub(crate) async fn count_of(tx: &mut Tx, profile: ProfileId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM profile_identities WHERE profile = $1";
    counted(tx.one(sql, &[key(profile)]).await?)
}
