//! A listener: what comes in by it, its sockets and counts, and what bounds each of its connections.

use super::counts::Counts;
use super::sockets::Sockets;
use super::sums::Sums;
use crate::intake::Intake;
use crate::notifier::Notifier;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

/// The most connections to a listener at once.
pub(super) const CONNECTIONS_MAX: usize = 64;

/// A connection on which nothing came for longer is closed.
pub(super) const IDLE: Duration = Duration::from_secs(15 * 60);

/// How soon a thread that waits for bytes sees that it is to end.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// For so long what has already come is still read at the end.
pub(super) const LAST: Duration = Duration::from_secs(1);

/// The protocol of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListenerKind {
    /// Graphite's lines.
    Graphite,
    /// statsd's lines.
    Statsd,
}

impl ListenerKind {
    /// The word for it in names and messages.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Graphite => "graphite",
            Self::Statsd => "statsd",
        }
    }
}

/// A listener whose address is taken.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) kind: ListenerKind,
    pub(super) sockets: Sockets,
    pub(super) counts: Counts,
    pub(super) connections: AtomicUsize,
}

/// The data that a listener's thread needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct ListenerContext<'a> {
    pub(super) listener: &'a Listener,
    pub(super) sums: &'a Sums,
    pub(super) intake: &'a Intake,
    pub(super) notifier: &'a Notifier,
}
