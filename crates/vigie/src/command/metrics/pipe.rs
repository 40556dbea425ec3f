//! What is read of a file or a pipe, piece by piece, with the moment each was read. A thread of its own waits for it, so that
//! what was read is sent while the next line is awaited, and so that a signal ends the waiting.

use super::stop::Stop;
use super::unpacking::Unpacking;
use base::time::{Clock as _, Millis, SystemClock};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// Read at once.
const CHUNK_BYTES: usize = 256 << 10;
/// Pieces that may wait: enough to keep both sides busy.
const PIECES_MAX: usize = 4;

/// What comes out of a pipe.
#[derive(Debug)]
pub(crate) enum Piece {
    /// Bytes, and when they were read.
    Bytes(Vec<u8>, Millis),
    /// Nothing for so long.
    Quiet,
    /// A signal asks to stop, by its name; nothing follows.
    Stopped(&'static str),
    /// There is no more.
    End,
    /// It cannot be read.
    Failed(io::Error),
}

/// The reading end.
pub(crate) struct Pipe {
    pieces: Receiver<Piece>,
    stop: Arc<Stop>,
    read: Arc<AtomicU64>,
}

impl Pipe {
    /// Begins to read. From here on the first SIGINT or SIGTERM is a piece like any other; a second one ends the process.
    pub(crate) fn start(reader: Box<dyn Read + Send>) -> io::Result<Self> {
        let (sender, pieces) = sync_channel(PIECES_MAX);
        let signals = Signals::new([SIGINT, SIGTERM])?;
        let stopping = sender.clone();
        let thread = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let stop = Arc::new(Stop::default());
        let told = Arc::clone(&stop);
        thread("signals").spawn(move || forward_signals(signals, &told, &stopping))?;
        let read = Arc::new(AtomicU64::new(0));
        let plain = Unpacking::new(reader, Arc::clone(&read));
        thread("input").spawn(move || read_all(plain, &sender))?;
        Ok(Self { pieces, stop, read })
    }

    /// Tells of a signal before its piece has had its turn.
    pub(crate) const fn stop(&self) -> &Arc<Stop> {
        &self.stop
    }

    /// Bytes read so far, packed as they are.
    pub(crate) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// The next piece; with a limit, no longer waited for than that.
    pub(crate) fn next(&self, limit: Option<Duration>) -> Piece {
        let received = match limit {
            Some(limit) => self.pieces.recv_timeout(limit),
            None => self
                .pieces
                .recv()
                .map_err(|_| RecvTimeoutError::Disconnected),
        };
        match received {
            Ok(piece) => piece,
            Err(RecvTimeoutError::Timeout) => Piece::Quiet,
            Err(RecvTimeoutError::Disconnected) => Piece::End,
        }
    }
}

fn forward_signals(mut signals: Signals, stop: &Stop, pieces: &SyncSender<Piece>) {
    let is_told = AtomicBool::new(false);
    for signal in &mut signals {
        if is_told.swap(true, Ordering::Relaxed) {
            // Cannot fail for these two; if it did, the first one still ends the process.
            drop(signal_hook::low_level::emulate_default_handler(signal));
        }
        let name = if signal == SIGINT {
            "SIGINT"
        } else {
            "SIGTERM"
        };
        stop.tell(name);
        if pieces.send(Piece::Stopped(name)).is_err() {
            return;
        }
    }
}

/// Reads to the end. A pipe gives what was written so far, so that a slow writer's samples need not wait for the fast ones
/// that may never come.
fn read_all(mut reader: Unpacking, pieces: &SyncSender<Piece>) {
    loop {
        let mut chunk = vec![0; CHUNK_BYTES];
        let piece = match reader.read(&mut chunk) {
            Ok(0) => Piece::End,
            Ok(length) => {
                chunk.truncate(length);
                Piece::Bytes(chunk, SystemClock.now())
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Piece::Failed(error),
        };
        let is_last = !matches!(piece, Piece::Bytes(..));
        if pieces.send(piece).is_err() || is_last {
            return;
        }
    }
}
