//! Graphite's lines of one connection, or of the datagrams of a listener.

use super::counts::described;
use super::listener::ListenerContext;
use super::stamp::not_before;
use super::tally::Tally;
use crate::intake::Ticket;
use base::time::{Clock as _, Millis, SystemClock};
use wire::ingest::plaintext::{Decoder, Times};
use wire::ingest::{DefaultTimes, Lines};

/// Lines of one name that say no time are a millisecond apart, but none is further ahead of the clock.
const AHEAD_MILLIS: i64 = 1000;

/// The names that are kept for that.
const NAMES_BYTES: usize = 64 * 1024;

/// Reads lines and puts them where the journal takes them from.
#[derive(Debug)]
pub(super) struct LineReader<'a> {
    serving: ListenerContext<'a>,
    decoder: Decoder,
    last: Millis,
    ticket: Ticket,
    tally: Tally,
}

impl<'a> LineReader<'a> {
    pub(super) fn new(serving: ListenerContext<'a>) -> Self {
        let times = DefaultTimes::bounded(AHEAD_MILLIS, NAMES_BYTES);
        Self {
            serving,
            decoder: Decoder::new(Times::Epoch).with_times_given(times),
            last: Millis(0),
            ticket: Ticket::default(),
            tally: Tally::default(),
        }
    }

    fn now(&mut self) -> Millis {
        self.last = not_before(self.last, SystemClock.now());
        self.last
    }

    /// The next bytes of a connection. Waits while the disk takes nothing.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let now = self.now();
        self.decoder.feed(bytes, now);
        let lines = self.decoder.take();
        self.count(&lines);
        if lines.batch.is_empty() {
            return;
        }
        match self.serving.intake.put(&lines.batch) {
            Some(ticket) => self.ticket = ticket,
            None => self.refuse_all(&lines, "the agent was ending"),
        }
    }

    /// The connection has ended: a number whose end has not come may have been cut.
    pub(super) fn end(&mut self) {
        let why = "the connection ended before the line did".to_owned();
        self.decoder.abandon(why);
        let lines = self.decoder.take();
        self.count(&lines);
    }

    /// Waits until everything is on disk; `false` if it will never be.
    pub(super) fn settle(&self) -> bool {
        self.serving.intake.settle(self.ticket)
    }

    /// A datagram, whose last line needs no end. Nobody waits here: the next one would be lost meanwhile.
    pub(super) fn datagram(&mut self, bytes: &[u8]) {
        let now = self.now();
        self.decoder.feed(bytes, now);
        self.decoder.finish(now);
        let lines = self.decoder.take();
        self.count(&lines);
        if !lines.batch.is_empty() && !self.serving.intake.try_put(&lines.batch) {
            self.refuse_all(&lines, "the disk is behind");
        }
    }

    /// The closing message to the sender about refused lines.
    pub(super) fn refused(&self) -> Option<String> {
        self.tally.message("lines")
    }

    fn count(&mut self, lines: &Lines) {
        self.serving.listener.counts.receive(lines.received);
        self.tally.receive(lines.received);
        if let Some(first) = lines.rejects.first() {
            let count = lines.rejects.len() as u64;
            self.refuse(count, || described(first.name.as_deref(), &first.reason));
        }
    }

    fn refuse_all(&mut self, lines: &Lines, why: &str) {
        self.refuse(lines.batch.len() as u64, || why.to_owned());
    }

    fn refuse(&mut self, count: u64, why: impl Fn() -> String) {
        self.serving.listener.counts.refuse(count, &why);
        self.tally.refuse(count, why);
    }
}
