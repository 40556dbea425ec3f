//! The state of one open connection: its stage, since when, and what it waits for. The deadline follows from it, and whether
//! the connection is evicted when all slots are taken.
//!
//! A stage begins with its first byte and ends when it is complete; bytes that trickle in between extend nothing.

mod turn;
mod usage;

use super::remaining_body::SharedBody;
use super::times::Times;
use base::id::AccountId;
use base::limit::{self, Limit};
use base::source::SourceKey;
use http::Version;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use turn::Answer;
pub(super) use usage::{Activity, Usage};

/// How long a connection counts as new: its first request may still be on its way.
pub(super) const NEW_TIME: Duration = Duration::from_secs(1);

/// How long a peer may take to leave after it was told to.
const LEAVE_TIME: Duration = Duration::from_secs(5);

/// The key of a connection among the slots: its source and its number.
pub(super) type ConnectionKey = (Option<SourceKey>, u64);

/// Decides which connections keep their slot.
pub(super) trait SlotKeeper: std::fmt::Debug + Send + Sync {
    /// Protects the connection from eviction: it carried a request with a valid credential of this account.
    fn keep(&self, state: &ConnectionState, account: AccountId);
}

/// The state of one connection. Requests carry it in their extensions.
#[derive(Debug)]
pub(crate) struct ConnectionState {
    state: Mutex<State>,
    evicted: Notify,
    is_evicted: AtomicBool,
    /// Requests whose work must stop when the client disconnects.
    client_watches: AtomicUsize,
    watch_begun: Notify,
    /// Set only by the slots.
    kept: AtomicBool,
    discards: AtomicBool,
    /// A request of it had a valid credential.
    has_credential: AtomicBool,
    /// Several clients share it: a trusted proxy's.
    shared: AtomicBool,
    slot_keeper: Option<Weak<dyn SlotKeeper>>,
    slot: Mutex<Option<ConnectionKey>>,
}

#[derive(Debug)]
struct State {
    /// Since when a request head is due or arriving.
    head: Option<Instant>,
    /// Since when no request is open.
    idle: Instant,
    /// Since when one is, or was last.
    busy: Instant,
    /// Bytes that the client has sent since its last request and since the last progress of a request or an answer.
    idle_bytes: u64,
    /// The peer was told to leave because the connection was idle.
    leaving: bool,
    is_http2: bool,
    /// A request has begun, and was not of HTTP/2.
    is_http1: bool,
    /// A request of it waits for more of its body. Of HTTP/1.1, which has one at a time.
    awaits_body: bool,
    /// Requests without an answer yet; they have their own time limit.
    requests: usize,
    answers: Vec<Answer>,
    next_answer: u64,
    /// Since when the socket accepts no bytes.
    blocked: Option<Instant>,
    /// A piece of an answer was handed out since the last call of `is_sending`.
    has_sent_piece: bool,
}

/// The stage that exceeded its time.
#[derive(Debug)]
pub(super) enum TimedOut {
    /// The connection as a whole: close it.
    Connection(&'static Limit),
    /// The connection was idle: tell the peer to leave.
    Idle,
    /// One answer among others: give up only this one.
    Answer(Arc<SharedBody>, &'static Limit),
}

impl ConnectionState {
    pub(super) fn new(slot_keeper: Option<Weak<dyn SlotKeeper>>) -> Self {
        let now = Instant::now();
        Self {
            state: Mutex::new(State {
                head: Some(now),
                idle: now,
                busy: now,
                idle_bytes: 0,
                leaving: false,
                is_http2: false,
                is_http1: false,
                awaits_body: false,
                requests: 0,
                answers: Vec::new(),
                next_answer: 0,
                blocked: None,
                has_sent_piece: false,
            }),
            evicted: Notify::new(),
            is_evicted: AtomicBool::new(false),
            client_watches: AtomicUsize::new(0),
            watch_begun: Notify::new(),
            kept: AtomicBool::new(false),
            discards: AtomicBool::new(false),
            has_credential: AtomicBool::new(false),
            shared: AtomicBool::new(false),
            slot_keeper,
            slot: Mutex::new(None),
        }
    }

    /// Whether no request is open: bytes written now come from the HTTP library, not from our routes.
    pub(super) fn has_no_request(&self) -> bool {
        let state = self.state();
        state.is_idle() && !state.is_http2
    }

    /// Whether its own task serves a request whose body is there, or sends its answer: that of an HTTP/2 connection leaves requests to
    /// its streams.
    pub(super) fn serves_by_itself(&self) -> bool {
        let state = self.state();
        !state.is_idle() && !state.is_http2 && !state.awaits_body
    }

    /// Whether a request waits for more of its body.
    pub(super) fn set_awaits_body(&self, awaits: bool) {
        self.state().awaits_body = awaits;
    }

    /// Its key among the slots.
    pub(super) fn slot_key(&self) -> Option<ConnectionKey> {
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_slot_key(&self, key: Option<ConnectionKey>) {
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = key;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A stage before the first head has ended (a PROXY header, a TLS handshake): the time for the next begins.
    pub(super) fn begin_stage(&self) {
        self.state().head = Some(Instant::now());
    }

    /// Until when the stage before the first head has to end.
    pub(super) fn stage_end(&self, times: &Times) -> Instant {
        let since = self.state().head;
        since.unwrap_or_else(Instant::now) + times.head
    }

    /// So many bytes arrived.
    pub(super) fn record_read(&self, bytes: usize) {
        let mut state = self.state();
        state.idle_bytes = state.idle_bytes.saturating_add(bytes as u64);
        // HTTP/2 frames without a request may be anything, and do not extend the idle time.
        if state.is_idle() && !state.is_http2 && state.head.is_none() {
            state.head = Some(Instant::now());
        }
    }

    /// Records whether the socket accepts bytes.
    pub(super) fn record_write(&self, progress: bool) {
        let mut state = self.state();
        if progress {
            state.blocked = None;
        } else if state.blocked.is_none() {
            state.blocked = Some(Instant::now());
        }
    }

    /// A request head has arrived.
    pub(super) fn begin_request(self: &Arc<Self>, version: Version) -> PendingRequest {
        let mut state = self.state();
        if state.is_idle() {
            state.busy = Instant::now();
        }
        state.head = None;
        state.idle_bytes = 0;
        state.is_http2 = version == Version::HTTP_2;
        state.is_http1 = !state.is_http2;
        state.requests += 1;
        drop(state);
        PendingRequest(Arc::clone(self))
    }

    /// A piece of a request's body was taken.
    pub(super) fn record_body(&self) {
        self.state().idle_bytes = 0;
    }

    /// An answer begins.
    pub(super) fn begin_answer(&self, shared_body: &Arc<SharedBody>) -> u64 {
        let mut state = self.state();
        let id = state.next_answer;
        state.next_answer += 1;
        state
            .answers
            .push(Answer::new(id, Arc::downgrade(shared_body)));
        id
    }

    /// Whether every request is answered completely.
    pub(super) fn is_idle(&self) -> bool {
        self.state().is_idle()
    }

    /// Whether a piece of an answer was handed out since the last call, or waits for the client to take it.
    pub(super) fn is_sending(&self) -> bool {
        let mut state = self.state();
        std::mem::take(&mut state.has_sent_piece) || state.blocked.is_some()
    }

    /// The client has room for more of an answer: the server's turn.
    pub(super) fn end_client_turn(&self, id: u64) {
        let mut state = self.state();
        if let Some(answer) = state.answers.iter_mut().find(|answer| answer.id == id) {
            answer.end_client_turn();
        }
    }

    /// A piece of an answer was handed out: the client's turn.
    pub(super) fn begin_client_turn(&self, id: u64, bytes: usize) {
        let mut state = self.state();
        state.has_sent_piece = true;
        state.idle_bytes = 0;
        if let Some(answer) = state.answers.iter_mut().find(|answer| answer.id == id) {
            answer.begin_client_turn(bytes);
        }
    }

    /// An answer was sent or given up.
    pub(super) fn end_answer(&self, id: u64) {
        let mut state = self.state();
        state.answers.retain(|answer| answer.id != id);
        state.update_idle_since(Instant::now());
        self.end_if_withdrawn(&state);
    }

    /// Marks a connection that a trusted proxy may use for several clients.
    pub(super) fn set_shared(&self) {
        self.shared.store(true, Ordering::Relaxed);
    }

    /// Ties an answer to the access that allows it.
    pub(super) fn bind_to_access(&self, id: u64, withdrawn: &Arc<AtomicBool>) {
        let mut state = self.state();
        if let Some(answer) = state.answers.iter_mut().find(|answer| answer.id == id) {
            answer.withdrawn = Arc::clone(withdrawn);
        }
        self.end_if_withdrawn(&state);
    }

    /// The caller of an answer has lost access, and the answer was marked.
    pub(super) fn withdraw(&self) {
        let state = self.state();
        // One whose last piece was handed out may still be in the hands of the HTTP library.
        let is_all = state.is_idle() && !self.shared.load(Ordering::Relaxed);
        if is_all || !state.is_http2 {
            self.discard();
            self.evict();
        }
        self.end_if_withdrawn(&state);
    }

    /// Ends the connection and discards unsent bytes, if all that is open on it is withdrawn. The HTTP library holds parts of
    /// every answer of an HTTP/2 connection, which its client could otherwise take as slowly as it likes.
    fn end_if_withdrawn(&self, state: &State) {
        let is_withdrawn = state.answers.iter().any(Answer::is_withdrawn);
        // With HTTP/1.1 there is one at a time, and what was asked after it waits.
        let is_all = !state.is_http2
            || state.requests == 0 && state.answers.iter().all(Answer::is_withdrawn);
        let is_shared = state.is_http2 && self.shared.load(Ordering::Relaxed);
        if is_withdrawn && is_all && !is_shared {
            self.discard();
            self.evict();
        }
    }

    /// A request on this connection had a valid credential of this account: protects the connection from eviction.
    pub(crate) fn mark_authenticated(&self, account: AccountId) {
        if self.keeps_slot() {
            return;
        }
        self.has_credential.store(true, Ordering::Relaxed);
        if let Some(slot_keeper) = self.slot_keeper.as_ref().and_then(Weak::upgrade) {
            slot_keeper.keep(self, account);
        }
    }

    /// Whether it is protected from eviction.
    pub(crate) fn keeps_slot(&self) -> bool {
        self.kept.load(Ordering::Relaxed)
    }

    pub(super) fn set_keeps_slot(&self, kept: bool) {
        self.kept.store(kept, Ordering::Relaxed);
    }

    /// Until when a request may still be on its way that is the first one or has begun to arrive.
    pub(super) fn new_until(&self) -> Option<Instant> {
        self.state().head.map(|since| since + NEW_TIME)
    }

    /// The peer was told to leave: without an open request, little time is left in any stage.
    pub(super) fn begin_leaving(&self) {
        let mut state = self.state();
        state.leaving = true;
        state.idle = Instant::now();
    }

    /// Discards unsent bytes at the end; the kernel would otherwise keep them for minutes.
    pub(super) fn discard(&self) {
        self.discards.store(true, Ordering::Relaxed);
    }

    /// Whether unsent bytes are discarded at the end.
    pub(super) fn discards_unsent(&self) -> bool {
        self.discards.load(Ordering::Relaxed)
    }

    /// Tells the connection to end at once.
    pub(super) fn evict(&self) {
        self.is_evicted.store(true, Ordering::Relaxed);
        self.evicted.notify_one();
    }

    /// Whether the connection must end at once.
    pub(super) fn is_evicted(&self) -> bool {
        self.is_evicted.load(Ordering::Relaxed)
    }

    /// Resolves when the connection must end at once.
    pub(super) async fn evicted(&self) {
        self.evicted.notified().await;
    }

    /// Whether it is known not to be of HTTP/2: before its first request it may be.
    pub(super) fn is_http1(&self) -> bool {
        self.state().is_http1
    }

    pub(super) fn is_http2(&self) -> bool {
        self.state().is_http2
    }

    /// One more request's work must stop when the client disconnects.
    pub(super) fn watch_client(&self) {
        self.client_watches.fetch_add(1, Ordering::AcqRel);
        self.watch_begun.notify_one();
    }

    pub(super) fn unwatch_client(&self) {
        self.client_watches.fetch_sub(1, Ordering::AcqRel);
    }

    pub(super) fn is_client_watched(&self) -> bool {
        self.client_watches.load(Ordering::Acquire) > 0
    }

    /// Resolves when there is work that must stop when the client disconnects.
    pub(super) async fn client_watched(&self) {
        while !self.is_client_watched() {
            self.watch_begun.notified().await;
        }
    }

    /// What it does now.
    pub(super) fn usage(&self) -> Usage {
        let has_credential = self.has_credential.load(Ordering::Relaxed);
        let state = self.state();
        // The HTTP library may still have the end of an answer that the client is slow to take.
        let activity = match state.is_idle() && state.blocked.is_none() {
            true => Activity::Idle(state.idle),
            false => Activity::Busy(state.busy),
        };
        Usage {
            activity,
            awaits_request: state.head,
            has_credential,
        }
    }

    /// The earliest deadline; `None` while only the server itself is working.
    pub(super) fn deadline(&self, times: &Times) -> Option<Instant> {
        let state = self.state();
        let mut first = state.stage_deadline(times).map(|(at, _)| at);
        for answer in &state.answers {
            first = match (first, answer.deadline(times)) {
                (Some(first), Some((at, _))) => Some(first.min(at)),
                (first, next) => first.or(next.map(|(at, _)| at)),
            };
        }
        first
    }

    /// The stage that is past its deadline.
    pub(super) fn overdue(&self, times: &Times) -> Option<TimedOut> {
        let mut state = self.state();
        let now = Instant::now();
        if let Some((at, limit)) = state.stage_deadline(times)
            && at <= now
        {
            if *limit == limit::IDLE_SECONDS && state.is_http2 && !state.leaving {
                state.leaving = true;
                state.idle = now;
                return Some(TimedOut::Idle);
            }
            return Some(TimedOut::Connection(limit));
        }
        let late = |answer: &Answer| answer.deadline(times).filter(|(at, _)| *at <= now);
        let at = state
            .answers
            .iter()
            .position(|answer| late(answer).is_some())?;
        let limit = state.answers.get(at).and_then(late)?.1;
        if state.requests == 0 && state.answers.len() == 1 {
            return Some(TimedOut::Connection(limit));
        }
        let shared_body = state.answers.swap_remove(at).shared_body.upgrade();
        shared_body.map(|shared_body| TimedOut::Answer(shared_body, limit))
    }

    fn end_request(&self) {
        let mut state = self.state();
        state.requests = state.requests.saturating_sub(1);
        state.update_idle_since(Instant::now());
        self.end_if_withdrawn(&state);
    }
}

impl State {
    const fn is_idle(&self) -> bool {
        self.requests == 0 && self.answers.is_empty()
    }

    fn update_idle_since(&mut self, now: Instant) {
        if self.is_idle() {
            self.idle = now;
        }
    }

    /// The deadline of the connection's own stage.
    fn stage_deadline(&self, times: &Times) -> Option<(Instant, &'static Limit)> {
        let stage = match self.head {
            _ if self.idle_bytes > limit::IDLE_BYTES.default => {
                Some((self.idle, &limit::IDLE_BYTES))
            }
            _ if !self.is_idle() => None,
            _ if self.leaving => Some((self.idle + LEAVE_TIME, &limit::IDLE_SECONDS)),
            Some(since) => Some((since + times.head, &limit::HEAD_SECONDS)),
            None => Some((self.idle + times.idle, &limit::IDLE_SECONDS)),
        };
        let stall = self
            .blocked
            .map(|since| (since + times.stall, &limit::WRITE_STALL_SECONDS));
        match (stage, stall) {
            (Some(stage), Some(stall)) => Some(if stall.0 < stage.0 { stall } else { stage }),
            (stage, stall) => stage.or(stall),
        }
    }
}

/// A request without an answer yet.
#[derive(Debug)]
pub(super) struct PendingRequest(Arc<ConnectionState>);

impl Drop for PendingRequest {
    fn drop(&mut self) {
        self.0.end_request();
    }
}

#[cfg(test)]
mod tests;
