//! Whose turn it is with an answer on its way, and how long the client has left: only time in which it was the client's turn
//! counts against it.

use crate::net::remaining_body::SharedBody;
use crate::net::times::Times;
use base::limit::{self, Limit};
use std::sync::Weak;
use std::time::{Duration, Instant};

/// An answer on its way.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) id: u64,
    pub(super) shared_body: Weak<SharedBody>,
    /// Since when it is the client's turn: a piece was handed out, and no other has been asked for.
    turn: Option<Instant>,
    /// How long it has been the client's turn before that.
    waited: Duration,
    taken: u64,
}

impl Answer {
    /// It begins: nothing has been asked for yet.
    pub(super) fn new(id: u64, shared_body: Weak<SharedBody>) -> Self {
        Self {
            id,
            shared_body,
            turn: Some(Instant::now()),
            waited: Duration::ZERO,
            taken: 0,
        }
    }

    /// The client has room for more.
    pub(super) fn is_ours(&mut self) {
        if let Some(since) = self.turn.take() {
            self.waited += since.elapsed();
        }
    }

    /// A piece of so many bytes was handed out.
    pub(super) fn is_the_clients(&mut self, bytes: usize) {
        self.turn = Some(Instant::now());
        self.taken = self.taken.saturating_add(bytes as u64);
    }

    /// When it takes too long, and by which limit; `None` while the server itself is at work on it.
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
