//! Who has authenticated since it was last written down. Counting takes no database, so that no request waits for it; a process
//! that is killed loses what it has counted since.

use crate::model::activity::{Activity, Subject};
use base::id::{AccountId, Guid};
use base::time::Millis;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The counts.
#[derive(Debug)]
pub(crate) struct UnwrittenActivity {
    most: usize,
    table: Mutex<HashMap<Subject, Activity>>,
    /// How often somebody was not counted, because there was no room.
    uncounted: AtomicU64,
    /// Held while counts are on their way into the database: what is read meanwhile would lack them.
    pub(crate) turn: tokio::sync::Mutex<()>,
}

impl UnwrittenActivity {
    /// Counts at most so many at a time.
    pub(crate) fn new(most: u64) -> Self {
        Self {
            most: usize::try_from(most).unwrap_or(usize::MAX),
            table: Mutex::default(),
            uncounted: AtomicU64::new(0),
            turn: tokio::sync::Mutex::new(()),
        }
    }

    fn table(&self) -> MutexGuard<'_, HashMap<Subject, Activity>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts that somebody has authenticated.
    pub(crate) fn note(&self, subject: Subject, now: Millis) {
        self.add(subject, Activity::once(now));
    }

    fn add(&self, subject: Subject, more: Activity) {
        let mut table = self.table();
        if let Some(known) = table.get_mut(&subject) {
            *known = known.and(more);
        } else if table.len() < self.most {
            table.insert(subject, more);
        } else {
            self.uncounted.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes the counts, in the order of the subjects.
    pub(crate) fn take(&self) -> Vec<(Subject, Activity)> {
        let mut all: Vec<_> = std::mem::take(&mut *self.table()).into_iter().collect();
        all.sort_unstable_by_key(|(subject, _)| *subject);
        all
    }

    /// Puts back counts that could not be written.
    pub(crate) fn give_back(&self, all: Vec<(Subject, Activity)>) {
        for (subject, activity) in all {
            self.add(subject, activity);
        }
    }

    /// What is counted of one subject.
    pub(crate) fn of(&self, subject: Subject) -> Activity {
        self.table().get(&subject).copied().unwrap_or_default()
    }

    /// When each subject of an account has authenticated last, as far as it is counted.
    pub(crate) fn last_of_account(&self, account: AccountId) -> HashMap<Guid, Millis> {
        let table = self.table();
        let of_account = table
            .iter()
            .filter(|(subject, _)| subject.account == account);
        of_account
            .filter_map(|(subject, activity)| Some((subject.guid, activity.last_at?)))
            .collect()
    }

    /// How often somebody was not counted, because there was no room.
    pub(crate) fn uncounted(&self) -> u64 {
        self.uncounted.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(number: u8) -> Subject {
        Subject {
            account: AccountId(Guid::from_random([0; 16])),
            holder: Guid::from_random([1; 16]),
            guid: Guid::from_random([number; 16]),
        }
    }

    #[test]
    fn each_is_counted_and_the_last_time_kept() {
        let activity = UnwrittenActivity::new(10);
        activity.note(subject(1), Millis(5));
        activity.note(subject(2), Millis(6));
        // A clock that was set back.
        activity.note(subject(1), Millis(4));
        let twice = Activity {
            last_at: Some(Millis(5)),
            times: 2,
        };
        assert_eq!(activity.of(subject(1)), twice);
        assert_eq!(activity.of(subject(3)), Activity::default());
        let account = subject(1).account;
        assert_eq!(activity.last_of_account(account).len(), 2);
        let taken = activity.take();
        assert_eq!(taken.len(), 2);
        assert!(taken.is_sorted_by_key(|(subject, _)| *subject));
        assert_eq!(activity.of(subject(1)), Activity::default());
        activity.note(subject(1), Millis(7));
        activity.give_back(taken);
        assert_eq!(activity.of(subject(1)).times, 3);
        assert_eq!(activity.of(subject(1)).last_at, Some(Millis(7)));
    }

    #[test]
    fn what_has_no_room_is_a_hit_of_the_limit() {
        let activity = UnwrittenActivity::new(2);
        for number in [1, 2, 3, 2, 3] {
            activity.note(subject(number), Millis(0));
        }
        assert_eq!(activity.of(subject(2)).times, 2, "who is there is counted");
        assert_eq!(activity.of(subject(3)).times, 0);
        assert_eq!(activity.uncounted(), 2);
        assert_eq!(activity.take().len(), 2);
    }
}
