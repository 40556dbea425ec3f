//! The revisions of what has versions, as they are stored.

use crate::error::IamError;
use base::id::Guid;
use db::Tx;

/// What has versions.
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
        Versioned::ApiKey => "SELECT revision FROM api_keys WHERE guid = $1",
        Versioned::ServiceId => "SELECT revision FROM service_ids WHERE guid = $1",
        Versioned::ServiceGroup => "SELECT revision FROM service_id_groups WHERE guid = $1",
        Versioned::Profile => "SELECT revision FROM profiles WHERE guid = $1",
        Versioned::ProfileRule => "SELECT revision FROM profile_rules WHERE guid = $1",
        Versioned::AccessGroup => "SELECT revision FROM access_groups WHERE guid = $1",
        Versioned::GroupRule => "SELECT revision FROM access_group_rules WHERE guid = $1",
        Versioned::CustomRole => "SELECT revision FROM custom_roles WHERE guid = $1",
        Versioned::Policy => "SELECT revision FROM policies WHERE guid = $1",
    };
    match tx.one(sql, &[id.to_string().into()]).await? {
        Some(row) => Ok(Some(row.int("revision")?)),
        None => Ok(None),
    }
}
