//! The life of the server: serving, background work, reload, and shutdown.

pub(crate) mod background;
pub(crate) mod disk_watch;
pub(crate) mod key_schedule;
pub(crate) mod logging;
pub(crate) mod notify;
pub(crate) mod reload;
pub(crate) mod serve;
pub(crate) mod session_ends;
pub(crate) mod shutdown;
pub(crate) mod sweep;
