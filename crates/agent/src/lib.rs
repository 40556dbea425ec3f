//! The agent: reads this host's figures at every interval, keeps them in a journal, and sends them to a server.
//!
//! It runs two threads. The collector takes readings ([`Looks`]) and appends them to the journal; it never waits for a
//! network. The sender ([`Sender`]) sends the oldest records and discards them only when a receipt accounts for them.
//! So an unreachable server, an expired token and a restart cost nothing but time.
//!
//! The program decides about destination, credential and messages: it implements [`Destination`].

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
