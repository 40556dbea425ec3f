//! Ends sessions that the settings of their accounts have ended, so that their access tokens do not outlive them.

use crate::app::App;
use base::error_chain::Chain;
use std::sync::Weak;
use std::time::Duration;

/// Time between looks: the shortest session of a setting has fifteen minutes.
const INTERVAL: Duration = Duration::from_secs(15);

/// Looks until the server stops.
pub(crate) async fn watch(app: Weak<App>) {
    loop {
        let Some(app) = app.upgrade() else { return };
        if let Err(error) = app.iam.end_overdue_sessions().await {
            tracing::warn!(error = %Chain(&error), "sessions that are over are not ended yet");
        }
        drop(app);
        tokio::time::sleep(INTERVAL).await;
    }
}
