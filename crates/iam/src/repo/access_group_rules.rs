//! The table `access_group_rules`: the dynamic rules of access groups.

use super::access_groups::key as group_key;
use super::claim_conditions;
use super::column::{counted, known, parse_guid, stamps};
use super::selection::{Selection, selection};
use crate::error::IamError;
use crate::model::directory::GroupRule;
use base::id::{AccessGroupId, AccountId, GroupRuleId};
use db::{Row, Tx, Value};
use std::collections::HashMap;

/// For [`super::revisions`].
pub(super) const REVISION: &str = "SELECT revision FROM access_group_rules WHERE guid = $1";

/// For the directory: those of one group, or all.
pub(super) const ROWS: Selection = selection!(
    "SELECT guid, access_group, name, realm, expiration_hours, conditions, revision, created_at, created_by, modified_at, \
     modified_by FROM access_group_rules",
    "access_group"
);

/// Decodes the rules that this program knows, by the groups they belong to. One with a part that a newer node has written lets
/// nobody in here.
pub(super) fn read(rows: &[Row]) -> Result<HashMap<AccessGroupId, Vec<GroupRule>>, IamError> {
    let mut rules: HashMap<AccessGroupId, Vec<GroupRule>> = HashMap::new();
    let (known, unknown) = known(rows, read_one)?;
    if unknown > 0 {
        tracing::warn!(
            rules = unknown,
            "dynamic rules of access groups that this program does not know are left out"
        );
    }
    for rule in known {
        rules.entry(rule.group).or_default().push(rule);
    }
    Ok(rules)
}

fn read_one(row: &Row) -> Result<Option<GroupRule>, IamError> {
    let hours = u32::try_from(row.int("expiration_hours")?).ok();
    let conditions = claim_conditions::read(&row.text("conditions")?);
    let (Some(expiration_hours), Some(conditions)) = (hours, conditions) else {
        return Ok(None);
    };
    let (created, modified) = stamps(row)?;
    Ok(Some(GroupRule {
        id: GroupRuleId(parse_guid(row, "guid")?),
        group: AccessGroupId(parse_guid(row, "access_group")?),
        name: row.text("name")?,
        realm: row.text("realm")?,
        expiration_hours,
        conditions,
        revision: row.int("revision")?,
        created,
        modified,
    }))
}

fn key(id: GroupRuleId) -> Value {
    id.0.to_string().into()
}

/// The number of rules of one group.
pub(crate) async fn count_of(tx: &mut Tx, group: AccessGroupId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM access_group_rules WHERE access_group = $1";
    counted(tx.one(sql, &[group_key(group)]).await?)
}

/// Stores a new one.
pub(crate) async fn insert(tx: &mut Tx, rule: &GroupRule) -> Result<(), IamError> {
    let sql = "INSERT INTO access_group_rules (guid, access_group, name, realm, expiration_hours, conditions, revision, \
               created_at, created_by, modified_at, modified_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values = [
        key(rule.id),
        group_key(rule.group),
        rule.name.as_str().into(),
        rule.realm.as_str().into(),
        i64::from(rule.expiration_hours).into(),
        claim_conditions::value(&rule.conditions),
        rule.revision.into(),
        rule.created.at.0.into(),
        rule.created.by.to_string().into(),
        rule.modified.at.0.into(),
        rule.modified.by.to_string().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Writes a changed one if its revision is still the one that was read: of two concurrent changes one succeeds.
pub(crate) async fn change(tx: &mut Tx, rule: &GroupRule, from: i64) -> Result<bool, IamError> {
    let sql = "UPDATE access_group_rules SET name = $2, realm = $3, expiration_hours = $4, conditions = $5, modified_at = $6, \
               modified_by = $7, revision = revision + 1 WHERE guid = $1 AND revision = $8";
    let values = [
        key(rule.id),
        rule.name.as_str().into(),
        rule.realm.as_str().into(),
        i64::from(rule.expiration_hours).into(),
        claim_conditions::value(&rule.conditions),
        rule.modified.at.0.into(),
        rule.modified.by.to_string().into(),
        from.into(),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Deletes one. `false` if it was gone.
pub(crate) async fn delete(tx: &mut Tx, id: GroupRuleId) -> Result<bool, IamError> {
    let sql = "DELETE FROM access_group_rules WHERE guid = $1";
    Ok(tx.execute(sql, &[key(id)]).await? > 0)
}

/// Deletes those of a group.
pub(crate) async fn delete_of_group(tx: &mut Tx, group: AccessGroupId) -> Result<(), IamError> {
    let sql = "DELETE FROM access_group_rules WHERE access_group = $1";
    tx.execute(sql, &[group_key(group)]).await?;
    Ok(())
}

/// Deletes those of an account.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM access_group_rules WHERE access_group IN (SELECT guid FROM access_groups WHERE account = $1)";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}

/// Whether the group has a rule.
pub(crate) async fn has_any(tx: &mut Tx, group: AccessGroupId) -> Result<bool, IamError> {
    let sql = "SELECT guid FROM access_group_rules WHERE access_group = $1 LIMIT 1";
    Ok(tx.one(sql, &[group_key(group)]).await?.is_some())
}

/// The number of rules of all groups of the account.
pub(super) async fn count(tx: &mut Tx, account: AccountId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM access_group_rules \
               JOIN access_groups ON access_groups.guid = access_group_rules.access_group WHERE access_groups.account = $1";
    counted(tx.one(sql, &[account.to_string().into()]).await?)
}
