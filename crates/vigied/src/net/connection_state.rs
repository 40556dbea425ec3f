//! The state of one open connection: its stage, since when, and what it waits for. The deadline follows from it, and whether
//! the connection is evicted when all places are taken.
//!
//! A stage begins with its first byte and ends when it is complete; bytes that trickle in between extend nothing.

mod turn;

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

/// How long a peer may take to leave after it was told to.
const LEAVE_TIME: Duration = Duration::from_secs(5);

/// The key of a connection among the places: its source and its number.
pub(super) type At = (Option<SourceKey>, u64);

/// Decides which connections keep their place.
pub(super) trait PlaceKeeper: std::fmt::Debug + Send + Sync {
    /// Protects the connection from eviction: it carried a request with a valid credential of this account.
    fn keep(&self, state: &ConnectionState, account: AccountId);
}

/// The state of one connection. Requests carry it in their extensions.
#[derive(Debug)]
pub(crate) struct ConnectionState {
    state: Mutex<State>,
    evicted: Notify,
    /// Requests whose work must stop when the client disconnects.
    client_watches: AtomicUsize,
    watch_begun: Notify,
    /// Set only by the places.
    kept: AtomicBool,
    discards: AtomicBool,
    /// Several clients share it: a trusted proxy's.
    shared: AtomicBool,
    keeper: Option<Weak<dyn PlaceKeeper>>,
    place: Mutex<Option<At>>,
}

#[derive(Debug)]
struct State {
    /// Since when a request head is due or arriving.
    head: Option<Instant>,
    /// Since when no request is open.
    idle: Instant,
    /// The peer was told to leave because the connection was idle.
    leaving: bool,
    is_http2: bool,
    /// Requests without an answer yet; they have their own time limit.
    requests: usize,
    answers: Vec<Answer>,
    next_answer: u64,
    /// Since when the socket accepts no bytes.
    blocked: Option<Instant>,
    /// A piece of an answer was handed out since the last call of `moves`.
    has_handed: bool,
}

/// What exceeded its time.
#[derive(Debug)]
pub(super) enum Overdue {
    /// The connection as a whole: close it.
    Connection(&'static Limit),
    /// The connection was idle: tell the peer to leave.
    Idle,
    /// One answer among others: give up only this one.
    Answer(Arc<SharedBody>, &'static Limit),
}

/// What an eviction would lose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Activity {
    /// No request is open, since this time.
    Idle(Instant),
    /// A request is being worked on, or an answer is being sent.
    Busy,
}

impl ConnectionState {
    pub(super) fn new(keeper: Option<Weak<dyn PlaceKeeper>>) -> Self {
        let now = Instant::now();
        Self {
            state: Mutex::new(State {
                head: Some(now),
                idle: now,
                leaving: false,
                is_http2: false,
                requests: 0,
                answers: Vec::new(),
                next_answer: 0,
                blocked: None,
                has_handed: false,
            }),
            evicted: Notify::new(),
            client_watches: AtomicUsize::new(0),
            watch_begun: Notify::new(),
            kept: AtomicBool::new(false),
            discards: AtomicBool::new(false),
            shared: AtomicBool::new(false),
            keeper,
            place: Mutex::new(None),
        }
    }

    /// Whether no request is open: bytes written now come from the HTTP library, not from our routes.
    pub(super) fn is_unasked(&self) -> bool {
        let state = self.state();
        state.is_quiet() && !state.is_http2
    }

    /// Its key among the places.
    pub(super) fn at(&self) -> Option<At> {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_at(&self, at: Option<At>) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stage before the first head has ended: the time for the head begins.
    pub(super) fn await_head(&self) {
        self.state().head = Some(Instant::now());
    }

    /// Bytes arrived.
    pub(super) fn arrived(&self) {
        let mut state = self.state();
        // HTTP/2 frames without a request may be anything, and do not extend the idle time.
        if state.is_quiet() && !state.is_http2 && state.head.is_none() {
            state.head = Some(Instant::now());
        }
    }

    /// Records whether the socket accepts bytes.
    pub(super) fn wrote(&self, progress: bool) {
        let mut state = self.state();
        if progress {
            state.blocked = None;
        } else if state.blocked.is_none() {
            state.blocked = Some(Instant::now());
        }
    }

    /// A request head has arrived.
    pub(super) fn asked(self: &Arc<Self>, version: Version) -> Asked {
        let mut state = self.state();
        state.head = None;
        state.is_http2 = version == Version::HTTP_2;
        state.requests += 1;
        drop(state);
        Asked(Arc::clone(self))
    }

    /// An answer begins.
    pub(super) fn answers(&self, shared_body: &Arc<SharedBody>) -> u64 {
        let mut state = self.state();
        let id = state.next_answer;
        state.next_answer += 1;
        state
            .answers
            .push(Answer::new(id, Arc::downgrade(shared_body)));
        id
    }

    /// Whether every request is answered completely.
    pub(super) fn is_quiet(&self) -> bool {
        self.state().is_quiet()
    }

    /// Whether a piece of an answer was handed out since the last call, or waits for the client to take it.
    pub(super) fn moves(&self) -> bool {
        let mut state = self.state();
        std::mem::take(&mut state.has_handed) || state.blocked.is_some()
    }

    /// The client has room for more of an answer: the server's turn.
    pub(super) fn wants(&self, id: u64) {
        let mut state = self.state();
        if let Some(answer) = state.answers.iter_mut().find(|own| own.id == id) {
            answer.is_ours();
        }
    }

    /// A piece of an answer was handed out: the client's turn.
    pub(super) fn handed(&self, id: u64, bytes: usize) {
        let mut state = self.state();
        state.has_handed = true;
        if let Some(answer) = state.answers.iter_mut().find(|own| own.id == id) {
            answer.is_the_clients(bytes);
        }
    }

    /// An answer was sent or given up.
    pub(super) fn answered(&self, id: u64) {
        let mut state = self.state();
        state.answers.retain(|own| own.id != id);
        state.quiet_from(Instant::now());
        self.end_if_withdrawn(&state);
    }

    /// Marks a connection that a trusted proxy may use for several clients.
    pub(super) fn set_shared(&self) {
        self.shared.store(true, Ordering::Relaxed);
    }

    /// Whose access decides about the answer.
    pub(super) fn depends(&self, id: u64, withdrawn: &Arc<AtomicBool>) {
        let mut state = self.state();
        if let Some(answer) = state.answers.iter_mut().find(|own| own.id == id) {
            answer.withdrawn = Arc::clone(withdrawn);
        }
        self.end_if_withdrawn(&state);
    }

    /// The caller of an answer has lost access, and the answer was marked.
    pub(super) fn withdraw(&self) {
        let state = self.state();
        // One whose last piece was handed out may still be in the hands of the HTTP library.
        let is_all = state.is_quiet() && !self.shared.load(Ordering::Relaxed);
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
        // With HTTP/1.1 there is one at a time, and what was asked behind it waits.
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
        if self.keeps_place() {
            return;
        }
        if let Some(keeper) = self.keeper.as_ref().and_then(Weak::upgrade) {
            keeper.keep(self, account);
        }
    }

    /// Whether it is protected from eviction.
    pub(crate) fn keeps_place(&self) -> bool {
        self.kept.load(Ordering::Relaxed)
    }

    pub(super) fn set_keeps_place(&self, kept: bool) {
        self.kept.store(kept, Ordering::Relaxed);
    }

    /// The peer was told to leave: without an open request, little time is left in any stage.
    pub(super) fn leave(&self) {
        let mut state = self.state();
        state.leaving = true;
        state.idle = Instant::now();
    }

    /// Discards unsent bytes at the end; the kernel would otherwise keep them for minutes.
    pub(super) fn discard(&self) {
        self.discards.store(true, Ordering::Relaxed);
    }

    /// Whether unsent bytes are discarded at the end.
    pub(super) fn discards(&self) -> bool {
        self.discards.load(Ordering::Relaxed)
    }

    /// Tells the connection to end at once.
    pub(super) fn evict(&self) {
        self.evicted.notify_one();
    }

    /// Resolves when the connection must end at once.
    pub(super) async fn evicted(&self) {
        self.evicted.notified().await;
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

    /// What an eviction would lose.
    pub(super) fn activity(&self) -> Activity {
        let state = self.state();
        if state.is_quiet() {
            Activity::Idle(state.idle)
        } else {
            Activity::Busy
        }
    }

    /// The earliest deadline; `None` while only the server itself is working.
    pub(super) fn deadline(&self, times: &Times) -> Option<Instant> {
        let state = self.state();
        let mut first = state.stage(times).map(|(at, _)| at);
        for answer in &state.answers {
            first = match (first, answer.deadline(times)) {
                (Some(first), Some((at, _))) => Some(first.min(at)),
                (first, own) => first.or(own.map(|(at, _)| at)),
            };
        }
        first
    }

    /// What is past its deadline.
    pub(super) fn overdue(&self, times: &Times) -> Option<Overdue> {
        let mut state = self.state();
        let now = Instant::now();
        if let Some((at, limit)) = state.stage(times)
            && at <= now
        {
            if *limit == limit::IDLE_SECONDS && state.is_http2 && !state.leaving {
                state.leaving = true;
                state.idle = now;
                return Some(Overdue::Idle);
            }
            return Some(Overdue::Connection(limit));
        }
        let late = |answer: &Answer| answer.deadline(times).filter(|(at, _)| *at <= now);
        let at = state.answers.iter().position(|own| late(own).is_some())?;
        let limit = state.answers.get(at).and_then(late)?.1;
        if state.requests == 0 && state.answers.len() == 1 {
            return Some(Overdue::Connection(limit));
        }
        let shared_body = state.answers.swap_remove(at).shared_body.upgrade();
        shared_body.map(|shared_body| Overdue::Answer(shared_body, limit))
    }

    fn unasked(&self) {
        let mut state = self.state();
        state.requests = state.requests.saturating_sub(1);
        state.quiet_from(Instant::now());
        self.end_if_withdrawn(&state);
    }
}

impl State {
    const fn is_quiet(&self) -> bool {
        self.requests == 0 && self.answers.is_empty()
    }

    fn quiet_from(&mut self, now: Instant) {
        if self.is_quiet() {
            self.idle = now;
        }
    }

    /// The deadline of the connection's own stage.
    fn stage(&self, times: &Times) -> Option<(Instant, &'static Limit)> {
        let stage = match self.head {
            _ if !self.is_quiet() => None,
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
pub(super) struct Asked(Arc<ConnectionState>);

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.unasked();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::answer::Paced;
    use axum::body::Body;
    use http_body_util::BodyExt as _;

    const TIMES: Times = Times {
        head: Duration::from_secs(15),
        idle: Duration::from_secs(90),
        stall: Duration::from_secs(30),
        rate: 1000,
        half_closed: Duration::from_secs(5),
    };

    fn state() -> Arc<ConnectionState> {
        Arc::new(ConnectionState::new(None))
    }

    /// Seconds to the deadline, rounded up.
    fn seconds_left(state: &ConnectionState) -> Option<u64> {
        let at = state.deadline(&TIMES)?;
        Some(
            at.saturating_duration_since(Instant::now())
                .as_millis()
                .div_ceil(1000) as u64,
        )
    }

    #[test]
    fn each_stage_has_its_time_and_bytes_prolong_none() {
        let state = state();
        assert_eq!(seconds_left(&state), Some(15));
        let begun = state.deadline(&TIMES);
        state.arrived();
        assert_eq!(state.deadline(&TIMES), begun);
        let asked = state.asked(Version::HTTP_11);
        assert_eq!(
            (seconds_left(&state), state.activity()),
            (None, Activity::Busy)
        );
        drop(asked);
        assert_eq!(seconds_left(&state), Some(90));
        state.arrived();
        assert_eq!(seconds_left(&state), Some(15));
    }

    #[test]
    fn who_is_told_to_go_has_little_time_in_any_stage() {
        let (silent, idle) = (state(), state());
        drop(idle.asked(Version::HTTP_11));
        for state in [silent, idle] {
            state.leave();
            assert_eq!(seconds_left(&state), Some(5));
            drop(state.asked(Version::HTTP_2));
            assert_eq!(seconds_left(&state), Some(5));
        }
    }

    /// Its other requests go on, and so does a connection that a proxy shares among its clients.
    #[tokio::test]
    async fn a_connection_ends_when_all_that_is_open_on_it_is_withdrawn() {
        let is_ended = async |state: &ConnectionState| {
            let evicted = tokio::time::timeout(Duration::ZERO, state.evicted());
            evicted.await.is_ok() && state.discards()
        };
        let answer = |state: &Arc<ConnectionState>| {
            let asked = state.asked(Version::HTTP_2);
            let withdrawn = Arc::new(AtomicBool::new(false));
            let paced = Paced::new(Body::from("x"), state).depends_on(&withdrawn);
            drop(asked);
            (paced, withdrawn)
        };
        let withdraw = |state: &ConnectionState, withdrawn: &AtomicBool| {
            withdrawn.store(true, Ordering::Release);
            state.withdraw();
        };
        let (own, shared) = (state(), state());
        shared.set_shared();
        let [first, second, others] = [(); 3].map(|()| answer(&own));
        let first_of_shared = answer(&shared);
        withdraw(&own, &first.1);
        withdraw(&shared, &first_of_shared.1);
        // It has ended by itself, and the other goes on.
        drop(first);
        assert!(!is_ended(&own).await && !is_ended(&shared).await);
        withdraw(&own, &second.1);
        assert!(!is_ended(&own).await && !is_ended(&shared).await);
        drop(others);
        assert!(is_ended(&own).await);
        drop((second, first_of_shared));
        assert!(!is_ended(&shared).await);
    }

    #[test]
    fn pings_do_not_prolong_an_idle_http2_connection() {
        let state = state();
        drop(state.asked(Version::HTTP_2));
        let idle = state.deadline(&TIMES);
        state.arrived();
        assert_eq!(state.deadline(&TIMES), idle);
    }

    #[test]
    fn a_socket_that_takes_nothing_is_a_stage_of_its_own() {
        let state = state();
        let _asked = state.asked(Version::HTTP_11);
        state.wrote(false);
        let stalled = state.deadline(&TIMES);
        assert_eq!(seconds_left(&state), Some(30));
        state.wrote(false);
        assert_eq!(state.deadline(&TIMES), stalled);
        state.wrote(true);
        assert_eq!(seconds_left(&state), None);
    }

    #[test]
    fn one_answer_among_others_is_given_up_alone() {
        let state = state();
        let none = Times {
            stall: Duration::ZERO,
            ..TIMES
        };
        let (mut first, second) = (
            Paced::new(Body::from("first"), &state),
            Paced::new(Body::from("second"), &state),
        );
        let Some(Overdue::Answer(shared_body, limit)) = state.overdue(&none) else {
            panic!("nothing is given up");
        };
        assert_eq!(limit.name, "write_stall_seconds");
        shared_body.give_up();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        assert!(runtime.block_on(first.frame()).unwrap().is_err());
        let last = state.overdue(&none);
        assert!(matches!(last, Some(Overdue::Connection(_))), "{last:?}");
        drop((first, second));
        assert!(matches!(state.activity(), Activity::Idle(_)));
    }
}
