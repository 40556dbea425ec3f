//! Login sessions: `/v1/sessions`.

use serde::{Deserialize, Serialize};

/// A login session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Session {
    /// Its id, as in the claim `session_id`: `C-<GUID>`.
    pub id: String,
    /// The IAM id of its user.
    pub iam_id: String,
    /// The account it is for.
    pub account_id: String,
    /// The API key that it was begun with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apikey_id: Option<String>,
    /// When it was begun: UTC, as `2017-11-01T12:00+0000`.
    pub created_at: String,
    /// When it was begun, renewed or kept alive last.
    pub last_used_at: String,
    /// When it ends unless it is renewed.
    pub expires_at: String,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// A page of sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SessionList {
    /// How many came before this page.
    pub offset: u64,
    /// How many a page holds at most.
    pub limit: u64,
    /// The address of the first page.
    pub first: String,
    /// The address of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// The address of the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The sessions, the latest first.
    pub sessions: Vec<Session>,
}
