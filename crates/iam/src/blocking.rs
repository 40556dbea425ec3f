//! Long computations, off the reactor threads.

use crate::error::IamError;

/// Runs a long computation on a blocking thread, so that no other request waits for it.
pub(crate) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, IamError> + Send + 'static,
) -> Result<T, IamError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| IamError::BrokenOff)?
}
