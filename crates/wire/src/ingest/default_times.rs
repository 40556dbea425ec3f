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
}

impl DefaultTimes {
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
        // Nothing that was given can be given again: what is kept is about as much as was read at once.
        if self.newest.is_none_or(|newest| newest < now) {
            self.given.clear();
        }
        let stamp = match self.given.get_mut(name) {
            Some(last) => {
                *last = now.max(last.plus(1));
                *last
            }
            None => {
                self.given.insert(name.to_owned(), now);
                now
            }
        };
        self.newest = self.newest.max(Some(stamp));
        stamp
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
    fn what_is_past_is_forgotten() {
        let mut stamps = DefaultTimes::default();
        for at in 0..1000 {
            stamps.stamp(&format!("n{at}"), Millis(at));
        }
        assert_eq!(stamps.given.len(), 1);
    }
}
