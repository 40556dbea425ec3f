//! Reads a file or a pipe in pieces, each with the time at which it was read. A thread does the reading, so that samples are sent
//! while it waits for the next line, and so that a signal ends the wait.

use super::stop::StopFlag;
use super::unpacking::{self, Unpacking};
use crate::error::Failure;
use base::time::{Clock as _, Millis, SystemClock};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// The size of one read.
const CHUNK_BYTES: usize = 256 << 10;
/// The length of the queue: enough to keep both sides busy.
const PIECES_MAX: usize = 4;

/// An event of a pipe.
#[derive(Debug)]
pub(crate) enum PipeEvent {
    /// Bytes, and the time at which they were read.
    Bytes(Vec<u8>, Millis),
    /// Nothing within the time limit.
    TimedOut,
    /// A signal, by its name; nothing follows.
    Stopped(&'static str),
    /// The end.
    End,
    /// A read error.
    Failed(io::Error),
}

/// The reading end.
pub(crate) struct Pipe {
    pieces: Receiver<PipeEvent>,
    stop: Arc<StopFlag>,
    read: Arc<AtomicU64>,
}

impl Pipe {
    /// Starts reading. From now on the first SIGINT or SIGTERM is an event; a second one ends the process.
    pub(crate) fn start(reader: Box<dyn Read + Send>) -> io::Result<Self> {
        let (sender, pieces) = sync_channel(PIECES_MAX);
        let signals = Signals::new([SIGINT, SIGTERM])?;
        let stopping = sender.clone();
        let thread = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let stop = Arc::new(StopFlag::default());
        let shared = Arc::clone(&stop);
        thread("signals").spawn(move || forward_signals(signals, &shared, &stopping))?;
        let read = Arc::new(AtomicU64::new(0));
        let plain = Unpacking::new(reader, Arc::clone(&read));
        thread("input").spawn(move || read_all(plain, &sender))?;
        Ok(Self { pieces, stop, read })
    }

    /// The flag that a signal sets, before its event is received.
    pub(crate) const fn stop(&self) -> &Arc<StopFlag> {
        &self.stop
    }

    /// Bytes read so far, packed as they are.
    pub(crate) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Waits for the next event, with an optional time limit.
    pub(crate) fn next(&self, limit: Option<Duration>) -> PipeEvent {
        let received = match limit {
            Some(limit) => self.pieces.recv_timeout(limit),
            None => self
                .pieces
                .recv()
                .map_err(|_| RecvTimeoutError::Disconnected),
        };
        match received {
            Ok(piece) => piece,
            Err(RecvTimeoutError::Timeout) => PipeEvent::TimedOut,
            Err(RecvTimeoutError::Disconnected) => PipeEvent::End,
        }
    }
}

/// The failure where an input cannot be read to its end; `-` is standard input.
pub(crate) fn unreadable(named: &str, error: &io::Error) -> Failure {
    let input = match named {
        "-" => "standard input".to_owned(),
        _ => format!("`{named}`"),
    };
    let failure = Failure::failed(format!("cannot read {input}: {error}"));
    match unpacking::is_broken(error) {
        true => failure.hint("fetch or copy it again; `gzip -t` shows whether it is complete"),
        false => failure,
    }
}

fn forward_signals(mut signals: Signals, stop: &StopFlag, pieces: &SyncSender<PipeEvent>) {
    let is_reported = AtomicBool::new(false);
    for signal in &mut signals {
        if is_reported.swap(true, Ordering::Relaxed) {
            // Cannot fail for these two signals; if it did, the first one would still end the process.
            drop(signal_hook::low_level::emulate_default_handler(signal));
        }
        let name = if signal == SIGINT {
            "SIGINT"
        } else {
            "SIGTERM"
        };
        stop.request(name);
        if pieces.send(PipeEvent::Stopped(name)).is_err() {
            return;
        }
    }
}

/// Reads to the end. A read of a pipe returns what was written so far, so samples of a slow writer are not delayed.
fn read_all(mut reader: Unpacking, pieces: &SyncSender<PipeEvent>) {
    loop {
        let mut chunk = vec![0; CHUNK_BYTES];
        let piece = match reader.read(&mut chunk) {
            Ok(0) => PipeEvent::End,
            Ok(length) => {
                chunk.truncate(length);
                PipeEvent::Bytes(chunk, SystemClock.now())
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => PipeEvent::Failed(error),
        };
        let is_last = !matches!(piece, PipeEvent::Bytes(..));
        if pieces.send(piece).is_err() || is_last {
            return;
        }
    }
}
