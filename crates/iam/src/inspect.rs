//! Accessors for tests, which no program uses. They are public because integration tests are crates of their own.

use crate::error::IamError;
use crate::repo::rows;
use crate::service::Iam;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How many signatures introspection has checked: one for every token, valid or not.
#[must_use]
pub fn signatures_checked(iam: &Iam) -> u64 {
    iam.0.signatures_introspected.load(Ordering::Relaxed)
}

/// How often the whole directory was read again since the start, and not only what had changed.
#[must_use]
pub fn whole_reads(iam: &Iam) -> u64 {
    iam.0.whole_reads.load(Ordering::Relaxed)
}

/// Whether the directory equals one that is read from scratch now: every scenario ends with this check, so that no change
/// goes unlogged which other nodes have to learn.
///
/// # Errors
/// When the database cannot be read.
pub async fn matches_database(iam: &Iam) -> Result<bool, IamError> {
    iam.sync().await?;
    Ok(rows::load(&iam.0.db, Arc::clone(&iam.0.clock)).await? == *iam.directory())
}
