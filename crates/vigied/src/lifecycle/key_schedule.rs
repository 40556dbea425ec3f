//! Looks from time to time whether a signing key needs a successor, or can be retired; `tokens.signing_key_days` says when.

use crate::app::App;
use crate::failure::refused::operator_hint;
use base::error_chain::Chain;
use base::failure_streak::FailureStreak;
use iam::Iam;
use std::sync::Weak;
use std::time::Duration;
use tokio::time::Instant;

/// Time between looks: a new key is announced two minutes before it signs, and days have no minutes.
const INTERVAL: Duration = Duration::from_secs(600);

/// How soon it is seen that no key is left, as when another node retires all of them.
const NONE_LEFT_INTERVAL: Duration = Duration::from_secs(5);

/// Looks until the server stops.
pub(crate) async fn watch(weak: Weak<App>) {
    let (mut looked, mut file_checked) = (Instant::now(), None);
    let failures = FailureStreak::new();
    loop {
        let Some(app) = weak.upgrade() else { return };
        match app.iam.keep_signing_keys_fresh().await {
            Ok(()) => drop(failures.record_success()),
            Err(error) if failures.record_failure() => {
                tracing::warn!(error = %Chain(&error), "a signing key gets no successor yet");
            }
            Err(_) => {}
        }
        if file_checked.is_none_or(|at: Instant| at.elapsed() >= INTERVAL) {
            file_checked = Some(Instant::now());
            check_encryption_key_file(&app.iam).await;
        }
        drop(app);
        while looked.elapsed() < INTERVAL {
            tokio::time::sleep(NONE_LEFT_INTERVAL).await;
            let Some(app) = weak.upgrade() else { return };
            if !app.iam.has_signing_key() {
                break;
            }
        }
        looked = Instant::now();
    }
}

/// Says in the log that the file of the encryption key is not the one that the server works with, so that somebody brings it back
/// while the server still runs.
pub(super) async fn check_encryption_key_file(iam: &Iam) {
    if let Err(error) = iam.check_encryption_key_file().await {
        let hint = operator_hint(&error).unwrap_or_default();
        tracing::warn!(error = %Chain(&error), hint, "the next start will not find the encryption key");
    }
}
