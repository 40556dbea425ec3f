//! Writes an answer: in memory while it is small, then in pieces that the client reads.
//!
//! The status is sent with the first piece. An error before that is a normal error response; a later error breaks the
//! connection, so that no client takes a part for the whole.

use super::memory::Reservation;
use super::open_queries::OpenQuery;
use super::packer::{self, Packer};
use super::running::RunningQuery;
use super::turn_holder::TurnHolder;
use crate::http::accept_encoding::{EncodingChoice, Packing};
use crate::http::problem::Refusal;
use crate::http::request_slots::RequestSlot;
use base::context::{Context, MemoryReservation as _, Stop};
use base::limit::Limit;
use base::store::StoreError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::oneshot;
use tokio::time::{sleep_until, timeout};

/// Bytes of a piece. Large against what a piece costs, small against what all queries may have in memory.
pub(crate) const PIECE_BYTES: usize = 64 * 1024;

/// An answer of up to so many bytes is sent as a whole, with its length.
const WHOLE_BYTES: usize = 4 * PIECE_BYTES;

/// Pieces written ahead of the client.
const AHEAD: usize = 4;

/// How long to wait for the client before giving up the turn.
const SOON: Duration = Duration::from_millis(50);

/// Memory of an answer at most, not counting the data it is made from: the piece being written, those ahead, and the one being
/// sent.
const WINDOW_BYTES: u64 = (WHOLE_BYTES + (AHEAD + 2) * PIECE_BYTES) as u64;

/// Memory that every query begins with, where its answer is compressed with gzip.
#[cfg(test)]
const BEGIN_BYTES: u64 = WINDOW_BYTES + packer::bytes(Packing::Gzip);

/// An answer whose rest is still being written.
#[derive(Debug)]
pub(super) struct Pieces {
    pub(super) first: Vec<u8>,
    pub(super) packing: Option<Packing>,
    pub(super) rest: mpsc::Receiver<Vec<u8>>,
    /// Set before the last sender is dropped; otherwise the answer broke off.
    pub(super) is_whole: Arc<AtomicBool>,
}

/// How an answer begins.
#[derive(Debug)]
pub(super) enum FirstPart {
    Refused(Refusal),
    Whole {
        bytes: Vec<u8>,
        packing: Option<Packing>,
    },
    Pieces(Pieces),
}

/// The parts needed to write an answer.
#[derive(Debug)]
pub(super) struct AnswerParts {
    pub(super) context: Arc<Context>,
    pub(super) reservation: Arc<Reservation>,
    pub(super) run_guard: RunGuard,
    pub(super) unread: Arc<AtomicU64>,
    pub(super) open_query: Arc<OpenQuery>,
    pub(super) accepted: EncodingChoice,
}

/// The resources of a query while it runs. Released before its answer is complete, so that a client that has the answer can send
/// the next query at once; also released on panic.
#[derive(Debug)]
pub(super) struct RunGuard {
    pub(super) turn_holder: Arc<TurnHolder>,
    pub(super) _slot: Option<Arc<RequestSlot>>,
    pub(super) _entered: RunningQuery,
}

impl Drop for RunGuard {
    fn drop(&mut self) {
        drop(self.turn_holder.take());
    }
}

/// An answer that is being written.
#[derive(Debug)]
pub(crate) struct Answer {
    context: Arc<Context>,
    reservation: Arc<Reservation>,
    run_guard: Option<RunGuard>,
    unread: Arc<AtomicU64>,
    open_query: Arc<OpenQuery>,
    accepted: EncodingChoice,
    /// Set from the first piece on, if the answer is compressed.
    packer: Option<Packer>,
    runtime: Handle,
    begin: Option<oneshot::Sender<FirstPart>>,
    pieces: Option<mpsc::Sender<Vec<u8>>>,
    is_whole: Arc<AtomicBool>,
    /// Whether it is a text that gets its line end here.
    pub(crate) is_text: bool,
    /// Written, not yet sent.
    pub(crate) out: Vec<u8>,
}

impl Answer {
    /// Call it on the reactor: its timer bounds the waits.
    pub(super) fn new(terms: AnswerParts, begin: oneshot::Sender<FirstPart>) -> Self {
        Self {
            context: terms.context,
            reservation: terms.reservation,
            run_guard: Some(terms.run_guard),
            unread: terms.unread,
            open_query: terms.open_query,
            accepted: terms.accepted,
            packer: None,
            runtime: Handle::current(),
            begin: Some(begin),
            pieces: None,
            is_whole: Arc::default(),
            is_text: true,
            out: Vec::new(),
        }
    }

    /// Reserves the memory that every answer needs. Zstd takes much more than the answer itself: where that is not to be had, the
    /// answer is plain.
    pub(super) fn reserve(&mut self) -> Result<(), Refusal> {
        if let EncodingChoice::Packed(packing) | EncodingChoice::OnlyPacked(packing) = self.accepted
        {
            let bytes = WINDOW_BYTES.saturating_add(packer::bytes(packing));
            match self.reservation.reserve(bytes) {
                Err(_) if packing == Packing::Zstd => self.accepted = EncodingChoice::Plain,
                reserved => return reserved.map_err(|stop| StoreError::Stopped(stop).into()),
            }
        }
        let reserved = self.reservation.reserve(WINDOW_BYTES);
        reserved.map_err(|stop| StoreError::Stopped(stop).into())
    }

    /// The context for calls to the store.
    pub(crate) fn context(&self) -> Arc<Context> {
        Arc::clone(&self.context)
    }

    /// The point of no return, before work that cannot be undone: from here on the caller gets the outcome, even if they lose
    /// access meanwhile.
    ///
    /// # Errors
    /// Why the caller has lost access; the work must not begin.
    pub(crate) fn commit(&self) -> Result<(), Refusal> {
        self.open_query.commit()
    }

    /// Gives up the turn for good: what is left waits for others.
    pub(crate) fn give_up_turn(&self) {
        if let Some(guard) = &self.run_guard {
            drop(guard.turn_holder.take());
        }
    }

    /// Waits for `others`, and lends the turn to another query meanwhile. `others` may be done also where the wait has failed.
    ///
    /// # Errors
    /// If the deadline passes, or the query is cancelled, before the query has its turn again.
    pub(crate) fn wait_for(&self, others: impl Future<Output = ()>) -> Result<(), Stop> {
        let turn_holder = self
            .run_guard
            .as_ref()
            .map(|run_guard| &run_guard.turn_holder);
        let turn_holder = turn_holder.ok_or(Stop::Cancelled)?;
        let turn = turn_holder.take().ok_or(Stop::Cancelled)?;
        let deadline = self.context.deadline();
        let ended = || async {
            let deadline = async {
                match deadline {
                    Some(at) => sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = turn_holder.cancelled() => {}
                () = deadline => {}
            }
        };
        let meanwhile = async {
            tokio::select! {
                biased;
                () = others => {}
                () = ended() => {}
            }
        };
        let (_, turn) = self.runtime.block_on(turn.lend(meanwhile, ended()));
        // Without a turn, the wait has ended for one of these reasons.
        let has_turn = turn.is_some();
        if let Some(turn) = turn {
            turn_holder.put(turn);
        }
        if self.context.cancel_flag().load(Ordering::Relaxed) {
            return Err(Stop::Cancelled);
        }
        let is_late = deadline.is_some_and(|at| Instant::now() >= at);
        match has_turn && !is_late {
            true => Ok(()),
            false => Err(self.context.overdue()),
        }
    }

    /// All that is written, if none of it is sent yet.
    pub(crate) fn unsent(&self) -> Option<&[u8]> {
        self.begin.is_some().then_some(&*self.out)
    }

    /// Makes a document the answer that is whole already, and counts it until the client has it.
    ///
    /// # Errors
    /// If there is no room for it.
    pub(crate) fn put_whole(&mut self, document: Vec<u8>) -> Result<(), Stop> {
        let bytes = document.capacity() as u64;
        // Where it is compressed, both are in memory until that is done.
        let copies = match self.accepted {
            EncodingChoice::Plain => 1,
            EncodingChoice::Packed(_) | EncodingChoice::OnlyPacked(_) => 2,
        };
        self.context.reserve(bytes.saturating_mul(copies))?;
        self.out = document;
        Ok(())
    }

    /// Sends what is written once it fills a piece.
    ///
    /// # Errors
    /// If the deadline has passed, or the client is gone.
    pub(crate) fn step(&mut self) -> Result<(), Stop> {
        let full = if self.begin.is_some() {
            WHOLE_BYTES
        } else {
            PIECE_BYTES
        };
        if self.out.len() < full {
            return Ok(());
        }
        self.context.check(Instant::now())?;
        self.send_out()
    }

    fn send_out(&mut self) -> Result<(), Stop> {
        let begin = self.begin.take();
        if begin.is_some()
            && let EncodingChoice::Packed(packing) | EncodingChoice::OnlyPacked(packing) =
                self.accepted
        {
            self.packer = Some(Packer::new(packing));
        }
        let bytes = match &mut self.packer {
            Some(packer) => {
                let packed = packer.pack(&self.out);
                self.out.clear();
                packed
            }
            None => std::mem::replace(&mut self.out, Vec::with_capacity(PIECE_BYTES + 4096)),
        };
        let Some(begin) = begin else {
            return match bytes.is_empty() {
                true => Ok(()),
                false => self.send(bytes),
            };
        };
        let (pieces, rest) = mpsc::channel(AHEAD);
        self.pieces = Some(pieces);
        let begun = FirstPart::Pieces(Pieces {
            first: bytes,
            packing: self.packer.as_ref().map(Packer::packing),
            rest,
            is_whole: Arc::clone(&self.is_whole),
        });
        begin.send(begun).map_err(|_| Stop::Cancelled)
    }

    fn send(&mut self, piece: Vec<u8>) -> Result<(), Stop> {
        let Some(pieces) = self.pieces.clone() else {
            return Err(Stop::Cancelled);
        };
        match pieces.try_send(piece) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(_)) => Err(Stop::Cancelled),
            Err(TrySendError::Full(piece)) => self.wait(&pieces, piece),
        }
    }

    /// Waits for the client. The connection bounds the wait: it drops an answer that the client does not read. Meanwhile the
    /// turn goes to another query, and the time does not count.
    fn wait(&mut self, pieces: &mpsc::Sender<Vec<u8>>, piece: Vec<u8>) -> Result<(), Stop> {
        // A client that keeps up makes room in a moment; keeping the turn is better than starting another query.
        let soon = self
            .runtime
            .block_on(async { timeout(SOON, pieces.reserve()).await });
        match soon {
            Ok(Ok(room)) => {
                room.send(piece);
                return Ok(());
            }
            Ok(Err(_)) => return Err(Stop::Cancelled),
            Err(_) => {}
        }
        let turn_holder = self
            .run_guard
            .as_ref()
            .map(|run_guard| Arc::clone(&run_guard.turn_holder));
        let turn_holder = turn_holder.ok_or(Stop::Cancelled)?;
        let turn = turn_holder.take().ok_or(Stop::Cancelled)?;
        let begun = Instant::now();
        let unread = Arc::clone(&self.unread);
        unread.fetch_add(1, Ordering::Relaxed);
        let meanwhile = async {
            let sent = tokio::select! {
                biased;
                // Cancelled: the caller has lost access.
                () = turn_holder.cancelled() => false,
                sent = pieces.send(piece) => sent.is_ok(),
            };
            unread.fetch_sub(1, Ordering::Relaxed);
            sent
        };
        let gone = async {
            tokio::select! {
                () = pieces.closed() => {}
                () = turn_holder.cancelled() => {}
            }
        };
        let lent = turn.lend(meanwhile, gone);
        let (sent, turn) = self.runtime.block_on(lent);
        let is_gone = turn.is_none();
        if let Some(turn) = turn {
            turn_holder.put(turn);
        }
        // This includes the wait for the turn, which the query gave up for others.
        self.context.extend_deadline(begun.elapsed());
        match sent && !is_gone {
            true => Ok(()),
            false => Err(Stop::Cancelled),
        }
    }

    /// Ends the answer. Returns the limit that was exceeded after the answer had begun, when the client cannot be told.
    pub(super) fn end(mut self, outcome: Result<(), Refusal>) -> Option<&'static Limit> {
        let refusal = match outcome {
            Ok(()) => {
                if self.is_text {
                    self.out.push(b'\n');
                }
                return self.finish();
            }
            Err(refusal) => refusal,
        };
        if let Some(begin) = self.begin.take() {
            self.reservation.shrink_to(0);
            self.run_guard = None;
            let _ = begin.send(FirstPart::Refused(refusal));
            return None;
        }
        let limit = refusal.0.limit;
        // Without a proper end the client knows that the answer is incomplete.
        self.pieces = None;
        tracing::debug!(
            error = %refusal.0.message,
            limit = limit.map(|limit| limit.name),
            "an answer broke off"
        );
        limit
    }

    fn finish(&mut self) -> Option<&'static Limit> {
        if let Some(begin) = self.begin.take() {
            let plain = std::mem::take(&mut self.out);
            let (bytes, packing) = packer::whole(plain, self.accepted);
            self.reservation.shrink_to(bytes.capacity() as u64);
            self.run_guard = None;
            let _ = begin.send(FirstPart::Whole { bytes, packing });
            return None;
        }
        let last = match self.packer.take() {
            Some(packer) => packer.end(&self.out),
            None => std::mem::take(&mut self.out),
        };
        if self.send(last).is_err() {
            return None;
        }
        // From here on only the pieces written ahead are in memory.
        self.reservation.shrink_to(WINDOW_BYTES);
        self.run_guard = None;
        self.is_whole.store(true, Ordering::Release);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts of the setting and of the limit name these figures.
    #[test]
    fn regression_7_the_least_memory_of_queries_is_enough_for_a_compressed_answer() {
        assert_eq!(BEGIN_BYTES, 1152 * 1024);
        assert_eq!(WINDOW_BYTES, 640 * 1024);
        let setting = crate::config::least_of("limits.queries_in_flight_bytes").unwrap();
        let share = base::limit::ACCOUNT_SHARE_PERCENT.default;
        // The rest is for names and samples.
        assert!(setting / 100 * share >= BEGIN_BYTES + BEGIN_BYTES / 2);
        // The next smaller power of two, which was the least once, is not.
        assert!(setting / 2 / 100 * share < BEGIN_BYTES);
    }
}
