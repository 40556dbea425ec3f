//! The session's tokens, shown because they were asked for: a command in each file.

pub(crate) mod bearer_token;
pub(crate) mod cf;
pub(crate) mod oauth_tokens;
pub(crate) mod token;
