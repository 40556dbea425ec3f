//! The PROXY header of a connection, where a balancer before the listener sends one: it names the sender, and is read before TLS
//! and everything else, within the time that a sender has to say who it is.

use super::sender_slots::SenderSlot;
use super::shared::{SenderContext, TICK};
use crate::config::Listener;
use crate::net::proxy_protocol::{Header, HeaderError, Progress};
use base::limit;
use std::fmt::Display;
use std::io::{ErrorKind, Read};
use std::net::{IpAddr, TcpStream};
use std::time::Instant;

/// Why a connection ends.
#[derive(Debug)]
enum NoClient {
    /// It ended before its first byte, as checks of balancers do.
    Silent,
    /// It has no valid header.
    Wrong(HeaderError),
}

/// The address of the sender, for which the slot counts from now on; `None` where the connection is to end.
pub(super) fn client(
    shared: &SenderContext,
    listener: Listener,
    slot: &SenderSlot<'_>,
    stream: &TcpStream,
    peer: IpAddr,
) -> Option<IpAddr> {
    if !listener.is_behind_proxy {
        return Some(peer);
    }
    let refuse = |why: &dyn Display| {
        tracing::debug!(listener = listener.key, %peer, %why, "a connection of a sender begins without its PROXY header");
        shared.refuse(listener.key, shared.proxies.peer(peer), "proxy_header", 1);
    };
    if !shared.proxies.trusts(peer) {
        refuse(&"its peer is not in `trusted_proxies`");
        return None;
    }
    match read(shared, stream) {
        Ok(client) => {
            let client = client.unwrap_or(peer);
            let source = shared.proxies.peer(client).key();
            let on_limit = |limit| shared.app.metrics.limited(limit);
            slot.count_for(source, on_limit).then_some(client)
        }
        Err(NoClient::Silent) => None,
        Err(NoClient::Wrong(error)) => {
            refuse(&error);
            None
        }
    }
}

/// Reads the header and nothing after it.
fn read(shared: &SenderContext, mut stream: &TcpStream) -> Result<Option<IpAddr>, NoClient> {
    let failed = |error| NoClient::Wrong(HeaderError::Io(error));
    stream.set_read_timeout(Some(TICK)).map_err(failed)?;
    let until = Instant::now() + shared.limits.identify;
    let mut header = Header::default();
    let mut buffer = [0; 256];
    loop {
        let needed = header.bytes_needed().min(buffer.len());
        match stream.read(buffer.get_mut(..needed).unwrap_or_default()) {
            Ok(0) if header.is_empty() => return Err(NoClient::Silent),
            Ok(0) => return Err(failed(ErrorKind::UnexpectedEof.into())),
            Ok(read) => {
                let bytes = buffer.get(..read).unwrap_or_default();
                if let Progress::Whole(client) = header.take(bytes).map_err(NoClient::Wrong)? {
                    return Ok(client);
                }
            }
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) => {}
            Err(error) => return Err(failed(error)),
        }
        if Instant::now() >= until || shared.is_stopping() {
            shared.app.metrics.limited(&limit::HEAD_SECONDS);
            return Err(failed(ErrorKind::TimedOut.into()));
        }
    }
}
