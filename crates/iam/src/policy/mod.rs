//! What the roles of a principal permit and show: decided from the directory alone.
//!
//! It knows no database and no request: the same question on the same directory has the same answer.

mod entry;
mod sight;
mod view;

pub(crate) use entry::account;
pub(crate) use sight::Sight;
pub(crate) use view::{administers, is_administrator, manages, require_visible};
