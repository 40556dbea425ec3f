//! One connection of a sender, from its first byte to its last.

use super::credential::{Denied, SenderCredential};
use super::formats::Formats;
use super::lines::LineReader;
use super::lumberjack::LumberjackReader;
use super::pickles::PickleReader;
use super::places::Place;
use super::proxy_header;
use super::reader::{End, Reader};
use super::reports::NO_IDENTITY;
use super::shared::{SenderContext, TICK};
use super::speaker::Speaker;
use super::statsd::StatsdReader;
use super::storing::Sender;
use super::stream::{Read1, Stream};
use crate::config::{Format, Listener, Transport};
use crate::net::tls::Tls;
use base::scope::Domain;
use rustls::ServerConfig;
use std::net::{IpAddr, TcpStream};
use std::sync::Arc;
use std::time::Instant;
use wire::first_line::FirstLine;

/// How much is read of one who has not said who it is: two reads, which is more than any login has.
const UNKNOWN_BYTES_MAX: usize = 64 * 1024;

/// Serves the connection; its place is given up at the end.
pub(super) fn serve(
    (shared, formats): (&SenderContext, &Formats),
    (door, number): (Listener, u64),
    stream: Arc<TcpStream>,
    peer: IpAddr,
) {
    let place = shared.places.place(number);
    let Some(peer) = proxy_header::client(shared, door, &place, &stream, peer) else {
        return;
    };
    let config = match door.transport {
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
        door: door.key,
        source: shared.proxies.peer(peer),
    };
    let shown = match by_certificate(shared, sender, &mut stream) {
        Ok(shown) => shown,
        Err(end) => {
            farewell(door, &end, &mut stream);
            return;
        }
    };
    let has_certificate = shown.is_some();
    let by_address = shown.or_else(|| shared.sources.key(peer).map(SenderCredential::Source));
    let end = match (door.format, by_address) {
        (Format::Lines, shown) => match Speaker::begin(shared, door, sender, &place, shown) {
            Ok(speaker) => {
                let mut reader = LineReader::new(speaker, door.takes_credentials);
                run(shared, (sender, &place), &mut reader, &mut stream)
            }
            Err(end) => end,
        },
        (Format::Pickle, Some(shown)) => match PickleReader::new(shared, sender, &place, shown) {
            Ok(mut reader) => run(shared, (sender, &place), &mut reader, &mut stream),
            Err(end) => end,
        },
        (Format::Lumberjack, shown) => {
            let shown = shown.filter(|_| has_certificate);
            let mut reader = LumberjackReader::new(shared, sender, &place, shown);
            run(shared, (sender, &place), &mut reader, &mut stream)
        }
        (Format::Statsd, shown) => match &formats.statsd {
            Some(sums) => match Speaker::begin(shared, door, sender, &place, shown) {
                Ok(speaker) => {
                    let mut reader = StatsdReader::new(speaker, sums);
                    run(shared, (sender, &place), &mut reader, &mut stream)
                }
                Err(end) => end,
            },
            None => End::Quiet,
        },
        // A pickle cannot be answered, and collectd speaks UDP alone.
        (Format::Pickle, None) | (Format::Collectd, _) => {
            shared.refuse(sender.door, sender.source, NO_IDENTITY, 1);
            End::Quiet
        }
    };
    farewell(door, &end, &mut stream);
}

/// Tells the sender why, where its protocol has words for that, and closes.
fn farewell(door: Listener, end: &End, stream: &mut Stream) {
    if let End::Refused(why) = end
        && matches!(door.format, Format::Lines | Format::Statsd)
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

/// What the sender's certificate stands for, if it has shown one. One that stands for nothing is refused: its owner believes
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
    if let Err(error) = stream.shake_hands(until, || shared.is_stopping()) {
        tracing::debug!(source = %sender.source, %error, "no TLS with a sender");
        shared.refuse(sender.door, sender.source, "tls", 1);
        return Err(End::Quiet);
    }
    let Some(certificate) = stream.certificate() else {
        return Ok(None);
    };
    let refused = |why: String| {
        shared.refuse(sender.door, sender.source, "certificate", 1);
        End::Refused(why)
    };
    let key = certificates.key(certificate).ok_or_else(|| {
        refused("the certificate stands for no key: it is not in `senders.certificates`".to_owned())
    })?;
    let shown = SenderCredential::Source(key);
    match shown.scope(shared) {
        Ok(_) | Err(Denied::ForNow(_)) => Ok(Some(shown)),
        Err(Denied::Gone(problem)) => Err(refused(format!(
            "the key of the certificate: {} {}",
            problem.code, problem.message
        ))),
    }
}

fn run(
    shared: &SenderContext,
    (sender, place): (Sender, &Place<'_>),
    reader: &mut impl Reader,
    stream: &mut Stream,
) -> End {
    let begun = Instant::now();
    let mut heard = begun;
    let mut unknown_bytes = 0_usize;
    let mut first_line = reader.brings_lines().then(FirstLine::default);
    let end = loop {
        let read = match reader.room() {
            // Nothing may come yet.
            [] => {
                std::thread::sleep(TICK);
                Read1::Nothing
            }
            room => stream.read(room),
        };
        let done = match read {
            Read1::Bytes(bytes) => {
                heard = Instant::now();
                let came = reader.room().get(..bytes).unwrap_or_default();
                if let Some(Err(other)) = first_line.as_mut().map(|line| line.look(came)) {
                    // Nothing of it was stored, and nothing waits to be: no line has ended.
                    shared.refuse(sender.door, sender.source, "protocol", 1);
                    return End::Refused(other.reason().to_owned());
                }
                let done = reader.came(bytes, stream);
                let spent = (bytes, reader.wasted());
                pause(shared, (sender, place), reader.domain(), spent);
                if !reader.is_known() {
                    unknown_bytes = unknown_bytes.saturating_add(bytes);
                }
                // What says who sends has no more, whatever the protocol; bytes that say nothing keep a reader busy.
                if done.is_ok() && !reader.is_known() && unknown_bytes > UNKNOWN_BYTES_MAX {
                    shared.refuse(sender.door, sender.source, NO_IDENTITY, 1);
                    break End::Refused(format!(
                        "nobody said who they are within the first {UNKNOWN_BYTES_MAX} bytes"
                    ));
                }
                done
            }
            Read1::Nothing => Ok(()),
            Read1::End => break End::Quiet,
        };
        if let Err(end) = done.and_then(|()| reader.tick(stream)) {
            break end;
        }
        if shared.is_stopping() {
            break End::Refused("the server is shutting down".to_owned());
        }
        if !reader.is_known() && begun.elapsed() > shared.limits.identify {
            shared.app.metrics.limited(&base::limit::HEAD_SECONDS);
            break End::Refused("nobody said who they are within `head_seconds`".to_owned());
        }
        let (idle, limit) = reader.idle(shared);
        if heard.elapsed() > idle {
            shared.app.metrics.limited(limit);
            break End::Refused(format!("nothing came within `{}`", limit.name));
        }
    };
    reader.end();
    end
}

/// Waits until more may be read of this source and for this domain. `spent` is what has come, and what was done for nothing.
fn pause(
    shared: &SenderContext,
    (sender, place): (Sender, &Place<'_>),
    domain: Option<Domain>,
    spent: (usize, usize),
) {
    let now = shared.app.clock.now();
    let wait = shared.pace.sent(sender.source.key(), domain, spent, now);
    if wait.is_zero() {
        return;
    }
    shared
        .app
        .metrics
        .limited(&base::limit::SENDER_BYTES_PER_SECOND);
    let until = Instant::now() + wait;
    while Instant::now() < until && !shared.is_stopping() && place.is_held() {
        std::thread::sleep(TICK.min(until.saturating_duration_since(Instant::now())));
    }
}
