//! The revisions of what has versions, as they are stored.

use super::{
    access_group_rules, access_groups, api_keys, custom_roles, policies, profile_rules, profiles,
    service_id_groups, service_ids,
};
use crate::error::IamError;
use base::id::Guid;
use db::Tx;

/// The kinds of objects with versions.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Versioned {
    ApiKey,
    ServiceId,
    ServiceGroup,
    Profile,
    ProfileRule,
    AccessGroup,
    GroupRule,
    CustomRole,
    Policy,
}

/// The revision; none of what is not there.
pub(crate) async fn of(tx: &mut Tx, what: Versioned, id: Guid) -> Result<Option<i64>, IamError> {
    let sql = match what {
        Versioned::ApiKey => api_keys::REVISION,
        Versioned::ServiceId => service_ids::REVISION,
        Versioned::ServiceGroup => service_id_groups::REVISION,
        Versioned::Profile => profiles::REVISION,
        Versioned::ProfileRule => profile_rules::REVISION,
        Versioned::AccessGroup => access_groups::REVISION,
        Versioned::GroupRule => access_group_rules::REVISION,
        Versioned::CustomRole => custom_roles::REVISION,
        Versioned::Policy => policies::REVISION,
    };
    match tx.one(sql, &[id.to_string().into()]).await? {
        Some(row) => Ok(Some(row.int("revision")?)),
        None => Ok(None),
    }
}
