//! The embedded time-series engine: samples of many tenants in one folder, behind [`base::store::SampleStore`].
//!
//! What it is: a write-ahead log with group commit, a head in memory, immutable segments of one UTC day each (or, of late
//! samples, of many), a manifest that says which files count, and an index of names. What was acknowledged as committed
//! survives `kill -9` and power loss; of equal instants the last write wins, across all of these.
//!
//! What it is not: it speaks no protocol, checks no credential (it takes a verified [`base::scope::Scope`]), and keeps no
//! other process off its folder. Roll-ups, an index of labels and the cold codec are not there yet; `docs/design/engine.md`
//! says what is, byte by byte.

mod append;
mod append_filtered;
mod background;
mod column;
mod compact;
mod config;
mod copy;
mod core;
mod created_series;
mod day;
mod delete;
mod deletion_marks;
mod deletion_turns;
mod drop_generations;
mod drop_tenant;
mod dropped_series;
mod due_expiry;
mod engine;
mod error;
pub mod events;
mod expire;
mod failed_merges;
mod file_action;
mod file_name;
mod flush;
mod flush_files;
mod flush_freeze;
mod flush_names;
mod flush_segments;
mod format;
mod guard;
mod head;
mod head_budget;
mod head_reservations;
mod index;
mod layout;
mod lock_tickets;
mod lock_waiters;
mod manifest;
mod new_series;
mod open_dir;
mod open_views;
mod pending_flush;
mod points;
mod poison;
mod prefetch;
mod publish;
mod purge_budget;
mod purge_schedule;
mod query_meter;
mod read;
mod recover;
mod registry;
mod replay_effects;
mod reserve;
mod resolve;
mod resource_shortage;
mod segment;
mod segment_output;
mod series_ref;
mod sparse;
mod state;
pub mod storage;
mod stuck_detector;
mod sync;
mod tenant_owners;
mod tenant_tallies;
#[cfg(test)]
mod test_support;
mod threads;
mod tombstone;
mod tombstones;
mod undecoded;
mod wal;

pub use config::EngineConfig;
pub use engine::Engine;
pub use format::{FormatError, check_format};
pub use recover::RecoveryReport;
pub use wal::TornTail;
