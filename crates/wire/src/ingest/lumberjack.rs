//! The protocol of port 9095, "multi-tenant lumberjack": frames of two letters and big-endian numbers, in which collectd's
//! plugins and the crawlers of the time send Graphite's lines for a space.
//!
//! | from | frame | what it is |
//! |---|---|---|
//! | client | `1I` | a label of the client |
//! | client | `2T`, `2S` | a space (or who sends for several) and its password |
//! | client | `1W` | how many messages follow |
//! | client | `1M` | a message: its number, and a line of Graphite's |
//! | client | `1D` | a record of a log, which is passed over and counted |
//! | server | `1A`, `0A` | accepted (0 after a login), or everything up to a number is stored; refused |
//!
//! [`Conversation`] reads what clients send, frame by frame out of a buffer of the caller's, which never needs more than
//! [`FRAME_BYTES_MAX`]: a longer message is an error before it has arrived, and what is passed over is never kept. It holds the
//! rules of the protocol: a login before everything that it lets in, messages in windows, numbers that grow by one.
//!
//! `Event::ends_window` says when to acknowledge; it is for the caller to have stored everything by then.

mod conversation;
mod frame;
mod reply;
#[cfg(test)]
mod tests;

pub use conversation::{Conversation, Event, Kind, Step, Violation};
pub use frame::{FRAME_BYTES_MAX, Malformed, PAIRS_MAX, PAYLOAD_BYTES_MAX, RECORD_FIELD_BYTES_MAX};
pub use reply::{Reply, ReplyError};
