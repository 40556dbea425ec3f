//! The history of an object, as `include_history` asks for it.

use serde::{Deserialize, Serialize};

/// One change of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct HistoryEntry {
    /// When: UTC, as `2017-11-01T12:00+0000`.
    pub timestamp: String,
    /// The IAM id of the principal who did it; `operator` and `server` are none.
    pub iam_id: String,
    /// The account of the object.
    pub iam_id_account: String,
    /// The action, as the audit names it; `older_changes_left_out` in the last entry of a history that is cut.
    pub action: String,
    /// Further facts, each as `NAME=VALUE`; times as in `timestamp`. A value longer than 512 bytes is cut, and ends in `…`.
    pub params: Vec<String>,
    /// The action, in a sentence.
    pub message: String,
}
