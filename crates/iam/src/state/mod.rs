//! The node's state beside the directory: the ended sessions, and when it last learned of changes.

pub(crate) mod ended_sessions;
pub(crate) mod freshness;
