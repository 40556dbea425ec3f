//! Work that takes its time.

use crate::error::IamError;

/// Runs what takes its time on a thread where nobody waits for it.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, IamError> + Send + 'static,
) -> Result<T, IamError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| IamError::BrokenOff)?
}
