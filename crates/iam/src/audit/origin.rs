//! Where something came from: the request in which it was asked.
//!
//! Set once around each request, and known to whatever the request does: nothing that is added to the service can forget to
//! pass it on. What goes on after its request, on a task or thread of its own, is given it.

use crate::entropy;
use base::source::Source;
use std::sync::Arc;

tokio::task_local! {
    static CURRENT: Origin;
}

/// Where something came from.
#[derive(Debug, Clone)]
pub struct Origin {
    source: Source,
    transaction: Arc<str>,
    /// The number of the operating system's user who runs a command of the operator's.
    operator: Option<u32>,
}

impl Origin {
    /// A request: its source, and the id that its answer bears as `Transaction-Id`.
    #[must_use]
    pub fn new(source: Source, transaction: &str) -> Self {
        Self {
            source,
            transaction: transaction.into(),
            operator: None,
        }
    }

    /// This process itself: the operator's commands, and what the server does of its own accord.
    #[must_use]
    pub fn here() -> Self {
        Self::new(Source::here(), &entropy::guid().to_string())
    }

    /// A command of the operator's, run by this user of the operating system.
    #[must_use]
    pub fn operator(uid: Option<u32>) -> Self {
        Self {
            operator: uid,
            ..Self::here()
        }
    }

    /// The origin of what runs now.
    #[must_use]
    pub fn current() -> Self {
        CURRENT
            .try_with(Self::clone)
            .unwrap_or_else(|_| Self::here())
    }

    /// Runs something as asked from here.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// Who runs the operator's command.
    pub(crate) const fn uid(&self) -> Option<u32> {
        self.operator
    }

    /// The other end.
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
