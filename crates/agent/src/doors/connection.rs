//! One connection of a sender, from its first byte to its last.

use super::door::{DoorContext, DoorKind, IDLE, LAST, TICK};
use super::first_line::FirstLine;
use super::lines::LineReader;
use super::statsd::StatsdReader;
use rustix::net::sockopt::set_socket_linger;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How much is read at once.
const READ_BYTES: usize = 32 * 1024;

/// Who takes no farewell within this time gets none.
const WRITE_TIME: Duration = Duration::from_secs(1);

/// Why it ends.
enum End {
    /// The sender has closed it.
    Closed,
    /// The sender is told why.
    Refused(String),
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

/// Serves the connection. It is closed without a word only where everything that the sender has sent was read, and is on disk.
pub(super) fn serve(serving: DoorContext<'_>, mut stream: TcpStream) {
    let is_ready = stream.set_nonblocking(false).is_ok()
        && stream.set_read_timeout(Some(TICK)).is_ok()
        && stream.set_write_timeout(Some(WRITE_TIME)).is_ok()
        // If this process is killed, the system ends the connection, and an end would say that everything is on disk: it is reset.
        && set_socket_linger(&stream, Some(Duration::ZERO)).is_ok();
    if !is_ready {
        return;
    }
    let mut reader = match serving.door.kind {
        DoorKind::Graphite => Reader::Lines(Box::new(LineReader::new(serving))),
        DoorKind::Statsd => Reader::Statsd(StatsdReader::new(serving)),
    };
    let end = read(serving, &mut reader, &mut stream);
    let is_on_disk = reader.end();
    let farewell = match end {
        End::Refused(why) => Some(why),
        End::Closed if !is_on_disk => Some("the lines could not be written to disk".to_owned()),
        End::Closed => None,
    };
    // A sender that is gone, or does not read, is told nothing.
    if let Some(why) = farewell {
        let _ = writeln!(stream, "ERR {why}");
    }
    let _ = set_socket_linger(&stream, None);
}

fn read(serving: DoorContext<'_>, reader: &mut Reader<'_>, stream: &mut TcpStream) -> End {
    let mut buffer = vec![0; READ_BYTES];
    let mut beginning = FirstLine::default();
    let mut heard = Instant::now();
    let mut stopped_at = None;
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => {
                reader.feed(beginning.rest());
                return End::Closed;
            }
            Ok(bytes) => {
                heard = Instant::now();
                match beginning.take(buffer.get(..bytes).unwrap_or_default()) {
                    Ok(bytes) => reader.feed(bytes),
                    Err(refused) => {
                        let why = refused.reason();
                        serving.door.counts.receive(1);
                        serving.door.counts.refuse(1, || why.to_owned());
                        return End::Refused(why.to_owned());
                    }
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                if serving.notifier.is_stopped() {
                    reader.feed(beginning.rest());
                    return End::Refused("the agent is ending".to_owned());
                }
                if heard.elapsed() > IDLE {
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
            return End::Refused("the agent is ending".to_owned());
        }
    }
}
