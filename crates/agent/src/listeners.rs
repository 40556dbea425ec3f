//! Listeners for senders that know no credential: Graphite's lines and statsd's, by TCP and UDP. What comes in by them is sent
//! under the agent's own identity, so whoever reaches a listener can send as the agent does. Which addresses that may be, the
//! program decides.
//!
//! A thread for each listener and connection, and plain buffers. Lines go to the [`Intake`], and from there to the journal;
//! statsd's values are summed up until the next flush. Whatever is refused is counted, and reported at most once a minute.
//!
//! A sender of lines that closes its side, and then sees the connection end without an error line, knows that its lines are on
//! disk. Error lines say what was refused. If the agent is killed, the sender sees a reset instead.

mod accept;
mod connection;
mod counts;
mod datagrams;
mod first_line;
mod lines;
mod listener;
mod sockets;
mod stamp;
mod statsd;
mod sums;
mod tally;

pub use counts::{ListenerTotals, Refusals};
pub use listener::ListenerKind;

use crate::intake::Intake;
use crate::notifier::Notifier;
use counts::Counts;
use listener::{Listener, ListenerContext};
use sockets::Sockets;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::AtomicUsize;
use std::thread::{Builder, Scope};
use std::time::{Duration, Instant};
use sums::Sums;
use wire::ingest::statsd::{Settings, SettingsError};

/// How often it is checked whether a report is due.
const REPORT_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Which listeners there are to be.
#[derive(Debug, Clone, Default)]
pub struct ListenerSettings {
    /// Where Graphite's lines are taken, by TCP and by UDP.
    pub graphite: Option<SocketAddr>,
    /// Where statsd's are, by both, too.
    pub statsd: Option<SocketAddr>,
    /// How statsd's values are summed up.
    pub sums: Settings,
}

/// Why listeners cannot be opened.
#[derive(Debug)]
pub enum ListenerError {
    /// The address cannot be taken.
    Address {
        /// Which.
        address: SocketAddr,
        /// The system's message.
        source: io::Error,
    },
    /// statsd's values cannot be summed up so.
    Sums(SettingsError),
    /// There is no thread for a listener.
    Thread(io::Error),
}

/// Listeners whose addresses are taken.
#[derive(Debug)]
pub struct Listeners {
    listeners: Vec<Listener>,
    sums: Sums,
}

impl Listeners {
    /// Takes the addresses; nobody is let in yet.
    ///
    /// # Errors
    /// An address cannot be taken, or the sums of statsd are none.
    pub fn bind(wanted: &ListenerSettings) -> Result<Self, ListenerError> {
        let sums = Sums::new(wanted.sums.clone()).map_err(ListenerError::Sums)?;
        let graphite = wanted
            .graphite
            .map(|address| (ListenerKind::Graphite, address));
        let statsd = wanted.statsd.map(|address| (ListenerKind::Statsd, address));
        let listeners = graphite.into_iter().chain(statsd);
        let listeners = listeners.map(|(kind, address)| {
            let sockets = Sockets::bind(address)
                .map_err(|source| ListenerError::Address { address, source })?;
            Ok(Listener {
                kind,
                sockets,
                counts: Counts::default(),
                connections: AtomicUsize::new(0),
            })
        });
        Ok(Self {
            listeners: listeners.collect::<Result<_, _>>()?,
            sums,
        })
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.listeners.is_empty()
    }

    /// The listeners and their addresses.
    pub fn addresses(&self) -> impl Iterator<Item = (ListenerKind, SocketAddr)> {
        self.listeners
            .iter()
            .map(|listener| (listener.kind, listener.sockets.address))
    }

    /// The counts of each listener.
    pub fn counted(&self) -> impl Iterator<Item = (ListenerKind, ListenerTotals)> {
        self.listeners
            .iter()
            .map(|listener| (listener.kind, listener.counts.counted()))
    }

    /// Lets senders in until the notifier stops it; what has come by then is still taken, and statsd's sums are flushed. `on_refused`
    /// reports what was refused.
    ///
    /// # Errors
    /// There is no thread for a listener.
    pub fn serve(
        &self,
        intake: &Intake,
        notifier: &Notifier,
        mut on_refused: impl FnMut(ListenerKind, Refusals),
    ) -> Result<(), ListenerError> {
        let outcome = std::thread::scope(|threads| {
            let mut listeners = self.listeners.iter();
            let spawned = listeners.try_for_each(|listener| {
                let serving = ListenerContext {
                    listener,
                    sums: &self.sums,
                    intake,
                    notifier,
                };
                accept::spawn(threads, serving)
            });
            let spawned = spawned.and_then(|()| self.spawn_flushes(threads, intake, notifier));
            if let Err(error) = spawned {
                notifier.stop();
                intake.stop_waiting_for_disk();
                return Err(ListenerError::Thread(error));
            }
            while !notifier.sleep(REPORT_CHECK_INTERVAL) {
                self.report(false, &mut on_refused);
            }
            intake.stop_waiting_for_disk();
            Ok(())
        });
        // Every reader has ended.
        self.flush(intake);
        self.report(true, &mut on_refused);
        outcome
    }

    /// Flushes statsd's sums in a thread of its own: a flush may wait for the disk, and what ends that wait comes from another.
    fn spawn_flushes<'scope>(
        &'scope self,
        threads: &'scope Scope<'scope, '_>,
        intake: &'scope Intake,
        notifier: &'scope Notifier,
    ) -> io::Result<()> {
        if self
            .listeners
            .iter()
            .any(|listener| listener.kind == ListenerKind::Statsd)
        {
            Builder::new()
                .name("flushes".to_owned())
                .spawn_scoped(threads, move || self.flush_until_stopped(intake, notifier))?;
        }
        Ok(())
    }

    fn flush_until_stopped(&self, intake: &Intake, notifier: &Notifier) {
        let interval = self.sums.interval();
        let mut due = Instant::now() + interval;
        let left = |due: Instant| due.saturating_duration_since(Instant::now());
        while !notifier.sleep(left(due)) {
            self.flush(intake);
            // Where it took longer than an interval, those between are left out.
            while left(due).is_zero() {
                due += interval;
            }
        }
    }

    fn flush(&self, intake: &Intake) {
        if let Some(listener) = self
            .listeners
            .iter()
            .find(|listener| listener.kind == ListenerKind::Statsd)
        {
            self.sums.flush(intake, &listener.counts);
        }
    }

    fn report(&self, is_last: bool, report: &mut impl FnMut(ListenerKind, Refusals)) {
        for listener in &self.listeners {
            if let Some(refused) = listener.counts.due_report(Instant::now(), is_last) {
                report(listener.kind, refused);
            }
        }
    }
}

#[cfg(test)]
mod tests;
