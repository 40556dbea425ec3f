//! The audit: who did what, from where, on what, when, and in which request. One [`Entry`] is a line of the log at `info` and
//! a row of a table that is only appended to.
//!
//! **Nothing is changed without an entry.** `Iam::commit` takes what is entered, and writes it in the transaction of the
//! change: an audit that cannot be written stops changes. Reading goes on.
//!
//! What strangers or programs repeat is counted in memory and written later, off their way: refusals of one kind, source and
//! name by the minute, requests of one caller, credential and source by the hour. Both are bounded: what comes beside goes
//! into one row for all others.
//!
//! No entry holds a secret, nor what was typed as a name that nobody has: it may be a password typed into the wrong field.

mod action;
mod counts;
pub(crate) mod entry;
mod origin;
mod seen;
mod tally;

pub use crate::audit_log::{Page, Recorded};
pub use action::{Action, Kind, Outcome};
pub(crate) use counts::Counts;
pub use counts::Refused;
pub(crate) use entry::Entries;
pub use entry::{Actor, Credential, Entry};
pub use origin::Origin;
