//! Commands that print the session's tokens: one per file.

pub(crate) mod bearer_token;
pub(crate) mod cf;
pub(crate) mod oauth_tokens;
pub(crate) mod token;
