//! The turns of server and client while an answer is sent, and the time that the client has left: only the
//! client's own turns count against it.

use crate::net::remaining_body::SharedBody;
use crate::net::times::Times;
use base::limit::{self, Limit};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// An answer being sent.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) id: u64,
    pub(super) shared_body: Weak<SharedBody>,
    /// Whether its caller has lost access.
    pub(super) withdrawn: Arc<AtomicBool>,
    /// Since when it is the client's turn: a piece was handed out and the next is not requested yet.
    turn: Option<Instant>,
    /// The sum of the client's earlier turns.
    waited: Duration,
    taken: u64,
}

impl Answer {
    /// An answer of which no piece is requested yet.
    pub(super) fn new(id: u64, shared_body: Weak<SharedBody>) -> Self {
        Self {
            id,
            shared_body,
            withdrawn: Arc::default(),
            turn: Some(Instant::now()),
            waited: Duration::ZERO,
            taken: 0,
        }
    }

    pub(super) fn is_withdrawn(&self) -> bool {
        self.withdrawn.load(Ordering::Acquire)
    }

    /// The client has room for more.
    pub(super) fn end_client_turn(&mut self) {
        if let Some(since) = self.turn.take() {
            self.waited += since.elapsed();
        }
    }

    /// A piece of this many bytes was handed out.
    pub(super) fn begin_client_turn(&mut self, bytes: usize) {
        self.turn = Some(Instant::now());
        self.taken = self.taken.saturating_add(bytes as u64);
    }

    /// The deadline and its limit; `None` while the server is working on the next piece.
    pub(super) fn deadline(&self, times: &Times) -> Option<(Instant, &'static Limit)> {
        let since = self.turn?;
        let stalls = since + times.stall;
        let earned = Duration::from_secs(self.taken / times.rate.max(1));
        let left = times
            .stall
            .saturating_add(earned)
            .saturating_sub(self.waited);
        if left < times.stall {
            Some((since + left, &limit::ANSWER_BYTES_PER_SECOND))
        } else {
            Some((stalls, &limit::WRITE_STALL_SECONDS))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: Times = Times {
        head: Duration::from_secs(15),
        idle: Duration::from_secs(90),
        stall: Duration::from_secs(30),
        rate: 1000,
        half_closed: Duration::from_secs(5),
    };

    #[test]
    fn an_answer_has_time_while_it_is_the_clients_turn_and_by_what_was_taken() {
        let mut answer = Answer::new(0, Weak::new());
        let limit = |answer: &Answer| answer.deadline(&TIMES).map(|(_, limit)| limit.name);
        assert_eq!(limit(&answer), Some("write_stall_seconds"));
        answer.waited = Duration::from_secs(40);
        answer.taken = 20_000;
        assert_eq!(limit(&answer), Some("answer_bytes_per_second"));
        answer.taken = 40_000;
        assert_eq!(limit(&answer), Some("write_stall_seconds"));
        answer.turn = None;
        assert_eq!(limit(&answer), None);
    }
}
