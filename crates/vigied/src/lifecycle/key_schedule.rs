//! Looks from time to time whether a signing key needs a successor, or can be retired; `tokens.signing_key_days` says when.

use crate::app::App;
use base::error_chain::Chain;
use std::sync::Weak;
use std::time::Duration;
use tokio::time::Instant;

/// Time between looks: a new key is announced two minutes before it signs, and days have no minutes.
const INTERVAL: Duration = Duration::from_secs(600);

/// How soon it is seen that no key is left, as when another node retires all of them.
const NONE_LEFT_INTERVAL: Duration = Duration::from_secs(5);

/// Looks until the server stops.
pub(crate) async fn watch(weak: Weak<App>) {
    let mut looked = Instant::now();
    loop {
        let Some(app) = weak.upgrade() else { return };
        if let Err(error) = app.iam.keep_signing_keys_fresh().await {
            tracing::warn!(error = %Chain(&error), "a signing key gets no successor yet");
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
