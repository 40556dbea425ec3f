//! A backup in the audit: that it is begun, before anything is copied, and how it ended. It takes the keys that sign tokens with
//! it, so that one which cannot be entered is not begun.

use super::make::{self, Made, Source};
use iam::Iam;
use iam::audit::{Action, Entry, Origin, Outcome};
use std::path::Path;

/// Makes a backup that this user of the operating system has asked for.
pub(crate) async fn make(
    source: &Source<'_>,
    target: &Path,
    uid: Option<u32>,
) -> anyhow::Result<Made> {
    let work = async {
        enter(source.iam, target, Outcome::Begun).await?;
        let made = make::make(source, target).await;
        let outcome = if made.is_ok() {
            Outcome::Done
        } else {
            Outcome::Failed
        };
        if let Err(error) = enter(source.iam, target, outcome).await {
            // Done is done: the entry that it was begun stands.
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
