//! Spaces: one command per file, and their shared code. A space is a part of an organization with metrics and roles of its own.
//!
//! The commands that spaces and organizations have in common are in folders of their own: `space-restore` in [`super::deleted`],
//! `space-users` in [`super::members`], `space-role-set` and `-unset` in [`super::role`]. [`super::account`] lists and dispatches all of
//! them, and `tests/it/account.rs` drives them.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod rename;
pub(crate) mod show;

use crate::config::DomainFields;
use crate::listings::Space;
use crate::output::{Column, Row};
use serde::Serialize;

/// One space under the names of the original.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SpaceListing {
    space_guid: String,
    space_name: String,
    org_guid: String,
    org_name: String,
}

impl SpaceListing {
    fn of(space: Space, org: &DomainFields) -> Self {
        Self {
            space_guid: space.metadata.guid,
            space_name: space.entity.name,
            org_guid: org.guid.clone(),
            org_name: org.name.clone(),
        }
    }
}

impl Row for SpaceListing {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::wide("GUID", |space| space.space_guid.clone()),
        Column::new("Name", |space| space.space_name.clone()),
    ];
}
