//! Graphite's lines by UDP. The sender is known by its address alone, and hears nothing; what is not stored is counted.

use super::held;
use super::lines::decode;
use super::reports::NO_IDENTITY;
use super::shared::{Shared, TICK};
use super::shown::Shown;
use super::storing::{Outcome, Sender, store};
use crate::config::Door;
use base::limit;
use base::source::Source;
use std::net::UdpSocket;
use std::time::Duration;

/// The largest datagram there can be.
const DATAGRAM_BYTES: usize = 64 * 1024;

/// Reads datagrams until the server ends.
pub(super) fn serve(shared: &Shared, door: Door, socket: &UdpSocket) {
    if let Err(error) = socket.set_read_timeout(Some(TICK)) {
        tracing::error!(door = door.key, %error, "a door for senders cannot be read");
        return;
    }
    let mut buffer = vec![0; DATAGRAM_BYTES];
    while !shared.is_stopping() {
        if let Ok((bytes, peer)) = socket.recv_from(&mut buffer) {
            let sender = Sender {
                door: door.key,
                source: Source::client(peer.ip()),
            };
            datagram(shared, sender, buffer.get(..bytes).unwrap_or_default());
        }
    }
}

fn datagram(shared: &Shared, sender: Sender, lines: &[u8]) {
    let count = held::count(lines);
    let refuse = |reason| shared.refuse(sender.door, sender.source, reason, count);
    let Some(key) = shared.sources.key(sender.source.address()) else {
        refuse(NO_IDENTITY);
        return;
    };
    let shown = Shown::Source(key);
    let now = shared.app.clock.now();
    let domain = match shown.scope(shared) {
        Ok(scope) => scope.domain(),
        Err(_) => {
            refuse("credential");
            return;
        }
    };
    let wait = sender
        .source
        .key()
        .map(|source| shared.pace.sent(source, Some(domain), lines.len(), now));
    if wait.is_some_and(|wait| !wait.is_zero()) {
        shared.app.metrics.limited(&limit::SENDER_BYTES_PER_SECOND);
        refuse("too_fast");
        return;
    }
    let decode = || decode(lines, now);
    // Nobody waits here: the next datagram would be lost meanwhile.
    match store(shared, sender, &shown, (Duration::ZERO, count), &decode) {
        Outcome::Done => {}
        Outcome::Denied(_) => refuse("credential"),
    }
}
