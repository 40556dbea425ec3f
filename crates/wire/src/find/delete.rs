//! The answer to a deletion.

use serde::{Deserialize, Serialize};

/// What `DELETE /v1/metrics/list` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DeleteReply {
    /// The pattern that was asked for.
    pub query: String,
    /// Series that fit it, and everything below a node that fits it.
    pub deleted: u64,
    /// Whether they were only counted.
    pub dry_run: bool,
}
