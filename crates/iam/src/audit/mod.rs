//! The audit: who did what, from where, to what, when, and in which request. One [`Entry`] is a log line at `info` and
//! a row of an append-only table; the log has so many lines of one account a minute, the table has all.
//!
//! **No change happens without an entry.** `Iam::commit` takes the entries and writes them in the transaction of the
//! change: if the audit cannot be written, changes stop and reads go on.
//!
//! Repeated events are counted in memory and written later, so that requests do not wait for them: refusals of one
//! kind, source and name by the minute; requests of one caller, credential and source by the hour. Both are bounded;
//! events beyond the bound share one row.
//!
//! No entry holds a secret, nor an unknown user name: it may be a password typed into the wrong field.

mod action;
mod counted_source;
mod counts;
pub(crate) mod entry;
mod log_rate_limit;
mod origin;
mod recorded;
mod refused_workload;
mod tally;

pub use crate::audit_log::Page;
pub use action::{Action, Kind, Outcome};
pub(crate) use counts::Counts;
pub use counts::Refused;
pub(crate) use entry::Entries;
pub use entry::{Actor, Credential, Entry};
pub use origin::Origin;
pub use recorded::Recorded;
pub use refused_workload::WorkloadRefusal;
pub(crate) use refused_workload::{NamedResource, RefusedWorkload};
