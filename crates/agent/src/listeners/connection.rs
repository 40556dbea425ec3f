//! One connection of a sender, from its first byte to its last.

use super::first_line::FirstLine;
use super::lines::LineReader;
use super::listener::{IDLE, LAST, ListenerContext, ListenerKind, TICK};
use super::statsd::StatsdReader;
use rustix::net::sockopt::set_socket_linger;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};
use wire::auth_line;

/// How much is read at once.
const READ_BYTES: usize = 32 * 1024;

/// The time within which a sender must take the closing message.
const WRITE_TIME: Duration = Duration::from_secs(1);

/// The answer to a sender that presents a credential: it may not be the agent's own, and its lines would be stored where they do
/// not belong.
const NO_AUTH: &str =
    "no `AUTH` line is taken here: the agent sends under its own identity; leave the line out";

/// Why a connection ends.
enum End {
    /// The sender has closed it.
    Closed,
    /// The sender is told why.
    Refused(String),
    /// The same of one whose first line is none.
    NotLines(String),
}

enum Reader<'a> {
    Lines(Box<LineReader<'a>>),
    Statsd(StatsdReader<'a>),
}

impl Reader<'_> {
    fn feed(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        match self {
            Self::Lines(reader) => reader.feed(bytes),
            Self::Statsd(reader) => reader.feed(bytes),
        }
    }

    /// The message to the sender about refused lines.
    fn refused(&self) -> Option<String> {
        match self {
            Self::Lines(reader) => reader.refused(),
            Self::Statsd(reader) => reader.refused(),
        }
    }

    /// No more comes; `false` if not everything that was taken is on disk.
    fn end(&mut self) -> bool {
        match self {
            Self::Lines(reader) => {
                reader.end();
                reader.settle()
            }
            Self::Statsd(reader) => {
                reader.end();
                true
            }
        }
    }
}

/// Serves the connection, which is reset when it is dropped. It is closed without a word only where everything that the sender
/// has sent was read, and is on disk.
pub(super) fn serve(serving: ListenerContext<'_>, mut stream: TcpStream) {
    let is_ready = stream.set_nonblocking(false).is_ok()
        && stream.set_read_timeout(Some(TICK)).is_ok()
        && stream.set_write_timeout(Some(WRITE_TIME)).is_ok();
    if !is_ready {
        return;
    }
    let mut reader = match serving.listener.kind {
        ListenerKind::Graphite => Reader::Lines(Box::new(LineReader::new(serving))),
        ListenerKind::Statsd => Reader::Statsd(StatsdReader::new(serving)),
    };
    let end = read(serving, &mut reader, &mut stream);
    let is_on_disk = reader.end();
    let mut errors = Vec::new();
    if !is_on_disk {
        errors.push("the lines could not be written to disk".to_owned());
    }
    errors.extend(reader.refused());
    let may_still_send = matches!(end, End::NotLines(_));
    match end {
        End::Closed => {}
        End::Refused(why) | End::NotLines(why) => errors.push(why),
    }
    let is_notified = errors
        .iter()
        .all(|why| writeln!(stream, "ERR {why}").is_ok());
    // A sender that could not get the answer sees a reset, which means that lines may be lost, and not a silent end.
    if is_notified {
        if may_still_send {
            drain(serving, &mut stream);
        }
        set_reset_when_dropped(&stream, false);
    }
}

/// Whether the system resets the connection when it is closed. As long as it does, nobody takes the end of this process, or of a
/// thread that could not be started, for a sign that everything is on disk.
pub(super) fn set_reset_when_dropped(stream: &TcpStream, is_reset: bool) {
    // It can only fail where the other side has gone already.
    let _ = set_socket_linger(stream, is_reset.then_some(Duration::ZERO));
}

/// Reads for a moment what the sender still sends: what is unread when a connection is closed makes the system reset it, and the
/// answer would be lost with it.
fn drain(serving: ListenerContext<'_>, stream: &mut TcpStream) {
    let begun = Instant::now();
    let mut buffer = vec![0; READ_BYTES];
    let _ = stream.shutdown(Shutdown::Write);
    while begun.elapsed() < LAST && !serving.notifier.is_stopped() {
        match stream.read(&mut buffer) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => match error.kind() {
                ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut => {}
                _ => return,
            },
        }
    }
}

fn read(serving: ListenerContext<'_>, reader: &mut Reader<'_>, stream: &mut TcpStream) -> End {
    let mut buffer = vec![0; READ_BYTES];
    let mut beginning = FirstLine::default();
    let mut is_at_beginning = true;
    let mut last_read_at = Instant::now();
    let mut stopped_at = None;
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => {
                reader.feed(beginning.rest());
                return End::Closed;
            }
            Ok(bytes) => {
                last_read_at = Instant::now();
                let refused = match beginning.take(buffer.get(..bytes).unwrap_or_default()) {
                    Ok(bytes) if is_at_beginning && is_auth(bytes) => Some(NO_AUTH),
                    Ok(bytes) => {
                        is_at_beginning &= bytes.is_empty();
                        reader.feed(bytes);
                        None
                    }
                    Err(not_lines) => Some(not_lines.reason()),
                };
                if let Some(why) = refused {
                    serving.listener.counts.receive(1);
                    serving.listener.counts.refuse(1, || why.to_owned());
                    return End::NotLines(why.to_owned());
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                if serving.notifier.is_stopped() {
                    reader.feed(beginning.rest());
                    return End::Refused("the agent is ending".to_owned());
                }
                if last_read_at.elapsed() > IDLE {
                    reader.feed(beginning.rest());
                    return End::Refused(format!("nothing came for {} s", IDLE.as_secs()));
                }
            }
            Err(_) => {
                reader.feed(beginning.rest());
                return End::Closed;
            }
        }
        // Who sends without a pause is not read for ever.
        if serving.notifier.is_stopped()
            && stopped_at.get_or_insert_with(Instant::now).elapsed() > LAST
        {
            reader.feed(beginning.rest());
            return End::Refused("the agent is ending".to_owned());
        }
    }
}

/// Whether the first line shows a credential.
fn is_auth(bytes: &[u8]) -> bool {
    bytes
        .split(|byte| *byte == b'\n')
        .next()
        .is_some_and(auth_line::is_one)
}
