//! The agent: looks at this host at every interval, keeps what it saw in a journal, and sends it when a server takes it.
//!
//! Made for two threads. The collector looks ([`Looks`]) and appends to the journal; it never waits for a network. The
//! sender ([`Sender`]) takes the oldest records and gives them up only when a receipt accounts for them. So a server that
//! is away, a token that has expired and a restart in between cost nothing but time.
//!
//! What is sent where, with which credential, and what is told to whom is up to the program: it gives a [`Destination`].

mod bell;
mod host;
mod looks;
mod proc;
mod reading;
mod sender;

pub use bell::Bell;
pub use host::Host;
pub use journal::{Journal, JournalError, Lost, WhenFull};
pub use looks::Looks;
pub use reading::{Naming, Reading, batch};
pub use sender::{Destination, Report, SendError, Sender, Verdict};
