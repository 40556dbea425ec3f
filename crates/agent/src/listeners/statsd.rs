//! statsd's lines of one connection, or of the datagrams of a listener.

use super::counts::described;
use super::listener::ListenerContext;
use super::tally::Tally;
use wire::ingest::statsd::{DecodeSummary, Decoder, packet};

/// Names are cleaned as etsy's statsd cleans them.
const SANITIZE: bool = true;

/// Reads the values of one connection, or of the datagrams of a listener.
#[derive(Debug)]
pub(super) struct StatsdReader<'a> {
    serving: ListenerContext<'a>,
    decoder: Decoder,
    tally: Tally,
}

impl<'a> StatsdReader<'a> {
    pub(super) fn new(serving: ListenerContext<'a>) -> Self {
        Self {
            serving,
            decoder: Decoder::new(SANITIZE),
            tally: Tally::default(),
        }
    }

    /// The next bytes of a connection.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let mut sums = self.serving.sums.lock();
        let reading = self
            .decoder
            .feed(bytes, |metric| sums.aggregator.add(metric));
        drop(sums);
        self.count(&reading);
    }

    /// The connection has ended: a number whose end has not come may have been cut.
    pub(super) fn end(&mut self) {
        let why = "the connection ended before the line did".to_owned();
        let reading = self.decoder.abandon(why);
        self.count(&reading);
    }

    /// A datagram, whose last line needs no end.
    pub(super) fn datagram(&mut self, bytes: &[u8]) {
        let mut sums = self.serving.sums.lock();
        let reading = packet(bytes, SANITIZE, |metric| sums.aggregator.add(metric));
        drop(sums);
        self.count(&reading);
    }

    /// The closing message to the sender about refused lines.
    pub(super) fn refused(&self) -> Option<String> {
        self.tally.message("values")
    }

    fn count(&mut self, reading: &DecodeSummary) {
        let counts = &self.serving.listener.counts;
        counts.receive(reading.received);
        self.tally.receive(reading.received);
        if let Some(first) = reading.rejects.first() {
            let why = || described(first.name.as_deref(), &first.reason);
            counts.refuse(reading.rejected(), why);
            self.tally.refuse(reading.rejected(), why);
        }
    }
}
