//! What is known of one connection while it is open: in which stage it is, since when, and what it waits for. From this
//! follow its deadline and whether it gives way when all places are taken.
//!
//! A stage begins with the first byte that belongs to it and ends when it is done; bytes that trickle in between prolong
//! nothing.

mod turn;

use super::left::Held;
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

/// How long a peer that was told to go may take.
const LEAVE_TIME: Duration = Duration::from_secs(5);

/// Where a connection is among the places: its source, and its number.
pub(super) type At = (Option<SourceKey>, u64);

/// Whoever gives out the places.
pub(super) trait Keeper: std::fmt::Debug + Send + Sync {
    /// Lets the connection keep its place when places are short: a request on it was made with a good credential of this account.
    fn keep(&self, line: &Line, account: AccountId);
}

/// One connection. The request's extensions hold it.
#[derive(Debug)]
pub(crate) struct Line {
    state: Mutex<State>,
    evicted: Notify,
    /// Requests whose work is for nobody when the client has gone.
    followed: AtomicUsize,
    follows: Notify,
    /// Set by the places alone.
    kept: AtomicBool,
    discards: AtomicBool,
    keeper: Option<Weak<dyn Keeper>>,
    place: Mutex<Option<At>>,
}

#[derive(Debug)]
struct State {
    /// Since when a request's head is due or arriving.
    head: Option<Instant>,
    /// Since when nothing is asked.
    idle: Instant,
    /// Told to go since it was idle.
    leaving: bool,
    is_http2: bool,
    /// Requests that have no answer yet: those have a time limit of their own.
    requests: usize,
    answers: Vec<Answer>,
    next_answer: u64,
    /// Since when the socket takes nothing.
    blocked: Option<Instant>,
    /// Something of an answer was handed out, since somebody asked.
    has_handed: bool,
}

/// What has taken too long.
#[derive(Debug)]
pub(super) enum Overdue {
    /// The connection as a whole: it is closed.
    Connection(&'static Limit),
    /// It was idle: the peer is told to go.
    Idle,
    /// One answer among others: it alone is given up.
    Answer(Arc<Held>, &'static Limit),
}

/// How a connection stands when places are short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// Nothing is being worked on; since then.
    Idle(Instant),
    /// A request is being worked on, or an answer on its way.
    Busy,
}

impl Line {
    pub(super) fn new(keeper: Option<Weak<dyn Keeper>>) -> Self {
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
            followed: AtomicUsize::new(0),
            follows: Notify::new(),
            kept: AtomicBool::new(false),
            discards: AtomicBool::new(false),
            keeper,
            place: Mutex::new(None),
        }
    }

    /// Whether no request is being answered: what is written now is none of ours.
    pub(super) fn is_unasked(&self) -> bool {
        let state = self.state();
        state.is_quiet() && !state.is_http2
    }

    /// Where it stands among the places.
    pub(super) fn at(&self) -> Option<At> {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_at(&self, at: Option<At>) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stage before the first head has ended: time for the head begins.
    pub(super) fn await_head(&self) {
        self.state().head = Some(Instant::now());
    }

    /// Bytes came.
    pub(super) fn arrived(&self) {
        let mut state = self.state();
        // What comes by HTTP/2 without a request may be anything, and prolongs nothing: the idle time goes on.
        if state.is_quiet() && !state.is_http2 && state.head.is_none() {
            state.head = Some(Instant::now());
        }
    }

    /// The socket takes bytes, or doesn't.
    pub(super) fn wrote(&self, progress: bool) {
        let mut state = self.state();
        if progress {
            state.blocked = None;
        } else if state.blocked.is_none() {
            state.blocked = Some(Instant::now());
        }
    }

    /// A request's head is there.
    pub(super) fn asked(self: &Arc<Self>, version: Version) -> Asked {
        let mut state = self.state();
        state.head = None;
        state.is_http2 = version == Version::HTTP_2;
        state.requests += 1;
        drop(state);
        Asked(Arc::clone(self))
    }

    /// An answer begins to be sent.
    pub(super) fn answers(&self, held: &Arc<Held>) -> u64 {
        let mut state = self.state();
        let id = state.next_answer;
        state.next_answer += 1;
        state.answers.push(Answer::new(id, Arc::downgrade(held)));
        id
    }

    /// Whether nothing is asked that is not answered whole.
    pub(super) fn is_quiet(&self) -> bool {
        self.state().is_quiet()
    }

    /// Whether a piece of an answer has been handed out since it was last asked, or waits for the client to take it.
    pub(super) fn moves(&self) -> bool {
        let mut state = self.state();
        std::mem::take(&mut state.has_handed) || state.blocked.is_some()
    }

    /// The client has room for more of an answer: it is our turn.
    pub(super) fn wants(&self, id: u64) {
        let mut state = self.state();
        if let Some(answer) = state.answers.iter_mut().find(|own| own.id == id) {
            answer.is_ours();
        }
    }

    /// A piece of an answer was handed out: it is the client's turn.
    pub(super) fn handed(&self, id: u64, bytes: usize) {
        let mut state = self.state();
        state.has_handed = true;
        if let Some(answer) = state.answers.iter_mut().find(|own| own.id == id) {
            answer.is_the_clients(bytes);
        }
    }

    /// An answer is sent, or given up.
    pub(super) fn answered(&self, id: u64) {
        let mut state = self.state();
        state.answers.retain(|own| own.id != id);
        state.quiet_from(Instant::now());
    }

    /// A request on this connection was made with a good credential of this account: it keeps its place when places are short.
    pub(crate) fn prove(&self, account: AccountId) {
        if self.keeps_place() {
            return;
        }
        if let Some(keeper) = self.keeper.as_ref().and_then(Weak::upgrade) {
            keeper.keep(self, account);
        }
    }

    /// Whether it keeps its place when places are short.
    pub(crate) fn keeps_place(&self) -> bool {
        self.kept.load(Ordering::Relaxed)
    }

    pub(super) fn set_keeps_place(&self, kept: bool) {
        self.kept.store(kept, Ordering::Relaxed);
    }

    /// The peer is told to go: what has not asked by now has little time left, whatever stage it is in.
    pub(super) fn leave(&self) {
        let mut state = self.state();
        state.leaving = true;
        state.idle = Instant::now();
    }

    /// What was written and not taken is to be thrown away: the system would keep it for minutes after the end.
    pub(super) fn discard(&self) {
        self.discards.store(true, Ordering::Relaxed);
    }

    /// Whether what was written and not taken is thrown away at the end.
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

    /// The work of a further request ends with its client.
    pub(super) fn follow(&self) {
        self.followed.fetch_add(1, Ordering::AcqRel);
        self.follows.notify_one();
    }

    pub(super) fn unfollow(&self) {
        self.followed.fetch_sub(1, Ordering::AcqRel);
    }

    pub(super) fn is_followed(&self) -> bool {
        self.followed.load(Ordering::Acquire) > 0
    }

    /// Resolves when there is work that ends with the client.
    pub(super) async fn followed(&self) {
        while !self.is_followed() {
            self.follows.notified().await;
        }
    }

    /// How it stands when places are short.
    pub(super) fn standing(&self) -> Standing {
        let state = self.state();
        if state.is_quiet() {
            Standing::Idle(state.idle)
        } else {
            Standing::Busy
        }
    }

    /// When the first thing takes too long; `None` while the server itself is at work.
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

    /// What takes too long by now.
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
        let held = state.answers.swap_remove(at).held.upgrade();
        held.map(|held| Overdue::Answer(held, limit))
    }

    fn unasked(&self) {
        let mut state = self.state();
        state.requests = state.requests.saturating_sub(1);
        state.quiet_from(Instant::now());
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

/// A request that has no answer yet.
#[derive(Debug)]
pub(super) struct Asked(Arc<Line>);

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

    fn line() -> Arc<Line> {
        Arc::new(Line::new(None))
    }

    /// Seconds to the deadline, rounded up.
    fn left(line: &Line) -> Option<u64> {
        let at = line.deadline(&TIMES)?;
        Some(
            at.saturating_duration_since(Instant::now())
                .as_millis()
                .div_ceil(1000) as u64,
        )
    }

    #[test]
    fn each_stage_has_its_time_and_bytes_prolong_none() {
        let line = line();
        assert_eq!(left(&line), Some(15));
        let begun = line.deadline(&TIMES);
        line.arrived();
        assert_eq!(line.deadline(&TIMES), begun);
        let asked = line.asked(Version::HTTP_11);
        assert_eq!((left(&line), line.standing()), (None, Standing::Busy));
        drop(asked);
        assert_eq!(left(&line), Some(90));
        line.arrived();
        assert_eq!(left(&line), Some(15));
    }

    #[test]
    fn who_is_told_to_go_has_little_time_in_any_stage() {
        let (silent, idle) = (line(), line());
        drop(idle.asked(Version::HTTP_11));
        for line in [silent, idle] {
            line.leave();
            assert_eq!(left(&line), Some(5));
            drop(line.asked(Version::HTTP_2));
            assert_eq!(left(&line), Some(5));
        }
    }

    #[test]
    fn pings_do_not_prolong_an_idle_http2_connection() {
        let line = line();
        drop(line.asked(Version::HTTP_2));
        let idle = line.deadline(&TIMES);
        line.arrived();
        assert_eq!(line.deadline(&TIMES), idle);
    }

    #[test]
    fn a_socket_that_takes_nothing_is_a_stage_of_its_own() {
        let line = line();
        let _asked = line.asked(Version::HTTP_11);
        line.wrote(false);
        let stalled = line.deadline(&TIMES);
        assert_eq!(left(&line), Some(30));
        line.wrote(false);
        assert_eq!(line.deadline(&TIMES), stalled);
        line.wrote(true);
        assert_eq!(left(&line), None);
    }

    #[test]
    fn one_answer_among_others_is_given_up_alone() {
        let line = line();
        let none = Times {
            stall: Duration::ZERO,
            ..TIMES
        };
        let (mut first, second) = (
            Paced::new(Body::from("first"), &line),
            Paced::new(Body::from("second"), &line),
        );
        let Some(Overdue::Answer(held, limit)) = line.overdue(&none) else {
            panic!("nothing is given up");
        };
        assert_eq!(limit.name, "write_stall_seconds");
        held.give_up();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        assert!(runtime.block_on(first.frame()).unwrap().is_err());
        let last = line.overdue(&none);
        assert!(matches!(last, Some(Overdue::Connection(_))), "{last:?}");
        drop((first, second));
        assert!(matches!(line.standing(), Standing::Idle(_)));
    }
}
