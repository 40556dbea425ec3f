//! Reads datagrams: Graphite's lines, statsd's, and packets of collectd. Senders get no answer; what is not stored is counted.

use super::by_identity::by_identity;
use super::decoding::{DefaultTimesByDomain, decode};
use super::formats::Formats;
use super::pending_lines::count;
use super::shared::{SenderContext, TICK};
use super::storing::{Outcome, Sender, store};
use super::{collectd, statsd};
use crate::config::{Format, Listener};
use base::time::Millis;
use iam::audit::Origin;
use iam::entropy;
use std::cell::RefCell;
use std::net::UdpSocket;
use std::time::Duration;

/// The largest datagram there can be.
const DATAGRAM_BYTES: usize = 64 * 1024;

/// Reads datagrams until the server ends.
pub(super) fn serve(
    shared: &SenderContext,
    formats: &Formats,
    listener: Listener,
    socket: &UdpSocket,
) {
    if let Err(error) = socket.set_read_timeout(Some(TICK)) {
        tracing::error!(listener = listener.key, %error, "a listener for senders cannot be read");
        return;
    }
    let mut buffer = vec![0; DATAGRAM_BYTES];
    let transaction = entropy::guid().to_string();
    let given = RefCell::new(DefaultTimesByDomain::default());
    // The last flush waits for what is being read.
    let sums = formats.statsd.as_ref();
    let _reads = sums
        .filter(|_| listener.format == Format::Statsd)
        .map(statsd::Sums::reads);
    while !shared.is_stopping() {
        if let Ok((bytes, peer)) = socket.recv_from(&mut buffer) {
            let sender = Sender {
                listener: listener.key,
                source: shared.proxies.peer(peer.ip()),
            };
            let packet = buffer.get(..bytes).unwrap_or_default();
            // The rules for addresses apply wherever its credential is checked.
            let origin = Origin::new(sender.source, &transaction);
            origin.sync_scope(|| match listener.format {
                Format::Statsd => {
                    if let Some(sums) = &formats.statsd {
                        statsd::datagram(shared, sums, sender, listener, packet);
                    }
                }
                Format::Collectd => {
                    if let Some(packets) = &formats.collectd {
                        collectd::datagram(shared, packets, sender, packet);
                    }
                }
                Format::Lines | Format::Pickle | Format::Lumberjack => {
                    let now = shared.app.clock.now();
                    datagram(shared, sender, listener, packet, (now, &given));
                }
            });
        }
    }
}

/// Graphite's lines. `given` is what lines without a time were given before.
fn datagram(
    shared: &SenderContext,
    sender: Sender,
    listener: Listener,
    lines: &[u8],
    (now, given): (Millis, &RefCell<DefaultTimesByDomain>),
) {
    // Nobody waits here: the next datagram would be lost meanwhile.
    by_identity(shared, sender, listener, lines, &|credential, lines| {
        let domain = match credential.scope(shared) {
            Ok(scope) => scope.domain(),
            Err(denied) => return Outcome::Denied(denied),
        };
        let decode = || {
            let mut given = given.borrow_mut();
            let times = given.of(domain);
            let (lines, after) = decode(lines, now, std::mem::take(times));
            *times = after;
            lines
        };
        store(
            shared,
            sender,
            credential,
            (Duration::ZERO, count(lines)),
            &decode,
        )
    });
}
