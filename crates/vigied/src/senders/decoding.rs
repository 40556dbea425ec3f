//! Decodes Graphite's lines, and stores their samples.

use super::credential::SenderCredential;
use super::pending_lines::count;
use super::shared::SenderContext;
use super::storing::{Outcome, Sender, store};
use base::sample::RejectReason;
use base::scope::Domain;
use base::time::Millis;
use std::cell::RefCell;
use std::collections::HashMap;
use wire::ingest::plaintext::{self, Times};
use wire::ingest::{DefaultTimes, LineReject, Lines};

/// How far a time that was given may be ahead of the clock, however often lines come.
const AHEAD_MILLIS: i64 = 1000;

/// The names that are kept for a connection or a listener, so that none is given a time twice.
const NAMES_BYTES: usize = 64 * 1024;

/// The times that lines without one are given.
pub(super) fn default_times() -> DefaultTimes {
    DefaultTimes::bounded(AHEAD_MILLIS, NAMES_BYTES)
}

/// For so many domains a listener remembers what it gave.
const DOMAINS: usize = 64;

/// The times that a listener gave to lines without one, by domain: lines of one domain move no times of another.
#[derive(Debug, Default)]
pub(super) struct DefaultTimesByDomain(HashMap<Domain, DefaultTimes>);

impl DefaultTimesByDomain {
    /// The times given to lines for this domain.
    pub(super) fn of(&mut self, domain: Domain) -> &mut DefaultTimes {
        if self.0.len() >= DOMAINS && !self.0.contains_key(&domain) {
            self.0.clear();
        }
        self.0.entry(domain).or_insert_with(default_times)
    }
}

/// The result for something that is no line, or no frame of samples.
pub(super) fn malformed(why: &str) -> Lines {
    Lines {
        received: 1,
        rejects: vec![LineReject {
            line: 1,
            name: None,
            reason: RejectReason::Malformed(why.to_owned()),
        }],
        ..Lines::default()
    }
}

/// Stores lines of a connection. `given` is what lines without a time were given before.
pub(super) fn put(
    (shared, sender): (&SenderContext, Sender),
    credential: &SenderCredential,
    lines: &[u8],
    at: Millis,
    given: &RefCell<DefaultTimes>,
) -> Outcome {
    let patience = (shared.limits.held, count(lines));
    let before = given.borrow().clone();
    let decode = || {
        let (lines, after) = decode(lines, at, before.clone());
        given.replace(after);
        lines
    };
    store(shared, sender, credential, patience, &decode)
}

/// Decodes lines; also of a datagram, whose last one needs no end. Lines that say no time have one that no line before them of the
/// same name was given.
pub(super) fn decode(lines: &[u8], at: Millis, given: DefaultTimes) -> (Lines, DefaultTimes) {
    let mut decoder = plaintext::Decoder::new(Times::Epoch).with_times_given(given);
    decoder.feed(lines, at);
    decoder.finish(at);
    let ready = decoder.take();
    (ready, decoder.into_times_given())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One table for all: someone who sent much of a name moved the times of all others who have one like it.
    #[test]
    fn a_domain_moves_no_times_of_another() {
        use base::id::{Guid, SpaceId};
        let space = |number: u8| Domain::Space(SpaceId(Guid::from_random([number; 16])));
        let mut given = DefaultTimesByDomain::default();
        let mut first = |domain, lines: &str| {
            let times = given.of(domain);
            let (lines, after) = decode(lines.as_bytes(), Millis(5), std::mem::take(times));
            *times = after;
            lines.batch.iter().next().map(|sample| sample.at.0)
        };
        assert_eq!(first(space(1), "a 1\na 2\n"), Some(5));
        assert_eq!(first(space(1), "a 3"), Some(7));
        assert_eq!(first(space(2), "a 1"), Some(5));
        for number in 3..=200 {
            first(space(number), "a 1");
        }
        assert!(given.0.len() <= DOMAINS);
    }

    /// The clock was ahead for a moment: until it had caught up, all lines without a time were ahead of it, or had one time
    /// together.
    #[test]
    fn a_clock_that_is_set_back_is_followed() {
        let (mut given, mut times) = (default_times(), Vec::new());
        for (lines, at) in [
            ("a 1\na 2", 5_000_000),
            ("a 3\na 4", 5_000),
            ("a 5", 5_001),
            ("a 6", 5_900),
            // A step back within a second is not visible.
            ("a 7", 5_100),
        ] {
            let (lines, after) = decode(lines.as_bytes(), Millis(at), given);
            given = after;
            times.extend(lines.batch.iter().map(|sample| sample.at.0));
        }
        assert_eq!(
            times,
            [5_000_000, 5_000_001, 5_000, 5_001, 5_002, 5_900, 5_901]
        );
    }

    #[test]
    fn what_says_no_time_has_one_that_none_before_it_had() {
        let mut given = DefaultTimes::default();
        let mut times = Vec::new();
        for (lines, at) in [("a 1 -1\na 2 -1\n", 5), ("a 3 -1\nb 4\n", 6), ("a 5", 9)] {
            let (lines, after) = decode(lines.as_bytes(), Millis(at), given);
            given = after;
            times.extend(
                lines
                    .batch
                    .iter()
                    .map(|sample| (sample.name().into_owned(), sample.at.0)),
            );
        }
        let times: Vec<_> = times.iter().map(|time| (time.0.as_str(), time.1)).collect();
        assert_eq!(times, [("a", 5), ("a", 6), ("a", 7), ("b", 6), ("a", 9)]);
    }
}
