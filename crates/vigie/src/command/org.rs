//! Organizations: one command per file, and their shared code.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod rename;
pub(crate) mod show;

use crate::context::Context;
use crate::listings::Org;
use crate::output::{Column, Row};
use serde::Serialize;

/// One organization under the names of the original.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OrgListing {
    org_guid: String,
    org_name: String,
    region: String,
    account_owner: String,
    account_guid: String,
    status: String,
}

impl OrgListing {
    fn of(org: Org, region: &str, context: &Context) -> Self {
        let config = context.config();
        Self {
            org_guid: org.metadata.guid,
            org_name: org.entity.name,
            region: if org.entity.region.is_empty() {
                region.to_owned()
            } else {
                org.entity.region
            },
            account_owner: config.account.owner.clone(),
            account_guid: config.account.guid.clone(),
            status: org.entity.status,
        }
    }
}

impl Row for OrgListing {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::wide("GUID", |org| org.org_guid.clone()),
        Column::new("Name", |org| org.org_name.clone()),
        Column::new("Region", |org| org.region.clone()),
        Column::new("Account owner", |org| org.account_owner.clone()),
        Column::new("Account ID", |org| org.account_guid.clone()),
        Column::new("Status", |org| org.status.clone()),
    ];
}
