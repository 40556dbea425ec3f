//! The agent: looks at this host at every interval, keeps what it saw on disk, and sends it when a server takes it.
//!
//! Two threads. The collector looks and appends to the spool; it never waits for a network. The sender takes the
//! oldest records and gives them up only when a receipt accounts for them. So a server that is away, a token that has
//! expired and a restart in between cost nothing but time.

mod bell;
mod host;
mod proc;
mod reading;
mod sender;
mod spool;

pub(crate) use bell::{Bell, ring_on_signals};
pub(crate) use host::Host;
pub(crate) use reading::{Naming, Reading, batch};
pub(crate) use sender::{Report, Sender, receipt};
pub(crate) use spool::{Lost, Spool, SpoolError};
