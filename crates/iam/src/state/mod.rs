//! The node's state beside the directory: the ended sessions, when it last learned of changes, what it asks for them and how often, the task
//! that learns of them, whose logins write, and who has authenticated.

pub(crate) mod ended_sessions;
pub(crate) mod freshness;
pub(crate) mod login_turns;
pub(crate) mod questions;
pub(crate) mod shared_query;
pub(crate) mod sync_wait;
pub(crate) mod unwritten_activity;
pub(crate) mod watcher;
