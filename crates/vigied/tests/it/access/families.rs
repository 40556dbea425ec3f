//! The identity routes that have a file of their own, each with how its routes are tried.

use super::identity::Column;
use super::{
    account_settings, groups, policies, profiles, resources, service_id_groups, service_ids,
    sessions, users,
};

/// How the routes of one file are tried, by method and path; none for a route of another file.
type Family = fn(&str, &str) -> Option<Vec<Column>>;

/// All of them.
pub(super) const FAMILIES: [Family; 9] = [
    service_ids::columns,
    account_settings::columns,
    service_id_groups::columns,
    sessions::columns,
    policies::columns,
    groups::columns,
    profiles::columns,
    resources::columns,
    users::columns,
];
