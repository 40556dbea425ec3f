//! Runs slow work on the store on a thread of its own, so that it does not delay writes.

use crate::failure;
use anyhow::Context;
use base::store::{SampleStore, StoreError};
use std::sync::Arc;

/// Runs work on a new thread, so that the blocking threads stay free for writes.
pub(crate) async fn on_own_thread<T: Send + 'static>(
    store: &Arc<dyn SampleStore>,
    work: impl FnOnce(&dyn SampleStore) -> Result<T, StoreError> + Send + 'static,
) -> anyhow::Result<T> {
    let (sender, done) = tokio::sync::oneshot::channel();
    let store = Arc::clone(store);
    std::thread::Builder::new()
        .name("store-work".to_owned())
        .spawn(move || {
            let _ = sender.send(work(&*store));
        })
        .context("cannot start a thread")?;
    let done = done.await.context("the work broke off")?;
    done.map_err(failure::of_store)
}
