//! Records a backup in the audit: its begin before anything is copied, and its outcome. A backup contains the keys that sign
//! tokens, so it must not begin if it cannot be recorded.

use super::make::{self, BackupSummary, Source};
use iam::Iam;
use iam::audit::{Action, Entry, Origin, Outcome};
use std::path::Path;

/// Makes a backup for this user of the operating system.
pub(crate) async fn make_audited(
    source: &Source<'_>,
    target: &Path,
    uid: Option<u32>,
) -> anyhow::Result<BackupSummary> {
    let work = async {
        enter(source.iam, target, Outcome::Begun).await?;
        let made = make::make(source, target).await;
        let outcome = if made.is_ok() {
            Outcome::Done
        } else {
            Outcome::Failed
        };
        if let Err(error) = enter(source.iam, target, outcome).await {
            // The backup is made, and its begin is recorded.
            tracing::error!("how a backup ended is not in the audit: {error:#}");
        }
        made
    };
    Origin::operator(uid).scope(work).await
}

async fn enter(iam: &Iam, target: &Path, outcome: Outcome) -> anyhow::Result<()> {
    let entry = Entry::by_operator(Action::BackupMade).on(target.display());
    Ok(iam.enter(entry.outcome(outcome)).await?)
}
