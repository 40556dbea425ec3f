//! Work on the store that nobody who writes must wait for.

use crate::failure;
use anyhow::Context;
use base::store::{SampleStore, StoreError};
use std::sync::Arc;

/// Runs work on a thread of its own: those that writes need are theirs.
pub(crate) async fn aside<T: Send + 'static>(
    store: &Arc<dyn SampleStore>,
    work: impl FnOnce(&dyn SampleStore) -> Result<T, StoreError> + Send + 'static,
) -> anyhow::Result<T> {
    let (sender, done) = tokio::sync::oneshot::channel();
    let store = Arc::clone(store);
    std::thread::Builder::new()
        .name("store-aside".to_owned())
        .spawn(move || {
            let _ = sender.send(work(&*store));
        })
        .context("cannot start a thread")?;
    let done = done.await.context("the work broke off")?;
    done.map_err(failure::of_store)
}
