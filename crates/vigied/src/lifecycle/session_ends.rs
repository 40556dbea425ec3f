//! Ends sessions that the settings of their accounts have ended, so that their access tokens do not outlive them.

use crate::app::App;
use base::error_chain::Chain;
use iam::manage::overdue_sessions::SessionWatch;
use std::sync::Weak;
use std::time::Duration;

/// Time between looks at what is due, in memory alone: whoever set the time of a session expects its end within a second.
const INTERVAL: Duration = Duration::from_millis(500);

/// Time until the next look when the database has not answered.
const RETRY: Duration = Duration::from_secs(15);

/// Checks until the server stops.
pub(crate) async fn watch(app: Weak<App>) {
    let mut watch = SessionWatch::default();
    loop {
        let Some(app) = app.upgrade() else { return };
        let ended = app.iam.end_overdue_sessions(&mut watch).await;
        drop(app);
        let wait = match ended {
            Ok(()) => INTERVAL,
            Err(error) => {
                tracing::warn!(error = %Chain(&error), "cannot end expired sessions yet");
                RETRY
            }
        };
        tokio::time::sleep(wait).await;
    }
}
