//! Looks from time to time whether a signing key needs a successor, or can be retired; `tokens.signing_key_days` says when.

use crate::app::App;
use base::error_chain::Chain;
use std::sync::Weak;
use std::time::Duration;

/// Time between looks: a new key is announced two minutes before it signs, and days have no minutes.
const INTERVAL: Duration = Duration::from_secs(600);

/// Looks until the server stops.
pub(crate) async fn watch(app: Weak<App>) {
    loop {
        let Some(app) = app.upgrade() else { return };
        if let Err(error) = app.iam.keep_signing_keys_fresh().await {
            tracing::warn!(error = %Chain(&error), "a signing key gets no successor yet");
        }
        drop(app);
        tokio::time::sleep(INTERVAL).await;
    }
}
