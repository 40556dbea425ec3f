//! Deleted objects that can be brought back: additions to the original interface.

use base::time::Millis;
use serde::{Deserialize, Serialize};

/// The header of a deletion's answer that says when the metrics go, until when it can be taken back.
pub const REMOVED_AT: &str = "x-vigie-removed-at";

/// The header of a deletion's answer that says how many series go.
pub const SERIES: &str = "x-vigie-series";

/// A page of what `GET /v2/deleted` lists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DeletedList {
    /// How much there is on all pages.
    pub total_results: u64,
    /// How many pages there are.
    pub total_pages: u64,
    /// The address of the page before.
    #[serde(default)]
    pub prev_url: Option<String>,
    /// The address of the next page.
    #[serde(default)]
    pub next_url: Option<String>,
    /// The objects that the caller may bring back, in the order of their removal.
    pub resources: Vec<DeletedEntity>,
}

/// A space or an organization that was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DeletedEntity {
    /// Its GUID, which it has again once it is back.
    pub guid: String,
    /// `space` or `organization`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The organization it was in; of an organization itself.
    pub organization_guid: String,
    /// When it was deleted.
    pub deleted_at: String,
    /// When its metrics go; until then it can be brought back.
    pub removed_at: String,
    /// Whether it went with its organization, and comes back with it.
    pub with_organization: bool,
}

/// The body of `POST /v2/spaces/{guid}/restore` and `POST /v2/organizations/{guid}/restore`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Restore {
    /// Another name for it, where its own is taken.
    #[serde(default)]
    pub name: Option<String>,
}

/// An instant to the second, in UTC.
#[must_use]
pub fn instant(at: Millis) -> String {
    let seconds = jiff::Timestamp::from_second(at.0.div_euclid(1000));
    seconds.map_or_else(|_| String::new(), |instant| instant.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_told_to_the_second() {
        assert_eq!(instant(Millis(1_700_000_000_999)), "2023-11-14T22:13:20Z");
    }

    #[test]
    fn an_empty_body_keeps_the_name() {
        assert_eq!(serde_json::from_str::<Restore>("{}").unwrap().name, None);
    }
}
