//! Rate-limits log lines about samples that were not stored: at most one line a minute for each sender, with the count since
//! the last, and a maximum of lines a minute for all senders. No line contains a name or text from a sender.
//!
//! Anybody can write any address into a datagram, and open a connection from many of their own: those whom nobody knows have lines
//! of their own, so that they hide nothing of the others.

use base::rate_limit::Table;
use base::source::{Source, SourceKey};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The pause between two lines about one sender.
const PAUSE: Duration = Duration::from_mins(1);

/// Lines in such a pause about all who are known, and as many about all others.
const LINES: u32 = 60;

/// How many senders are remembered.
const REMEMBERED: usize = 4096;

/// The reason that is logged for unknown senders.
pub(super) const NO_IDENTITY: &str = "no_identity";

/// The reasons that need no credential: anybody can give cause for them.
const OF_ANYBODY: [&str; 8] = [
    NO_IDENTITY,
    "malformed",
    "credential",
    "unprotected",
    "tls",
    "certificate",
    "protocol",
    "proxy_header",
];

/// Whether only a sender whose credential was verified can give cause for it.
pub(super) fn is_of_known(reason: &str) -> bool {
    !OF_ANYBODY.contains(&reason)
}

#[derive(Debug, Default, Clone, Copy)]
struct LastReport {
    last: Option<Instant>,
    since: u64,
}

/// The lines of one minute.
#[derive(Debug, Default)]
struct Minute {
    begun: Option<Instant>,
    lines: u32,
    /// Lines that were left out since the last one.
    left_out: u64,
}

impl Minute {
    /// Whether there may be one more.
    fn takes_one(&mut self, now: Instant) -> bool {
        if self
            .begun
            .is_none_or(|begun| now.duration_since(begun) >= PAUSE)
        {
            self.begun = Some(now);
            self.lines = 0;
        }
        let is_room = self.lines < LINES;
        self.lines += u32::from(is_room);
        self.left_out += u64::from(!is_room);
        is_room
    }
}

#[derive(Debug)]
struct State {
    /// By source, listener, and whether it is known.
    senders: Table<(Option<SourceKey>, &'static str, bool), LastReport>,
    known: Minute,
    unknown: Minute,
}

/// When each sender was last reported in the log.
#[derive(Debug)]
pub(super) struct Reports(Mutex<State>);

/// A line for the log.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    count: u64,
    left_out: u64,
}

impl Default for Reports {
    fn default() -> Self {
        Self(Mutex::new(State {
            senders: Table::new(REMEMBERED),
            known: Minute::default(),
            unknown: Minute::default(),
        }))
    }
}

impl Reports {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Logs it, or keeps it for the next line.
    pub(super) fn refused(
        &self,
        (listener, source): (&'static str, Source),
        reason: &str,
        is_known: bool,
        count: u64,
    ) {
        let line = self.due((listener, source), is_known, count, Instant::now());
        if let Some(Line { count, left_out }) = line {
            tracing::warn!(listener, %source, reason, count, left_out, "samples of a sender are not stored");
        }
    }

    fn due(
        &self,
        (listener, source): (&'static str, Source),
        is_known: bool,
        count: u64,
        now: Instant,
    ) -> Option<Line> {
        let mut state = self.state();
        let State {
            senders,
            known,
            unknown,
        } = &mut *state;
        let sender = senders.entry((source.key(), listener, is_known));
        sender.since = sender.since.saturating_add(count);
        if sender
            .last
            .is_some_and(|last| now.duration_since(last) < PAUSE)
        {
            return None;
        }
        let minute = if is_known { known } else { unknown };
        if !minute.takes_one(now) {
            return None;
        }
        sender.last = Some(now);
        Some(Line {
            count: std::mem::take(&mut sender.since),
            left_out: std::mem::take(&mut minute.left_out),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(count: u64, left_out: u64) -> Option<Line> {
        Some(Line { count, left_out })
    }

    fn source(number: u32) -> Source {
        Source::client(std::net::Ipv4Addr::from_bits(number).into())
    }

    #[test]
    fn a_sender_is_told_of_once_a_minute_with_the_sum() {
        let (reports, now) = (Reports::default(), Instant::now());
        let due = |seconds| {
            let now = now + Duration::from_secs(seconds);
            reports.due(("a", source(1)), true, 2, now)
        };
        assert_eq!(
            [due(0), due(1), due(59), due(60), due(61)],
            [line(2, 0), None, None, line(6, 0), None]
        );
        let other = reports.due(("b", source(1)), true, 1, now);
        assert_eq!(other, line(1, 0));
    }

    /// Each address had its line, and a datagram has any address: a line for each.
    #[test]
    fn many_addresses_do_not_fill_the_log_and_hide_nobody() {
        let (reports, now) = (Reports::default(), Instant::now());
        let lines = |from: u32, is_known, now| {
            let due = |number| reports.due(("a", source(from + number)), is_known, 1, now);
            (0..10_000).filter_map(due).count()
        };
        assert_eq!(lines(0, false, now), 60);
        assert_eq!(lines(1 << 20, true, now), 60);
        let next = now + PAUSE;
        let due = reports.due(("a", source(1 << 30)), false, 1, next);
        assert_eq!(due, line(1, 9940));
        assert!(reports.state().senders.len() <= REMEMBERED);
    }

    /// Only those without any identity were apart: a wrong password used up the lines about senders who are known, and one with
    /// another's address their own.
    #[test]
    fn what_anybody_can_cause_hides_nobody_who_is_known() {
        let (reports, now) = (Reports::default(), Instant::now());
        for reason in [NO_IDENTITY, "credential", "malformed", "tls", "protocol"] {
            assert!(!is_of_known(reason), "{reason}");
        }
        assert!(is_of_known("store_unavailable") && is_of_known("too_fast"));
        assert_eq!(reports.due(("a", source(1)), false, 5, now), line(5, 0));
        assert_eq!(reports.due(("a", source(1)), true, 1, now), line(1, 0));
    }
}
