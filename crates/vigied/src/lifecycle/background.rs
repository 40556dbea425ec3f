//! The background tasks of a running server, each supervised.

use super::{disk_watch, key_schedule, session_ends, sweep};
use crate::app::App;
use crate::app::supervised::supervised;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Starts all of it; dropping the set ends it.
pub(crate) fn start(app: &Arc<App>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let metrics = || Arc::clone(&app.metrics);
    // None of them keeps the services from being closed.
    let weak = Arc::downgrade(app);
    let begin = move || disk_watch::watch(weak.clone());
    tasks.spawn(supervised("disk_watch", metrics(), begin));
    let weak = Arc::downgrade(app);
    let begin = move || sweep::watch(weak.clone());
    tasks.spawn(supervised("sweep", metrics(), begin));
    let weak = Arc::downgrade(app);
    let begin = move || key_schedule::watch(weak.clone());
    tasks.spawn(supervised("key_schedule", metrics(), begin));
    let weak = Arc::downgrade(app);
    let begin = move || session_ends::watch(weak.clone());
    tasks.spawn(supervised("session_ends", metrics(), begin));
    let weak = Arc::downgrade(app);
    let begin = move || {
        let watching = weak.upgrade().map(|app| app.queries.watch_access());
        async move {
            if let Some(watching) = watching {
                watching.await;
            }
        }
    };
    tasks.spawn(supervised("admissions", metrics(), begin));
    tasks
}
