//! The table `profile_rules`: the claim rules of trusted profiles.

use super::claim_conditions;
use super::column::{counted, known, parse_guid, stamps};
use super::principals::key as profile_key;
use super::selection::{Selection, selection};
use crate::error::IamError;
use crate::model::directory::{ProfileRule, ProfileRuleKind};
use base::id::{ProfileId, ProfileRuleId};
use db::{Row, Tx, Value};
use std::collections::HashMap;

/// For [`super::revisions`].
pub(super) const REVISION: &str = "SELECT revision FROM profile_rules WHERE guid = $1";

/// For the directory: those of one profile, or all.
pub(super) const ROWS: Selection = selection!(
    "SELECT guid, profile, kind, name, realm, cr_type, expiration_seconds, conditions, revision, created_at, created_by, \
     modified_at, modified_by FROM profile_rules",
    "profile"
);

const SAML: &str = "saml";
const COMPUTE_RESOURCE: &str = "cr";

/// Decodes the rows, by the profiles they belong to. One with a part that only a newer node knows lets nobody in
/// here.
pub(super) fn read(rows: &[Row]) -> Result<HashMap<ProfileId, Vec<ProfileRule>>, IamError> {
    let mut rules: HashMap<ProfileId, Vec<ProfileRule>> = HashMap::new();
    let (known, unknown) = known(rows, read_one)?;
    if unknown > 0 {
        tracing::warn!(
            rules = unknown,
            "rules of trusted profiles that this program does not know are left out"
        );
    }
    for rule in known {
        rules.entry(rule.profile).or_default().push(rule);
    }
    Ok(rules)
}

fn read_one(row: &Row) -> Result<Option<ProfileRule>, IamError> {
    let conditions = claim_conditions::read(&row.text("conditions")?);
    let (Some(kind), Some(conditions)) = (read_kind(row)?, conditions) else {
        return Ok(None);
    };
    let (created, modified) = stamps(row)?;
    Ok(Some(ProfileRule {
        id: ProfileRuleId(parse_guid(row, "guid")?),
        profile: ProfileId(parse_guid(row, "profile")?),
        name: row.text("name")?,
        kind,
        conditions,
        revision: row.int("revision")?,
        created,
        modified,
    }))
}

fn read_kind(row: &Row) -> Result<Option<ProfileRuleKind>, IamError> {
    Ok(match row.text("kind")?.as_str() {
        SAML => {
            let Ok(expiration_seconds) = u32::try_from(row.int("expiration_seconds")?) else {
                return Ok(None);
            };
            Some(ProfileRuleKind::Saml {
                realm: row.text("realm")?,
                expiration_seconds,
            })
        }
        COMPUTE_RESOURCE => Some(ProfileRuleKind::ComputeResource {
            cr_type: row.text("cr_type")?,
        }),
        _ => None,
    })
}

/// The columns `kind`, `realm`, `cr_type` and `expiration_seconds`.
fn kind(rule: &ProfileRule) -> [Value; 4] {
    let none = || Value::from(None::<String>);
    match &rule.kind {
        ProfileRuleKind::Saml {
            realm,
            expiration_seconds,
        } => [
            SAML.into(),
            realm.as_str().into(),
            none(),
            i64::from(*expiration_seconds).into(),
        ],
        ProfileRuleKind::ComputeResource { cr_type } => [
            COMPUTE_RESOURCE.into(),
            none(),
            cr_type.as_str().into(),
            Value::from(None::<i64>),
        ],
    }
}

fn key(id: ProfileRuleId) -> Value {
    id.0.to_string().into()
}

/// Stores a new one.
pub(crate) async fn insert(tx: &mut Tx, rule: &ProfileRule) -> Result<(), IamError> {
    let sql = "INSERT INTO profile_rules (guid, profile, kind, name, realm, cr_type, expiration_seconds, conditions, revision, \
               created_at, created_by, modified_at, modified_by) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    let [kind, realm, cr_type, seconds] = kind(rule);
    let values = [
        key(rule.id),
        profile_key(rule.profile),
        kind,
        rule.name.as_str().into(),
        realm,
        cr_type,
        seconds,
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
pub(crate) async fn change(tx: &mut Tx, rule: &ProfileRule, from: i64) -> Result<bool, IamError> {
    let sql = "UPDATE profile_rules SET kind = $2, name = $3, realm = $4, cr_type = $5, expiration_seconds = $6, \
               conditions = $7, modified_at = $8, modified_by = $9, revision = revision + 1 WHERE guid = $1 AND revision = $10";
    let [kind, realm, cr_type, seconds] = kind(rule);
    let values = [
        key(rule.id),
        kind,
        rule.name.as_str().into(),
        realm,
        cr_type,
        seconds,
        claim_conditions::value(&rule.conditions),
        rule.modified.at.0.into(),
        rule.modified.by.to_string().into(),
        from.into(),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Deletes one. `false` if it was gone.
pub(crate) async fn delete(tx: &mut Tx, id: ProfileRuleId) -> Result<bool, IamError> {
    let sql = "DELETE FROM profile_rules WHERE guid = $1";
    Ok(tx.execute(sql, &[key(id)]).await? > 0)
}

/// Deletes those of a profile, whose stored GUID this is.
pub(crate) async fn delete_of_profile(tx: &mut Tx, profile: &Value) -> Result<(), IamError> {
    let sql = "DELETE FROM profile_rules WHERE profile = $1";
    tx.execute(sql, std::slice::from_ref(profile)).await?;
    Ok(())
}

/// The number of rules of a profile.
pub(crate) async fn count_of(tx: &mut Tx, profile: ProfileId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM profile_rules WHERE profile = $1";
    counted(tx.one(sql, &[profile_key(profile)]).await?)
}
