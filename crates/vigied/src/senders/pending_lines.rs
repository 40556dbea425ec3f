//! Lines that could not be stored because the sender's credential could not be verified for the moment: kept with their time of
//! arrival, up to a bound.

use super::budget::BudgetReservation;
use super::shared::SenderContext;
use crate::http::fair_share::ShareOwner;
use base::time::Millis;
use std::time::Instant;
use wire::auth_line;

/// The lines of one connection.
#[derive(Debug)]
pub(super) struct PendingLines<'b> {
    pub(super) since: Instant,
    pieces: Vec<(Millis, Vec<u8>)>,
    lines: u64,
    bytes: usize,
    most: usize,
    taken: BudgetReservation<'b>,
}

impl<'b> PendingLines<'b> {
    /// Room for lines that come from now on.
    pub(super) fn from_now(shared: &'b SenderContext, owner: ShareOwner) -> Self {
        let taken = shared.in_flight.none(owner);
        Self::new(Instant::now(), shared.limits.held_bytes, taken)
    }

    const fn new(since: Instant, most: usize, taken: BudgetReservation<'b>) -> Self {
        Self {
            since,
            pieces: Vec::new(),
            lines: 0,
            bytes: 0,
            most,
            taken,
        }
    }

    /// Keeps whole lines; how many there was no room for.
    pub(super) fn keep(&mut self, lines: &[u8], at: Millis) -> u64 {
        // A piece costs more than its bytes: its place in the list, which doubles as it grows, and what the allocator adds.
        let cost = lines.len() + 3 * size_of::<(Millis, Vec<u8>)>();
        if self.bytes + cost > self.most || !self.taken.grow(cost) {
            return count(lines);
        }
        self.bytes += cost;
        self.lines += count(lines);
        self.pieces.push((at, lines.to_vec()));
        0
    }

    pub(super) fn pieces(&self) -> impl Iterator<Item = (Millis, &[u8])> {
        self.pieces
            .iter()
            .map(|(at, lines)| (*at, lines.as_slice()))
    }

    /// How many lines are held.
    pub(super) const fn lines(&self) -> u64 {
        self.lines
    }
}

/// How many lines there are, the last one with or without its end.
pub(super) fn count(lines: &[u8]) -> u64 {
    let ends = memchr::memchr_iter(b'\n', lines).count() as u64;
    ends + u64::from(lines.last().is_some_and(|last| *last != b'\n'))
}

/// How many of them may be samples: neither empty, nor `AUTH`.
pub(super) fn count_samples(lines: &[u8]) -> u64 {
    let lines = lines.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let samples = lines.filter(|line| !line.is_empty() && !auth_line::is_one(line));
    samples.count() as u64
}

#[cfg(test)]
mod tests {
    use super::super::budget::Budget;
    use super::*;

    #[test]
    fn what_finds_no_room_is_counted() {
        use crate::http::fair_share::Shares;
        let budget = Budget::new(1300, Shares::whole());
        let none = || budget.none(ShareOwner::Proxy);
        let mut held = PendingLines::new(Instant::now(), 250, none());
        assert_eq!(held.keep(b"a 1\nb 2\n", Millis(1)), 0);
        assert_eq!(held.keep(&b"a 1\n".repeat(100), Millis(2)), 100);
        assert_eq!(held.keep(b"c 3\n", Millis(3)), 0);
        assert_eq!(held.lines(), 3);
        let mut other = PendingLines::new(Instant::now(), 10_000, none());
        assert_eq!(other.keep(&b"a 1\n".repeat(240), Millis(2)), 240);
        drop(held);
        assert_eq!(other.keep(&b"a 1\n".repeat(240), Millis(2)), 0);
    }

    #[test]
    fn what_is_no_sample_does_not_count() {
        let lines = b"a 1\n\n \r\nAUTH iam x\nAUTH\r\nb 2\nAUTHOR 1\nc";
        assert_eq!(count_samples(lines), 4);
        assert_eq!(count_samples(b"") + count_samples(b"\n"), 0);
    }

    #[test]
    fn a_last_line_without_its_end_counts() {
        assert_eq!(
            [count(b""), count(b"\n"), count(b"a\nb"), count(b"a\nb\n")],
            [0, 1, 2, 2]
        );
    }
}
