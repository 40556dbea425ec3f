//! The envelope of every `/v2` object and list.

use serde::{Deserialize, Serialize};

/// A page of objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct List<T> {
    /// How many objects there are on all pages.
    pub total_results: u64,
    /// How many pages there are.
    pub total_pages: u64,
    /// The address of the page before.
    #[serde(default)]
    pub prev_url: Option<String>,
    /// The address of the next page.
    #[serde(default)]
    pub next_url: Option<String>,
    /// The objects of this page.
    pub resources: Vec<Resource<T>>,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Resource<T> {
    /// Its id and dates.
    pub metadata: Metadata,
    /// The object itself.
    pub entity: T,
}

/// The id and dates of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Metadata {
    /// Its GUID.
    pub guid: String,
    /// Its path on this server.
    pub url: String,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// When it was changed last, RFC 3339.
    pub updated_at: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cf::organization::OrganizationEntity;

    #[test]
    fn a_list_writes_its_nulls() {
        let list: List<OrganizationEntity> = List {
            total_results: 0,
            total_pages: 1,
            prev_url: None,
            next_url: None,
            resources: Vec::new(),
        };
        assert_eq!(
            serde_json::to_string(&list).unwrap(),
            "{\"total_results\":0,\"total_pages\":1,\"prev_url\":null,\"next_url\":null,\"resources\":[]}"
        );
    }
}
