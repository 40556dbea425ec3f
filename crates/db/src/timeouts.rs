//! How long a database is waited for.

use std::time::Duration;

/// How long a statement waits for the lock of another.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(20);
