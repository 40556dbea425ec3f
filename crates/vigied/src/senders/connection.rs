//! One connection of a sender, from its first byte to its last.

use super::formats::Formats;
use super::lines::LineReader;
use super::pickles::PickleReader;
use super::places::Place;
use super::reader::{End, Reader};
use super::reports::NO_IDENTITY;
use super::shared::{Shared, TICK};
use super::shown::Shown;
use super::statsd::StatsdReader;
use super::storing::Sender;
use super::stream::{Read1, Stream};
use crate::config::{Door, Format, Transport};
use base::scope::Domain;
use base::source::Source;
use std::net::{IpAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Serves the connection; its place is given up at the end.
pub(super) fn serve(
    (shared, formats): (&Shared, &Formats),
    (door, number): (Door, u64),
    stream: Arc<TcpStream>,
    peer: IpAddr,
) {
    let place = shared.places.place(number);
    let config = match door.transport {
        Transport::Tcp { tls: true } => match &shared.tls {
            Some(tls) => Some(tls.current_without_protocols()),
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
        source: Source::client(peer),
    };
    let by_address = shared.sources.key(peer).map(Shown::Source);
    let end = match (door.format, by_address) {
        (Format::Lines, shown) => match LineReader::new(shared, door, sender, &place, shown) {
            Ok(mut reader) => run(shared, (sender, &place), &mut reader, &mut stream),
            Err(end) => end,
        },
        (Format::Pickle, Some(shown)) => match PickleReader::new(shared, sender, &place, shown) {
            Ok(mut reader) => run(shared, (sender, &place), &mut reader, &mut stream),
            Err(end) => end,
        },
        (Format::Statsd, shown) => match &formats.statsd {
            Some(sums) => {
                let reads = (shared, sums);
                match StatsdReader::new(reads, door, sender, &place, shown) {
                    Ok(mut reader) => run(shared, (sender, &place), &mut reader, &mut stream),
                    Err(end) => end,
                }
            }
            None => End::Quiet,
        },
        // A pickle cannot be answered, and collectd speaks UDP alone.
        (Format::Pickle, None) | (Format::Collectd, _) => {
            shared.refuse(sender.door, sender.source, NO_IDENTITY, 1);
            End::Quiet
        }
    };
    if let End::Refused(why) = end {
        stream.say(&format!("ERR {why}"));
    }
    stream.close();
}

fn run(
    shared: &Shared,
    (sender, place): (Sender, &Place<'_>),
    reader: &mut impl Reader,
    stream: &mut Stream,
) -> End {
    let begun = Instant::now();
    let mut heard = begun;
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
                let done = reader.came(bytes, stream);
                pause(shared, (sender, place), reader.domain(), bytes);
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
        if heard.elapsed() > shared.limits.idle {
            shared
                .app
                .metrics
                .limited(&base::limit::SENDER_IDLE_SECONDS);
            break End::Refused("nothing came within `sender_idle_seconds`".to_owned());
        }
    };
    reader.end();
    end
}

/// Waits until more may be read of this source and for this domain.
fn pause(
    shared: &Shared,
    (sender, place): (Sender, &Place<'_>),
    domain: Option<Domain>,
    bytes: usize,
) {
    let Some(source) = sender.source.key() else {
        return;
    };
    let now = shared.app.clock.now();
    let wait = shared.pace.sent(source, domain, bytes, now);
    if wait.is_zero() {
        return;
    }
    shared
        .app
        .metrics
        .limited(&base::limit::SENDER_BYTES_PER_SECOND);
    let until = Instant::now() + wait.min(Duration::from_secs(5));
    while Instant::now() < until && !shared.is_stopping() && place.is_held() {
        std::thread::sleep(TICK.min(until.saturating_duration_since(Instant::now())));
    }
}
