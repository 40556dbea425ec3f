//! From the start of the server to its end: serving, what runs in the background meanwhile, and the shutdown.

pub(crate) mod disk_watch;
pub(crate) mod logging;
pub(crate) mod notify;
pub(crate) mod reload;
pub(crate) mod serve;
pub(crate) mod shutdown;
pub(crate) mod sweep;
