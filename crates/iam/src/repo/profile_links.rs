//! The table `profile_links`: the compute resources that may take on a trusted profile.

use super::column::{parse_guid, stamp};
use super::principals::key as profile_key;
use super::selection::{Selection, selection};
use crate::error::IamError;
use crate::model::directory::ProfileLink;
use base::id::{ProfileId, ProfileLinkId};
use db::{Row, Tx, Value};
use std::collections::HashMap;

/// For the directory: those of one profile, or all.
pub(super) const ROWS: Selection = selection!(
    "SELECT guid, profile, name, cr_type, crn, namespace, resource_name, created_at, created_by FROM profile_links",
    "profile"
);

/// Decodes the rows, by the profiles they belong to.
pub(super) fn read(rows: &[Row]) -> Result<HashMap<ProfileId, Vec<ProfileLink>>, IamError> {
    let mut links: HashMap<ProfileId, Vec<ProfileLink>> = HashMap::new();
    for row in rows {
        let link = ProfileLink {
            id: ProfileLinkId(parse_guid(row, "guid")?),
            profile: ProfileId(parse_guid(row, "profile")?),
            name: row.text("name")?,
            cr_type: row.text("cr_type")?,
            crn: row.text_or_none("crn")?,
            namespace: row.text_or_none("namespace")?,
            resource_name: row.text_or_none("resource_name")?,
            created: stamp(row, "created_at", "created_by")?,
        };
        links.entry(link.profile).or_default().push(link);
    }
    Ok(links)
}

/// Stores a new one.
pub(crate) async fn insert(tx: &mut Tx, link: &ProfileLink) -> Result<(), IamError> {
    let sql = "INSERT INTO profile_links (guid, profile, name, cr_type, crn, namespace, resource_name, created_at, created_by) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = [
        link.id.0.to_string().into(),
        profile_key(link.profile),
        link.name.as_str().into(),
        link.cr_type.as_str().into(),
        link.crn.clone().into(),
        link.namespace.clone().into(),
        link.resource_name.clone().into(),
        link.created.at.0.into(),
        link.created.by.to_string().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Deletes one. `false` if it was gone.
pub(crate) async fn delete(tx: &mut Tx, id: ProfileLinkId) -> Result<bool, IamError> {
    let sql = "DELETE FROM profile_links WHERE guid = $1";
    Ok(tx.execute(sql, &[id.0.to_string().into()]).await? > 0)
}

/// Deletes those of a profile, whose stored GUID this is.
pub(crate) async fn delete_of_profile(tx: &mut Tx, profile: &Value) -> Result<(), IamError> {
    let sql = "DELETE FROM profile_links WHERE profile = $1";
    tx.execute(sql, std::slice::from_ref(profile)).await?;
    Ok(())
}

/// The links of a profile.
pub(crate) async fn of_profile(
    tx: &mut Tx,
    profile: ProfileId,
) -> Result<Vec<ProfileLink>, IamError> {
    let rows = tx.all(ROWS.by_ids.one, &[profile_key(profile)]).await?;
    let mut links = read(&rows)?;
    Ok(links.remove(&profile).unwrap_or_default())
}
