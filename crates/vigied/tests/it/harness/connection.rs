//! The connections that a test's requests go over: one for each, or one for all of a test that makes tens of thousands.

use std::cell::RefCell;
use std::time::Duration;

thread_local! {
    static KEPT: RefCell<Option<ureq::Agent>> = const { RefCell::new(None) };
}

/// While it is there, the requests of the thread that made it go over one connection.
#[derive(Debug)]
#[must_use]
pub(crate) struct KeptConnection;

impl KeptConnection {
    pub(crate) fn of_this_thread() -> Self {
        KEPT.set(Some(client(super::PATIENCE)));
        Self
    }
}

impl Drop for KeptConnection {
    fn drop(&mut self) {
        KEPT.set(None);
    }
}

/// What sends a request that waits so long for its answer.
pub(super) fn agent(patience: Duration) -> ureq::Agent {
    let kept = KEPT.with_borrow(Clone::clone);
    kept.filter(|_| patience == super::PATIENCE)
        .unwrap_or_else(|| client(patience))
}

fn client(patience: Duration) -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .timeout_global(Some(patience))
        .build()
        .into()
}
