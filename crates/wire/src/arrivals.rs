//! Senders and refused samples of a domain: `/v1/metrics/senders` and `/v1/metrics/rejects` (ours). Times are epoch seconds.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The senders of a domain.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SenderList {
    /// Since when they are noted: the start of the server that answers.
    pub since: i64,
    /// The senders; the last that has sent comes first.
    pub senders: Vec<SenderItem>,
    /// How many gave way to others, beyond `senders_listed_per_domain` or `senders_listed`.
    pub left_out: u64,
    /// How many batches of all domains were not noted, because too many came at once.
    pub missed: u64,
}

/// A sender.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SenderItem {
    /// The setting of the listener, or the path of the route.
    pub listener: String,
    /// The address that it came from.
    pub source: String,
    /// The id of its API key, if it showed one or what was obtained with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// When it came first.
    pub first_at: i64,
    /// When it came last.
    pub last_at: i64,
    /// Whether nothing has come for more than a minute, and more than three times as long as usual.
    pub silent: bool,
    /// How much time usually lies between two batches of it, in seconds; `null` after the first one.
    pub usual_gap_seconds: Option<f64>,
    /// How many batches it has sent.
    pub batches: u64,
    /// How many samples: `accepted + rejected`.
    pub received: u64,
    /// Of these, how many were stored, or replaced by a later one of the same batch.
    pub accepted: u64,
    /// Of these, how many were refused.
    pub rejected: u64,
}

/// The refused samples of a domain, by sender and reason.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RejectList {
    /// Since when they are noted: the start of the server that answers.
    pub since: i64,
    /// How many for which reason.
    pub by_reason: BTreeMap<String, u64>,
    /// The last ones, as far as they are kept (`rejects_listed_per_domain`, and three of a batch), the newest first.
    pub rejects: Vec<RejectItem>,
    /// How many batches of all domains were not noted, because too many came at once.
    pub missed: u64,
}

/// A sample that was refused.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RejectItem {
    /// When.
    pub at: i64,
    /// The setting of the listener, or the path of the route.
    pub listener: String,
    /// The address that it came from.
    pub source: String,
    /// The id of the sender's API key, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// A word for the reason.
    pub reason: String,
    /// The beginning of its name, where it has a readable one and holds no credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Why it was refused.
    pub message: String,
}
