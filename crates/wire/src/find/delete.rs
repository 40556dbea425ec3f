//! The answer to a deletion.

use serde::{Deserialize, Serialize};

/// The answer of `DELETE /v1/metrics/list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DeleteReply {
    /// The pattern that was asked for.
    pub query: String,
    /// Series that fit it, and everything below a node that fits it, whether or not they have samples from `from` to `until`.
    pub deleted: u64,
    /// Those of them that do not fit it themselves, and only lie below a node that does.
    #[serde(default)]
    pub below: u64,
    /// Whether they were only counted.
    pub dry_run: bool,
    /// The first of their names, ascending, `names_per_dry_run` at most; none where they are gone.
    #[serde(default)]
    pub names: Vec<String>,
}
