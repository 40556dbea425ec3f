//! One connection of a sender, from its first byte to its last.

use super::credential::{Denied, SenderCredential};
use super::formats::Formats;
use super::line_identity::LineIdentity;
use super::lines::LineReader;
use super::lumberjack::LumberjackReader;
use super::pickles::PickleReader;
use super::proxy_header;
use super::reader::{End, Reader};
use super::reports::NO_IDENTITY;
use super::sender_slots::SenderSlot;
use super::shared::{SenderContext, TICK};
use super::statsd::StatsdReader;
use super::storing::Sender;
use super::stream::{ReadOutcome, Stream};
use crate::config::{Format, Listener, Transport};
use crate::net::tls::Tls;
use base::scope::Domain;
use iam::audit::Origin;
use iam::entropy;
use rustls::ServerConfig;
use std::net::{IpAddr, TcpStream};
use std::sync::Arc;
use std::time::Instant;
use wire::first_line::FirstLine;

/// How much is read from a sender before it has authenticated: two reads, which is more than any login takes.
const UNKNOWN_BYTES_MAX: usize = 64 * 1024;

/// Serves the connection; its slot is given up at the end.
pub(super) fn serve(
    (shared, formats): (&SenderContext, &Formats),
    (listener, number): (Listener, u64),
    stream: Arc<TcpStream>,
    peer: IpAddr,
) {
    let slot = shared.slots.slot(number);
    let Some(peer) = proxy_header::client(shared, listener, &slot, &stream, peer) else {
        return;
    };
    let config = match listener.transport {
        Transport::Tcp { tls: true } => match &shared.tls {
            Some(tls) => match asking(shared, tls) {
                Ok(config) => Some(config),
                Err(error) => {
                    tracing::debug!(%error, "TLS for senders cannot be set up");
                    return;
                }
            },
            // The settings do not allow it.
            None => return,
        },
        _ => None,
    };
    let Ok(mut stream) = Stream::new(stream, config) else {
        return;
    };
    let sender = Sender {
        listener: listener.key,
        source: shared.proxies.peer(peer),
    };
    // The rules for addresses apply wherever its credential is checked.
    let origin = Origin::new(sender.source, &entropy::guid().to_string());
    origin.sync_scope(|| {
        serve_sender(
            (shared, formats),
            (listener, &slot),
            sender,
            peer,
            &mut stream,
        );
    });
}

fn serve_sender(
    (shared, formats): (&SenderContext, &Formats),
    (listener, slot): (Listener, &SenderSlot<'_>),
    sender: Sender,
    peer: IpAddr,
    stream: &mut Stream,
) {
    let credential = match by_certificate(shared, sender, stream) {
        Ok(credential) => credential,
        Err(end) => {
            send_reason(listener, &end, stream);
            return;
        }
    };
    let has_certificate = credential.is_some();
    let by_address = credential.or_else(|| shared.sources.key(peer).map(SenderCredential::Source));
    let end = match (listener.format, by_address) {
        (Format::Lines, credential) => {
            match LineIdentity::begin(shared, listener, sender, slot, credential) {
                Ok(identity) => {
                    let mut reader = LineReader::new(identity, listener.takes_credentials);
                    run(shared, (sender, slot), &mut reader, stream)
                }
                Err(end) => end,
            }
        }
        (Format::Pickle, Some(credential)) => {
            match PickleReader::new(shared, sender, slot, credential) {
                Ok(mut reader) => run(shared, (sender, slot), &mut reader, stream),
                Err(end) => end,
            }
        }
        (Format::Lumberjack, credential) => {
            let credential = credential.filter(|_| has_certificate);
            let mut reader = LumberjackReader::new(shared, sender, slot, credential);
            run(shared, (sender, slot), &mut reader, stream)
        }
        (Format::Statsd, credential) => match &formats.statsd {
            Some(sums) => match LineIdentity::begin(shared, listener, sender, slot, credential) {
                Ok(identity) => {
                    let mut reader = StatsdReader::new(identity, sums);
                    run(shared, (sender, slot), &mut reader, stream)
                }
                Err(end) => end,
            },
            None => End::Quiet,
        },
        // A pickle cannot be answered, and collectd speaks UDP alone.
        (Format::Pickle, None) | (Format::Collectd, _) => {
            shared.refuse(sender.listener, sender.source, NO_IDENTITY, 1);
            End::Quiet
        }
    };
    send_reason(listener, &end, stream);
}

/// Tells the sender why, where its protocol has words for that, and closes.
fn send_reason(listener: Listener, end: &End, stream: &mut Stream) {
    if let End::Refused(why) = end
        && matches!(listener.format, Format::Lines | Format::Statsd)
    {
        stream.say(&format!("ERR {why}"));
    }
    stream.close();
}

/// The server's TLS, with which a certificate is asked for where one can be of use.
fn asking(shared: &SenderContext, tls: &Tls) -> Result<Arc<ServerConfig>, rustls::Error> {
    let config = tls.current_without_protocols();
    match &shared.certificates {
        Some(certificates) => certificates.ask(&config).map(Arc::new),
        None => Ok(config),
    }
}

/// The identity of the sender's certificate, if it has presented one. A certificate without a key is refused: its owner expects
/// to be known by it.
fn by_certificate(
    shared: &SenderContext,
    sender: Sender,
    stream: &mut Stream,
) -> Result<Option<SenderCredential>, End> {
    let Some(certificates) = &shared.certificates else {
        return Ok(None);
    };
    let until = Instant::now() + shared.limits.identify;
    if let Err(error) = stream.complete_handshake(until, || shared.is_stopping()) {
        tracing::debug!(source = %sender.source, %error, "no TLS with a sender");
        shared.refuse(sender.listener, sender.source, "tls", 1);
        return Err(End::Quiet);
    }
    let Some(certificate) = stream.certificate() else {
        return Ok(None);
    };
    let refused = |why: String| {
        shared.refuse(sender.listener, sender.source, "certificate", 1);
        End::Refused(why)
    };
    let key = certificates.key(certificate).ok_or_else(|| {
        refused("the certificate has no key: it is not in `senders.certificates`".to_owned())
    })?;
    let credential = SenderCredential::Source(key);
    match credential.scope(shared) {
        Ok(_) | Err(Denied::ForNow(_)) => Ok(Some(credential)),
        Err(Denied::Gone(problem)) => Err(refused(format!(
            "the key of the certificate: {} {}",
            problem.code, problem.message
        ))),
    }
}

fn run(
    shared: &SenderContext,
    (sender, slot): (Sender, &SenderSlot<'_>),
    reader: &mut impl Reader,
    stream: &mut Stream,
) -> End {
    let begun = Instant::now();
    let mut last_read_at = begun;
    let mut unknown_bytes = 0_usize;
    let mut first_line = reader.is_line_protocol().then(FirstLine::default);
    let end = loop {
        let read = match reader.read_buffer() {
            // Nothing may come yet.
            [] => {
                std::thread::sleep(TICK);
                ReadOutcome::Nothing
            }
            buffer => stream.read(buffer),
        };
        let done = match read {
            ReadOutcome::Bytes(bytes) => {
                last_read_at = Instant::now();
                let received = reader.read_buffer().get(..bytes).unwrap_or_default();
                if let Some(Err(other)) = first_line.as_mut().map(|line| line.inspect(received)) {
                    // Nothing of it was stored, and nothing waits to be: no line has ended.
                    shared.refuse(sender.listener, sender.source, "protocol", 1);
                    return End::Refused(other.reason().to_owned());
                }
                let done = reader.on_bytes(bytes, stream);
                let spent = (bytes, reader.take_wasted_bytes());
                pause(shared, (sender, slot), reader.domain(), spent);
                if !reader.is_known() {
                    unknown_bytes = unknown_bytes.saturating_add(bytes);
                }
                // In no protocol does the sender need more bytes to authenticate; others only keep a reader busy.
                if done.is_ok() && !reader.is_known() && unknown_bytes > UNKNOWN_BYTES_MAX {
                    shared.refuse(sender.listener, sender.source, NO_IDENTITY, 1);
                    break End::Refused(format!(
                        "no credential came within the first {UNKNOWN_BYTES_MAX} bytes"
                    ));
                }
                done
            }
            ReadOutcome::Nothing => Ok(()),
            ReadOutcome::End => break End::Quiet,
        };
        if let Err(end) = done.and_then(|()| reader.tick(stream)) {
            break end;
        }
        if shared.is_stopping() {
            break End::Refused("the server is shutting down".to_owned());
        }
        if !reader.is_known() && begun.elapsed() > shared.limits.identify {
            shared.app.metrics.limited(&base::limit::HEAD_SECONDS);
            break End::Refused("no credential came within `head_seconds`".to_owned());
        }
        let (idle, limit) = reader.idle(shared);
        if last_read_at.elapsed() > idle {
            shared.app.metrics.limited(limit);
            break End::Refused(format!("nothing came within `{}`", limit.name));
        }
    };
    reader.end();
    match (reader.take_unreported(), end) {
        (0, end) => end,
        (lines, End::Refused(why)) => End::Refused(format!("{why}; {lines} lines were not stored")),
        (lines, End::Quiet) => End::Refused(format!(
            "{lines} lines were not stored: the credential has expired, and no new one came"
        )),
    }
}

/// Waits until more may be read of this source and for this domain. `spent` is what has come, and what was done for nothing.
fn pause(
    shared: &SenderContext,
    (sender, slot): (Sender, &SenderSlot<'_>),
    domain: Option<Domain>,
    spent: (usize, usize),
) {
    let now = shared.app.clock.now();
    let wait = shared
        .read_rate
        .sent(sender.source.key(), domain, spent, now);
    if wait.is_zero() {
        return;
    }
    shared
        .app
        .metrics
        .limited(&base::limit::SENDER_BYTES_PER_SECOND);
    let until = Instant::now() + wait;
    while Instant::now() < until && !shared.is_stopping() && slot.is_held() {
        std::thread::sleep(TICK.min(until.saturating_duration_since(Instant::now())));
    }
}
