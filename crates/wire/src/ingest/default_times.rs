//! The time of lines that have none: the moment they were read. Two lines of one name that were read at once are a millisecond
//! apart, so that neither replaces the other.

use super::{Moment, Now};
use base::time::Millis;
use std::collections::HashMap;

/// Gives out times, never one twice to the same name.
#[derive(Debug, Default, Clone)]
pub struct DefaultTimes {
    /// The last time that each name was given, as long as another of the same moment may follow.
    given: HashMap<String, Millis>,
    /// The latest of them.
    newest: Option<Millis>,
    bounds: Option<Bounds>,
}

/// The memory of it for a sender that sends for as long as it likes.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// How far a time may be ahead of the clock.
    ahead_millis: i64,
    /// The names that are kept, together.
    names_bytes: usize,
    /// Those that are.
    kept_bytes: usize,
}

impl DefaultTimes {
    /// For one that sends for as long as it likes: no time is more than `ahead_millis` ahead of the clock, and names of no more than
    /// `names_bytes` are kept. Beyond either a time may be given to a name again, whose earlier value is then replaced.
    #[must_use]
    pub fn bounded(ahead_millis: i64, names_bytes: usize) -> Self {
        let bounds = Bounds {
            ahead_millis,
            names_bytes,
            kept_bytes: 0,
        };
        Self {
            bounds: Some(bounds),
            ..Self::default()
        }
    }

    /// The time of a line of this name that has none of its own.
    #[must_use]
    pub fn moment(&mut self, name: &str, now: Now<'_>) -> Moment {
        let moment = now.moment();
        Moment {
            at: self.stamp(name, moment.at),
            ..moment
        }
    }

    fn stamp(&mut self, name: &str, now: Millis) -> Millis {
        let latest = self.bounds.map(|bounds| now.plus(bounds.ahead_millis));
        // Nothing that was given can be given again: what is kept is about as much as was read at once. What was given further
        // ahead than may be came from a clock that was set back since, which is followed.
        let is_past = |newest: Millis| newest < now || latest.is_some_and(|latest| newest > latest);
        if self.newest.is_none_or(is_past) {
            self.forget();
        }
        let stamp = match self.given.get_mut(name) {
            Some(last) => {
                let next = last.plus(1);
                *last = now.max(latest.map_or(next, |latest| next.min(latest)));
                *last
            }
            None => {
                self.keep(name, now);
                now
            }
        };
        self.newest = self.newest.max(Some(stamp));
        stamp
    }

    fn keep(&mut self, name: &str, at: Millis) {
        if let Some(bounds) = &mut self.bounds {
            bounds.kept_bytes += name.len();
            if bounds.kept_bytes > bounds.names_bytes {
                bounds.kept_bytes = name.len();
                self.given.clear();
            }
        }
        self.given.insert(name.to_owned(), at);
    }

    fn forget(&mut self) {
        self.given.clear();
        self.newest = None;
        if let Some(bounds) = &mut self.bounds {
            bounds.kept_bytes = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_name_is_given_a_time_twice(reads in prop::collection::vec((0_u8..3, 0_i64..4), 1..60)) {
            let (mut stamps, mut now, mut last) = (DefaultTimes::default(), 0, HashMap::new());
            for (name, later) in reads {
                now += later;
                let stamp = stamps.stamp(&name.to_string(), Millis(now));
                prop_assert!(stamp.0 >= now);
                if let Some(before) = last.insert(name, stamp) {
                    prop_assert!(stamp > before);
                }
            }
            prop_assert!(stamps.given.len() <= 3);
        }
    }

    #[test]
    fn default_times_of_an_endless_stream_are_bounded() {
        let mut stamps = DefaultTimes::bounded(3, 100);
        let one: Vec<_> = (0..6).map(|_| stamps.stamp("one", Millis(10)).0).collect();
        assert_eq!(one, [10, 11, 12, 13, 13, 13]);
        for number in 0..10_000 {
            stamps.stamp(&format!("{number:05}"), Millis(10));
            assert!(stamps.given.keys().map(String::len).sum::<usize>() <= 100);
        }
        stamps.stamp("one", Millis(20));
        assert_eq!(stamps.given.len(), 1);
    }

    #[test]
    fn a_clock_that_is_set_back_is_followed() {
        let mut stamps = DefaultTimes::bounded(3, 100);
        let times = [100_000, 100_000, 10, 10, 20, 16].map(|now| {
            let stamp = stamps.stamp("one", Millis(now));
            stamp.0
        });
        assert_eq!(times, [100_000, 100_001, 10, 11, 20, 16]);
    }

    #[test]
    fn what_is_past_is_forgotten() {
        let mut stamps = DefaultTimes::default();
        for at in 0..1000 {
            stamps.stamp(&format!("n{at}"), Millis(at));
        }
        assert_eq!(stamps.given.len(), 1);
    }
}
