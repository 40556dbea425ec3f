//! The origin of an action: the request that asked for it.
//!
//! It is set once around each request and is available to everything the request calls, so that new code cannot forget
//! to pass it. Work that outlives its request, on a task or thread of its own, receives it explicitly.

use crate::entropy;
use base::source::Source;
use std::net::IpAddr;
use std::sync::Arc;

tokio::task_local! {
    static CURRENT: Origin;
}

/// The origin of an action.
#[derive(Debug, Clone)]
pub struct Origin {
    source: Source,
    transaction: Arc<str>,
    /// Whether it came over the network, and not from this process or the operator.
    is_remote: bool,
    /// The number of the operating system's user who runs an operator command.
    operator: Option<u32>,
}

impl Origin {
    /// A request: its source, and the id that the answer carries as `Transaction-Id`.
    #[must_use]
    pub fn new(source: Source, transaction: &str) -> Self {
        Self {
            source,
            transaction: transaction.into(),
            is_remote: true,
            operator: None,
        }
    }

    /// This process: operator commands and the server's own actions.
    #[must_use]
    pub fn here() -> Self {
        Self {
            is_remote: false,
            ..Self::new(Source::here(), &entropy::guid().to_string())
        }
    }

    /// An operator command, run by this user of the operating system.
    #[must_use]
    pub fn operator(uid: Option<u32>) -> Self {
        Self {
            operator: uid,
            ..Self::here()
        }
    }

    /// The origin of the running code.
    #[must_use]
    pub fn current() -> Self {
        CURRENT
            .try_with(Self::clone)
            .unwrap_or_else(|_| Self::here())
    }

    /// The remote end of the running code's origin.
    pub(crate) fn current_source() -> Source {
        let source = CURRENT.try_with(|origin| origin.source);
        source.unwrap_or_else(|_| Source::here())
    }

    /// The address that the running code serves; none where it serves nobody over the network, or goes on behind a request.
    pub(crate) fn remote_address() -> Option<IpAddr> {
        let address = CURRENT.try_with(|origin| origin.is_remote.then(|| origin.source.address()));
        address.ok().flatten()
    }

    /// Runs work of this thread with this origin.
    pub fn sync_scope<T>(self, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self, work)
    }

    /// Runs a future with this origin.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// The user who runs the operator command.
    pub(crate) const fn uid(&self) -> Option<u32> {
        self.operator
    }

    /// The remote end.
    #[must_use]
    pub const fn source(&self) -> Source {
        self.source
    }

    /// The id of the request.
    #[must_use]
    pub fn transaction(&self) -> &str {
        &self.transaction
    }
}
