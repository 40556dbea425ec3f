//! statsd's lines of one connection, or of the datagrams of a door.

use super::counts::described;
use super::door::DoorContext;
use wire::ingest::statsd::{DecodeSummary, Decoder, packet};

/// Names are cleaned as etsy's statsd cleans them.
const SANITIZE: bool = true;

/// Reads the values of one connection, or of the datagrams of a door.
#[derive(Debug)]
pub(super) struct StatsdReader<'a> {
    serving: DoorContext<'a>,
    decoder: Decoder,
}

impl<'a> StatsdReader<'a> {
    pub(super) const fn new(serving: DoorContext<'a>) -> Self {
        Self {
            serving,
            decoder: Decoder::new(SANITIZE),
        }
    }

    /// The next bytes of a connection.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let mut own = self.serving.sums.own();
        let reading = self
            .decoder
            .feed(bytes, |metric| own.aggregator.add(metric));
        drop(own);
        self.count(&reading);
    }

    /// The connection has ended: a number whose end has not come may have been cut.
    pub(super) fn end(&mut self) {
        let why = "the connection ended before the line did".to_owned();
        let reading = self.decoder.abandon(why);
        self.count(&reading);
    }

    /// A datagram, whose last line needs no end.
    pub(super) fn datagram(&self, bytes: &[u8]) {
        let mut own = self.serving.sums.own();
        let reading = packet(bytes, SANITIZE, |metric| own.aggregator.add(metric));
        drop(own);
        self.count(&reading);
    }

    fn count(&self, reading: &DecodeSummary) {
        let counts = &self.serving.door.counts;
        counts.receive(reading.received);
        if let Some(first) = reading.rejects.first() {
            counts.refuse(reading.rejected(), || {
                described(first.name.as_deref(), &first.reason)
            });
        }
    }
}
