//! The table `policies`.

use super::column::{counted, known, parse, parse_guid, stamps};
use super::principals::{self, key};
use super::selection::{ByIds, Selection, ids};
use crate::error::IamError;
use crate::model::directory::policy_target::PolicyTarget;
use crate::model::directory::{Attribute, AuthorizationSource, Policy, PolicyRole, PolicySubject};
use crate::model::time_condition::TimeCondition;
use base::id::{
    AccessGroupId, AccountId, CustomRoleId, Guid, InstanceId, PolicyId, ResourceGroupId, TenantId,
    UserId,
};
use base::principal::Principal;
use base::time::Millis;
use db::{Row, Tx, Value};
use std::sync::Arc;

/// For [`super::revisions`].
pub(super) const REVISION: &str = "SELECT revision FROM policies WHERE guid = $1";

/// The statement that reads policies, with its conditions.
macro_rules! select {
    ($($conditions:tt)*) => {
        concat!(
            "SELECT policies.guid AS guid, account, principal, principals.kind AS principal_kind, access_group, invitation, source, \
             description, roles, attributes, time_condition, active, revision, created_at, created_by, modified_at, modified_by \
             FROM policies \
             LEFT JOIN principals ON principals.guid = policies.principal",
            $($conditions)*
        )
    };
}

/// Stands among the attributes of a policy with a condition. A node of an earlier version does not look at the condition, and would
/// have the policy in force at all times: it does not know this attribute either, so that the policy gives nothing there.
const CONDITIONAL: &str = "timeCondition";

/// For the directory.
pub(super) const ROWS: Selection = Selection {
    all: select!(""),
    by_ids: ByIds {
        one: select!(" WHERE policies.guid = $1"),
        some: select!(" WHERE policies.guid IN ", ids!()),
    },
};

/// Decodes the policies that this program knows. One with a part that a newer node has written gives nothing here.
pub(super) fn read_known(rows: &[Row]) -> Result<Vec<Policy>, IamError> {
    let (known, unknown) = known(rows, read)?;
    if unknown > 0 {
        tracing::warn!(
            policies = unknown,
            "access policies that this program does not know are left out"
        );
    }
    Ok(known)
}

fn read(row: &Row) -> Result<Option<Policy>, IamError> {
    let account: AccountId = parse(row, "account", "an account GUID")?;
    let subject = match principals::read(row)? {
        Some(principal) => Some(PolicySubject::Principal(principal)),
        None if row.text_or_none("access_group")?.is_some() => {
            let group = parse_guid(row, "access_group")?;
            Some(PolicySubject::Group(AccessGroupId(group)))
        }
        None if row.text_or_none("invitation")?.is_some() => {
            let invitation = parse_guid(row, "invitation")?;
            Some(PolicySubject::Invited(UserId(invitation)))
        }
        None => {
            let source = row.text_or_none("source")?;
            let source = source.and_then(|text| text.parse::<AuthorizationSource>().ok());
            source.map(PolicySubject::Source)
        }
    };
    let roles: Vec<String> = list(row, "roles")?;
    let roles = roles.iter().map(|role| role.parse::<PolicyRole>());
    let roles: Result<Vec<PolicyRole>, _> = roles.collect();
    let attributes: Vec<(String, String, String)> = list(row, "attributes")?;
    let is_mark = |key: &str| key == CONDITIONAL;
    let is_conditional = attributes.iter().any(|(key, ..)| is_mark(key));
    let attributes = attributes
        .iter()
        .filter(|(key, ..)| !is_mark(key))
        .map(|(key, operator, value)| Attribute::read(key, Some(operator.as_str()), value));
    let attributes: Result<Vec<Attribute>, _> = attributes.collect();
    let (Some(subject), Ok(roles), Ok(attributes)) = (subject, roles, attributes) else {
        return Ok(None);
    };
    let Ok(target) = PolicyTarget::of(account, &attributes) else {
        return Ok(None);
    };
    let condition = match row.text_or_none("time_condition")? {
        None if is_conditional => return Ok(None),
        None => None,
        Some(text) => match read_condition(&text) {
            Some(condition) => Some(Arc::new(condition)),
            None => return Ok(None),
        },
    };
    let (created, modified) = stamps(row)?;
    Ok(Some(Policy {
        id: PolicyId(parse_guid(row, "guid")?),
        account,
        subject,
        description: row.text("description")?,
        roles,
        attributes,
        target,
        condition,
        active: row.flag("active")?,
        revision: row.int("revision")?,
        created,
        modified,
    }))
}

/// The condition in its column; none if a part of it is not known here.
fn read_condition(text: &str) -> Option<TimeCondition> {
    let mut stored: serde_json::Value = serde_json::from_str(text).ok()?;
    let rule = stored.get_mut("rule")?.take();
    let pattern = stored.get("pattern")?.as_str()?;
    TimeCondition::read(pattern, rule).ok()
}

/// The condition in its column.
fn condition(policy: &Policy) -> Value {
    let stored = policy.condition.as_ref().map(|condition| {
        serde_json::json!({ "pattern": condition.pattern(), "rule": condition.rule() }).to_string()
    });
    Value::Text(stored)
}

fn list<T: serde::de::DeserializeOwned>(row: &Row, column: &'static str) -> Result<T, IamError> {
    let text = row.text(column)?;
    serde_json::from_str(&text).map_err(|_| IamError::Stored {
        value: text,
        expected: "a list",
    })
}

/// The columns of the subject: a principal, an access group, an invitation, or the source of an authorization.
fn subject(subject: PolicySubject) -> [Value; 4] {
    let none = || Value::Text(None);
    match subject {
        PolicySubject::Principal(principal) => [key(principal), none(), none(), none()],
        PolicySubject::Group(group) => [none(), group.0.to_string().into(), none(), none()],
        PolicySubject::Invited(user) => [none(), none(), user.0.to_string().into(), none()],
        PolicySubject::Source(source) => [none(), none(), none(), source.to_string().into()],
    }
}

/// The roles in their column.
fn roles(policy: &Policy) -> Value {
    let all: Vec<String> = policy.roles.iter().map(ToString::to_string).collect();
    serde_json::Value::from(all).to_string().into()
}

/// The number of policies of the account that name the resource group: its instances, or the spaces of these.
pub(crate) async fn count_naming(
    tx: &mut Tx,
    account: AccountId,
    group: ResourceGroupId,
) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM policies WHERE account = $1 AND (source = $4 \
               OR (attributes LIKE '%resourceGroupId%' AND (LOWER(attributes) LIKE $2 OR LOWER(attributes) LIKE $3)))";
    // It may be written with or without dashes.
    let values = [
        account.to_string().into(),
        format!("%{group}%").into(),
        format!("%{}%", group.0).into(),
        AuthorizationSource::Group(group).to_string().into(),
    ];
    counted(tx.one(sql, &values).await?)
}

/// The attributes in their column.
fn attributes(policy: &Policy) -> Value {
    let one = |attribute: &Attribute| -> Vec<String> {
        let (key, operator) = (attribute.key.name(), attribute.operator.name());
        vec![key.to_owned(), operator.to_owned(), attribute.value.clone()]
    };
    let all = policy.attributes.iter().map(one);
    let mark = || vec![CONDITIONAL.to_owned(), String::new(), String::new()];
    let mark = policy.condition.is_some().then(mark);
    let all: Vec<serde_json::Value> = all.chain(mark).map(serde_json::Value::from).collect();
    serde_json::Value::from(all).to_string().into()
}

/// Stores a new one.
pub(crate) async fn insert(tx: &mut Tx, policy: &Policy) -> Result<(), IamError> {
    let sql = "INSERT INTO policies (guid, account, principal, access_group, invitation, source, description, roles, attributes, \
               active, revision, created_at, created_by, modified_at, modified_by, time_condition) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    let [principal, group, invitation, source] = subject(policy.subject);
    let values = [
        policy.id.to_string().into(),
        policy.account.to_string().into(),
        principal,
        group,
        invitation,
        source,
        policy.description.as_str().into(),
        roles(policy),
        attributes(policy),
        policy.active.into(),
        policy.revision.into(),
        policy.created.at.0.into(),
        policy.created.by.to_string().into(),
        policy.modified.at.0.into(),
        policy.modified.by.to_string().into(),
        condition(policy),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Writes a changed one if its revision is still the one that was read: of two concurrent changes one succeeds.
pub(crate) async fn change(tx: &mut Tx, policy: &Policy, from: i64) -> Result<bool, IamError> {
    let sql = "UPDATE policies SET principal = $2, access_group = $3, invitation = $4, source = $5, description = $6, roles = $7, \
               attributes = $8, active = $9, modified_at = $10, modified_by = $11, time_condition = $13, revision = revision + 1 \
               WHERE guid = $1 AND revision = $12";
    let [principal, group, invitation, source] = subject(policy.subject);
    let values = [
        policy.id.to_string().into(),
        principal,
        group,
        invitation,
        source,
        policy.description.as_str().into(),
        roles(policy),
        attributes(policy),
        policy.active.into(),
        policy.modified.at.0.into(),
        policy.modified.by.to_string().into(),
        from.into(),
        condition(policy),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Deletes one; `false` if it was deleted before.
pub(crate) async fn delete(tx: &mut Tx, id: PolicyId) -> Result<bool, IamError> {
    let sql = "DELETE FROM policies WHERE guid = $1";
    Ok(tx.execute(sql, &[id.to_string().into()]).await? > 0)
}

/// The number of policies of the account.
pub(super) async fn count(tx: &mut Tx, account: AccountId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM policies WHERE account = $1";
    counted(tx.one(sql, &[account.to_string().into()]).await?)
}

/// The number of policies for the subject in the account, without the one of this id.
pub(crate) async fn count_of(
    tx: &mut Tx,
    account: AccountId,
    subject: PolicySubject,
    without: Option<PolicyId>,
) -> Result<u64, IamError> {
    let without = without.map(|id| id.to_string()).unwrap_or_default();
    let without = Value::from(without);
    // Each is found by its own index: what asked for any of them would read every policy of the account. An access group or an
    // invitation is of one account, a person may be in several.
    let found = match subject {
        PolicySubject::Principal(principal) => {
            let sql = "SELECT COUNT(*) AS counted FROM policies WHERE principal = $1 AND account = $2 AND guid <> $3";
            let values = [key(principal), account.to_string().into(), without];
            tx.one(sql, &values).await?
        }
        PolicySubject::Group(group) => {
            let sql =
                "SELECT COUNT(*) AS counted FROM policies WHERE access_group = $1 AND guid <> $2";
            tx.one(sql, &[group.0.to_string().into(), without]).await?
        }
        PolicySubject::Invited(user) => {
            let sql =
                "SELECT COUNT(*) AS counted FROM policies WHERE invitation = $1 AND guid <> $2";
            tx.one(sql, &[user.0.to_string().into(), without]).await?
        }
        PolicySubject::Source(source) => {
            let sql = "SELECT COUNT(*) AS counted FROM policies WHERE source = $1 AND account = $2 AND guid <> $3";
            let values = [
                source.to_string().into(),
                account.to_string().into(),
                without,
            ];
            tx.one(sql, &values).await?
        }
    };
    counted(found)
}

/// The policies for the subject in the account, as far as this program knows them.
pub(crate) async fn of_subject(
    tx: &mut Tx,
    account: AccountId,
    subject: PolicySubject,
) -> Result<Vec<Policy>, IamError> {
    // A statement for each kind of subject, whose column has an index.
    let rows = match subject {
        PolicySubject::Principal(principal) => {
            let sql = select!(" WHERE policies.principal = $1 AND policies.account = $2");
            let values = [key(principal), account.to_string().into()];
            tx.all(sql, &values).await?
        }
        PolicySubject::Group(group) => {
            let sql = select!(" WHERE policies.access_group = $1");
            tx.all(sql, &[group.0.to_string().into()]).await?
        }
        PolicySubject::Invited(user) => {
            let sql = select!(" WHERE policies.invitation = $1");
            tx.all(sql, &[user.0.to_string().into()]).await?
        }
        PolicySubject::Source(source) => {
            let sql = select!(" WHERE policies.source = $1 AND policies.account = $2");
            let values = [source.to_string().into(), account.to_string().into()];
            tx.all(sql, &values).await?
        }
    };
    let (found, _) = known(&rows, read)?;
    Ok(found)
}

/// Whether a policy of the account gives the role, read within the transaction that depends on it. The account is locked. Where it is
/// known which policy does so, that one alone is read: whoever asks again and again has not all of the account's read each time, while
/// others wait.
pub(crate) async fn gives(
    tx: &mut Tx,
    account: AccountId,
    role: CustomRoleId,
    likely: Option<PolicyId>,
) -> Result<bool, IamError> {
    let named = format!("%\"{role}\"%");
    if let Some(policy) = likely {
        let sql = "SELECT guid FROM policies WHERE guid = $1 AND roles LIKE $2";
        let values = [policy.to_string().into(), named.as_str().into()];
        if tx.one(sql, &values).await?.is_some() {
            return Ok(true);
        }
    }
    let sql = "SELECT guid FROM policies WHERE account = $1 AND roles LIKE $2 LIMIT 1";
    let values = [account.to_string().into(), named.into()];
    Ok(tx.one(sql, &values).await?.is_some())
}

/// Gives a user the policies of an invitation, before the invitation is removed.
pub(crate) async fn accept(tx: &mut Tx, invitation: Guid, user: UserId) -> Result<(), IamError> {
    let sql = "UPDATE policies SET principal = $2, invitation = NULL, revision = revision + 1 WHERE invitation = $1";
    tx.execute(sql, &[invitation.to_string().into(), key(user)])
        .await?;
    Ok(())
}

/// Has the policies of a member begin with the acceptance of an invitation, in place of the membership.
pub(crate) async fn return_to_invitation(
    tx: &mut Tx,
    account: AccountId,
    user: UserId,
    invitation: Guid,
) -> Result<(), IamError> {
    let sql = "UPDATE policies SET principal = NULL, invitation = $3, revision = revision + 1 WHERE account = $1 AND principal = $2";
    let values = [
        account.to_string().into(),
        key(user),
        invitation.to_string().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Deletes the policies of an invitation.
pub(super) async fn delete_of_invitation(tx: &mut Tx, invitation: Guid) -> Result<(), IamError> {
    let sql = "DELETE FROM policies WHERE invitation = $1";
    tx.execute(sql, &[invitation.to_string().into()]).await?;
    Ok(())
}

/// Deletes the policies of expired invitations into the account. The invitation of an account's future owner stays.
pub(super) async fn sweep(tx: &mut Tx, account: AccountId, now: Millis) -> Result<(), IamError> {
    let sql = "DELETE FROM policies WHERE invitation IN (SELECT guid FROM invitations WHERE account = $1 \
               AND expires_at <= $2 AND guid NOT IN (SELECT owner FROM accounts))";
    tx.execute(sql, &[account.to_string().into(), now.0.into()])
        .await?;
    Ok(())
}

/// Deletes the policies for an access group, before the group itself.
pub(crate) async fn delete_of_group(tx: &mut Tx, group: AccessGroupId) -> Result<(), IamError> {
    let sql = "DELETE FROM policies WHERE access_group = $1";
    tx.execute(sql, &[group.0.to_string().into()]).await?;
    Ok(())
}

/// Deletes the authorizations of an instance that is deleted.
pub(crate) async fn delete_of_instance(
    tx: &mut Tx,
    account: AccountId,
    instance: InstanceId,
) -> Result<(), IamError> {
    let source = AuthorizationSource::Instance(instance).to_string();
    let sql = "DELETE FROM policies WHERE source = $1 AND account = $2";
    tx.execute(sql, &[source.into(), account.to_string().into()])
        .await?;
    Ok(())
}

/// Deletes the authorizations of the instance of a deleted space whose samples have been removed, before the instance.
pub(crate) async fn delete_of_removed(tx: &mut Tx, tenant: TenantId) -> Result<(), IamError> {
    let sql = "DELETE FROM policies WHERE source IN (SELECT 'instance:' || guid FROM resource_instances \
               WHERE space IN (SELECT SUBSTR(domain, 3) FROM deletions WHERE tenant = $1 AND begun = 1 \
               AND SUBSTR(domain, 1, 2) = 's-'))";
    tx.execute(sql, &[i64::from(tenant.0).into()]).await?;
    Ok(())
}

/// Deletes the principal's policies in the account.
pub(crate) async fn delete_of(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
) -> Result<(), IamError> {
    let sql = "DELETE FROM policies WHERE account = $1 AND principal = $2";
    tx.execute(sql, &[account.to_string().into(), key(principal)])
        .await?;
    Ok(())
}

/// Deletes the policies of a principal who is in no account any more.
pub(crate) async fn delete_of_principal(tx: &mut Tx, principal: &Value) -> Result<(), IamError> {
    let sql = "DELETE FROM policies WHERE principal = $1";
    tx.execute(sql, std::slice::from_ref(principal)).await?;
    Ok(())
}

/// Deletes every policy of an account.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM policies WHERE account = $1";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}
