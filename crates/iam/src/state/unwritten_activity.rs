//! The authentications that are not in the database yet. Counting uses no database, so that no request waits for it; a process that is
//! killed loses what it has counted since the last write.

use crate::keyed_turns::KeyedTurns;
use crate::model::activity::{Activity, Subject};
use base::id::{AccountId, Guid};
use base::time::Millis;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Mutex as AsyncMutex;

/// The counts.
#[derive(Debug)]
pub(crate) struct UnwrittenActivity {
    most: usize,
    tables: Mutex<Tables>,
    /// How often somebody was not counted, because there was no room.
    uncounted: AtomicU64,
    /// Had by the one who writes down: there is one place for what is on its way.
    pub(crate) writing: AsyncMutex<()>,
    /// One for each account, of who writes its counts into the database, and of who adds up what is there and what is here: some of it
    /// would be added twice, or not at all. By account, as the writer waits for the account's lock in the database. Who asks for the last
    /// time alone needs none ([`Self::last_of_account`]).
    pub(crate) turns: KeyedTurns<AccountId>,
}

#[derive(Debug, Default)]
struct Tables {
    waiting: HashMap<Subject, Activity>,
    on_the_way: Vec<(Subject, Activity)>,
    /// The first account of those whose counts could not be written the last time.
    put_off: Option<AccountId>,
}

impl Tables {
    fn add(&mut self, (subject, more): (Subject, Activity), most: usize) -> bool {
        let is_full = self.waiting.len() >= most;
        match self.waiting.get_mut(&subject) {
            Some(known) => *known = known.and(more),
            None if is_full => return false,
            None => {
                self.waiting.insert(subject, more);
            }
        }
        true
    }
}

impl UnwrittenActivity {
    /// Counts at most so many at a time.
    pub(crate) fn new(most: u64) -> Self {
        Self {
            most: usize::try_from(most).unwrap_or(usize::MAX),
            tables: Mutex::default(),
            uncounted: AtomicU64::new(0),
            writing: AsyncMutex::new(()),
            turns: KeyedTurns::new(1),
        }
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts that somebody has authenticated.
    pub(crate) fn note(&self, subject: Subject, now: Millis) {
        let counted = (subject, Activity::once(now));
        if !self.tables().add(counted, self.most) {
            self.uncounted.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Who has authenticated, in order of their accounts; those accounts first that come after the one that could not be written the last
    /// time, which is the last.
    pub(crate) fn subjects(&self) -> Vec<Subject> {
        let (mut all, put_off) = {
            let tables = self.tables();
            let all: Vec<Subject> = tables.waiting.keys().copied().collect();
            (all, tables.put_off)
        };
        all.sort_unstable();
        let tried = all.partition_point(|subject| Some(subject.account) <= put_off);
        all.rotate_left(tried);
        all
    }

    /// Takes the counts of these, which are on their way until [`Self::record_written`] or [`Self::give_back`].
    pub(crate) fn take(&self, subjects: &[Subject]) -> Vec<(Subject, Activity)> {
        let mut tables = self.tables();
        let taken = subjects.iter();
        let taken: Vec<_> = taken
            .filter_map(|subject| tables.waiting.remove_entry(subject))
            .collect();
        tables.on_the_way.clone_from(&taken);
        taken
    }

    /// Forgets the counts that are on their way: they are written, or may be.
    pub(crate) fn record_written(&self) {
        self.tables().on_the_way.clear();
    }

    /// Puts back the counts that are on their way: they could not be written.
    pub(crate) fn give_back(&self) {
        let mut tables = self.tables();
        let not_written = std::mem::take(&mut tables.on_the_way);
        tables.put_off = not_written.first().map(|(subject, _)| subject.account);
        for counted in not_written {
            if !tables.add(counted, self.most) {
                self.uncounted.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// What is counted of one subject and is not on its way.
    pub(crate) fn of(&self, subject: Subject) -> Activity {
        let tables = self.tables();
        tables.waiting.get(&subject).copied().unwrap_or_default()
    }

    /// When each subject of an account has authenticated last, as far as it is counted, be it on its way. Read before the database, it
    /// lacks nothing: what is gone from here by then is there.
    pub(crate) fn last_of_account(&self, account: AccountId) -> HashMap<Guid, Millis> {
        let tables = self.tables();
        let mut last: HashMap<Guid, Millis> = HashMap::new();
        let on_the_way = tables.on_the_way.iter().map(|(subject, at)| (subject, at));
        for (subject, activity) in tables.waiting.iter().chain(on_the_way) {
            if let Some(at) = activity.last_at.filter(|_| subject.account == account) {
                let known = last.entry(subject.guid).or_insert(at);
                *known = at.max(*known);
            }
        }
        last
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
    }

    #[test]
    fn what_is_on_its_way_is_seen_until_it_is_written_and_comes_back_if_it_is_not() {
        let activity = UnwrittenActivity::new(10);
        let account = subject(1).account;
        let last = |number| {
            activity
                .last_of_account(account)
                .get(&subject(number).guid)
                .copied()
        };
        activity.note(subject(2), Millis(6));
        activity.note(subject(1), Millis(5));
        let all = activity.subjects();
        assert!(all.is_sorted() && all.len() == 2);
        assert_eq!(activity.take(&all).len(), 2);
        assert_eq!(activity.of(subject(1)), Activity::default());
        assert_eq!((last(1), last(2)), (Some(Millis(5)), Some(Millis(6))));
        activity.note(subject(1), Millis(7));
        assert_eq!(last(1), Some(Millis(7)));
        activity.give_back();
        assert_eq!(activity.of(subject(1)).times, 2);
        assert_eq!(activity.of(subject(1)).last_at, Some(Millis(7)));

        assert_eq!(activity.take(&[subject(2)]).len(), 1);
        assert!(activity.take(&[subject(2)]).is_empty(), "it is taken once");
        assert_eq!(activity.take(&[subject(1)]).len(), 1);
        activity.record_written();
        assert!(activity.subjects().is_empty() && last(1).is_none());
    }

    #[test]
    fn an_account_that_could_not_be_written_comes_after_the_others() {
        let activity = UnwrittenActivity::new(10);
        let of_account = |byte| Subject {
            account: AccountId(Guid::from_random([byte; 16])),
            ..subject(1)
        };
        let all: Vec<Subject> = (1..=3).map(of_account).collect();
        for one in &all {
            activity.note(*one, Millis(5));
        }
        let mut sorted = all;
        sorted.sort_unstable();
        let in_turn = |places: [usize; 3]| places.map(|place| sorted[place]).to_vec();
        assert_eq!(activity.subjects(), in_turn([0, 1, 2]));
        for (failed, next) in [(1, [2, 0, 1]), (2, [0, 1, 2]), (0, [1, 2, 0])] {
            assert_eq!(activity.take(&sorted[failed..=failed]).len(), 1);
            activity.give_back();
            assert_eq!(activity.subjects(), in_turn(next), "after {failed}");
        }
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
        assert_eq!(activity.subjects().len(), 2);
    }
}
