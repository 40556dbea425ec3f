//! The agent: reads this host's figures at every interval, keeps them in a journal, and sends them to a server.
//!
//! It runs two threads. The collector takes readings ([`Schedule`]) and appends them to the journal; it never waits for a
//! network. The sender ([`Sender`]) sends the oldest records and discards them only when a receipt accounts for them.
//! So an unreachable server, an expired token and a restart cost nothing but time.
//!
//! Beside the host's figures it takes what others have: files in Prometheus' text ([`Textfiles`]), and what old senders send to
//! its [`Listeners`], which goes through the [`Intake`] into the same journal. What a full disk does not take goes to the sender
//! past it ([`Bypass`]).
//!
//! The program decides about destination, credential and messages: it implements [`Destination`].

mod bypass;
mod host;
mod intake;
mod listeners;
mod notifier;
mod proc;
mod reading;
mod schedule;
mod sender;
mod textfile;

pub use bypass::Bypass;
pub use host::Host;
pub use intake::{Intake, Ticket};
pub use journal::{Journal, JournalError, LostRecords, WhenFull};
pub use listeners::{
    ListenerError, ListenerKind, ListenerSettings, ListenerTotals, Listeners, Refusals,
};
pub use notifier::{Notifier, StopWhenDropped};
pub use reading::{NamePrefix, Reading, batch};
pub use schedule::Schedule;
pub use sender::{Destination, Report, SendError, Sender, Verdict};
pub use textfile::{TextfileReading, Textfiles};
