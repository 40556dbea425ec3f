//! Senders and refused samples by domain, within limits: in a domain the one that was silent longest gives way, and where all
//! domains together have too many, one of the domain that has most.

use super::arrival::{Arrival, ArrivalSource, RefusedSample};
use base::limit::{self, Limit};
use base::scope::Domain;
use base::time::Millis;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// How many there are at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) senders: usize,
    pub(crate) senders_per_domain: usize,
    pub(crate) rejects: usize,
    pub(crate) rejects_per_domain: usize,
}

/// How long nothing may come before a sender counts as silent, however often it sends.
const SILENT_MILLIS: i64 = 60_000;

/// How far batches of one sender may be out of order: those that wait until they are noted.
const BEHIND_MILLIS: i64 = 5000;

/// After how many of its usual gaps a sender counts as silent.
const SILENT_GAPS: i64 = 3;

/// Figures of one sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SenderFigures {
    pub(crate) first_at: Millis,
    pub(crate) last_at: Millis,
    pub(crate) batches: u64,
    /// Stored or overwritten.
    pub(crate) taken: u64,
    pub(crate) refused: u64,
    /// The usual time between two batches.
    pub(crate) gap: i64,
}

impl SenderFigures {
    const fn new(at: Millis) -> Self {
        Self {
            first_at: at,
            last_at: at,
            batches: 0,
            taken: 0,
            refused: 0,
            gap: 0,
        }
    }

    /// Whether nothing has come for much longer than usual. A sender that has come only once has no usual time.
    pub(crate) fn is_silent(&self, now: Millis) -> bool {
        let silence = now.0.saturating_sub(self.last_at.0);
        let usual = self.gap.saturating_mul(SILENT_GAPS);
        self.batches > 1 && silence > usual.max(SILENT_MILLIS)
    }

    fn add(&mut self, at: Millis, taken: u64, refused: u64) {
        let gap = at.0.saturating_sub(self.last_at.0);
        if gap < -BEHIND_MILLIS {
            // The clock was set back: this gap does not count towards the usual one, and later batches are compared with this one.
            self.last_at = at;
        } else {
            let gap = gap.max(0);
            self.gap = match self.batches {
                0 => 0,
                1 => gap,
                // Half of the way to a longer one, an eighth to a shorter one: batches of one flush come together.
                _ if gap > self.gap => self.gap + (gap - self.gap) / 2,
                _ => self.gap - (self.gap - gap) / 8,
            };
            self.last_at = self.last_at.max(at);
        }
        self.batches += 1;
        self.taken = self.taken.saturating_add(taken);
        self.refused = self.refused.saturating_add(refused);
    }
}

/// The arrivals of a domain.
#[derive(Debug, Clone, Default)]
pub(crate) struct View {
    /// The last that has sent comes first.
    pub(crate) senders: Vec<(ArrivalSource, SenderFigures)>,
    /// Senders that gave way to others.
    pub(crate) left_out: u64,
    /// How many samples were refused for what.
    pub(crate) reasons: BTreeMap<&'static str, u64>,
    /// The last of them, the newest first.
    pub(crate) refused: Vec<RefusedSample>,
}

#[derive(Debug, Default)]
struct Entry {
    senders: HashMap<ArrivalSource, SenderFigures>,
    left_out: u64,
    reasons: BTreeMap<&'static str, u64>,
    refused: VecDeque<RefusedSample>,
}

impl Entry {
    /// Whether there was one to drop.
    fn drop_silent(&mut self) -> bool {
        let oldest = self.senders.iter().min_by_key(|sender| sender.1.last_at);
        let oldest = oldest.map(|sender| *sender.0);
        let is_gone = oldest.is_some_and(|by| self.senders.remove(&by).is_some());
        self.left_out += u64::from(is_gone);
        is_gone
    }
}

/// The arrivals of all domains.
#[derive(Debug)]
pub(super) struct ArrivalTable {
    limits: Limits,
    domains: HashMap<Domain, Entry>,
    senders: usize,
    refused: usize,
}

impl ArrivalTable {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            domains: HashMap::new(),
            senders: 0,
            refused: 0,
        }
    }

    pub(super) fn add(&mut self, arrival: Arrival, on_limit: &impl Fn(&'static Limit)) {
        let Arrival {
            domain,
            by,
            at,
            taken,
            refused,
            reasons,
            samples,
        } = arrival;
        let known = self.domains.get(&domain);
        let is_known = known.is_some_and(|entry| entry.senders.contains_key(&by));
        if !is_known {
            self.make_room(domain, on_limit);
            self.senders += 1;
        }
        let entry = self.domains.entry(domain).or_default();
        let figures = entry.senders.entry(by);
        let figures = figures.or_insert_with(|| SenderFigures::new(at));
        figures.add(at, taken, refused);
        for (reason, count) in reasons {
            *entry.reasons.entry(reason).or_default() += count;
        }
        for sample in samples {
            self.keep(domain, sample, on_limit);
        }
    }

    /// Room for one more sender of the domain.
    fn make_room(&mut self, domain: Domain, on_limit: &impl Fn(&'static Limit)) {
        if let Some(entry) = self.domains.get_mut(&domain)
            && entry.senders.len() >= self.limits.senders_per_domain.max(1)
            && entry.drop_silent()
        {
            self.senders -= 1;
            on_limit(&limit::SENDERS_LISTED_PER_DOMAIN);
        }
        if self.senders < self.limits.senders.max(1) {
            return;
        }
        let largest = self.domains.iter_mut();
        let largest = largest.max_by_key(|(_, entry)| entry.senders.len());
        if let Some((other, entry)) = largest
            && entry.drop_silent()
        {
            self.senders -= 1;
            on_limit(&limit::SENDERS_LISTED);
            // So there are never more domains than senders.
            let other = *other;
            if entry.senders.is_empty() && other != domain {
                self.refused -= entry.refused.len();
                self.domains.remove(&other);
            }
        }
    }

    fn keep(&mut self, domain: Domain, sample: RefusedSample, on_limit: &impl Fn(&'static Limit)) {
        let most = self.limits.rejects_per_domain.max(1);
        if let Some(entry) = self.domains.get_mut(&domain)
            && entry.refused.len() >= most
            && entry.refused.pop_front().is_some()
        {
            self.refused -= 1;
            on_limit(&limit::REJECTS_LISTED_PER_DOMAIN);
        }
        if self.refused >= self.limits.rejects.max(1) {
            let largest = self.domains.values_mut();
            let largest = largest.max_by_key(|entry| entry.refused.len());
            if largest.is_some_and(|entry| entry.refused.pop_front().is_some()) {
                self.refused -= 1;
                on_limit(&limit::REJECTS_LISTED);
            }
        }
        if let Some(entry) = self.domains.get_mut(&domain) {
            entry.refused.push_back(sample);
            self.refused += 1;
        }
    }

    pub(super) fn view(&self, domain: Domain) -> View {
        let Some(entry) = self.domains.get(&domain) else {
            return View::default();
        };
        let mut senders: Vec<_> = entry
            .senders
            .iter()
            .map(|(by, sender)| (*by, *sender))
            .collect();
        senders.sort_by_key(|(by, sender)| (Reverse(sender.last_at), by.listener, by.address));
        View {
            senders,
            left_out: entry.left_out,
            reasons: entry.reasons.clone(),
            refused: entry.refused.iter().rev().cloned().collect(),
        }
    }

    pub(super) fn forget(&mut self, exists: impl Fn(Domain) -> bool) {
        self.domains.retain(|domain, _| exists(*domain));
        self.senders = self
            .domains
            .values()
            .map(|domain| domain.senders.len())
            .sum();
        self.refused = self
            .domains
            .values()
            .map(|domain| domain.refused.len())
            .sum();
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{LIMITS, by, space};
    use super::*;
    use base::sample::RejectReason;
    use std::cell::RefCell;

    fn send(known: &mut ArrivalTable, domain: u8, sender: u8, at: i64) -> Vec<&'static str> {
        let hit = RefCell::new(Vec::new());
        let arrival = Arrival::new(space(domain), by(sender), Millis(at), 1);
        known.add(arrival, &|limit: &'static Limit| {
            hit.borrow_mut().push(limit.name);
        });
        hit.into_inner()
    }

    #[test]
    fn the_one_silent_longest_gives_way_and_the_largest_domain_to_all_others() {
        let mut known = ArrivalTable::new(LIMITS);
        for sender in 1..=3 {
            assert!(send(&mut known, 1, sender, sender.into()).is_empty());
        }
        send(&mut known, 1, 1, 9);
        assert_eq!(send(&mut known, 1, 4, 10), ["senders_listed_per_domain"]);
        let view = known.view(space(1));
        let last: Vec<i64> = view
            .senders
            .iter()
            .map(|sender| sender.1.last_at.0)
            .collect();
        assert_eq!((last, view.left_out), (vec![10, 9, 3], 1));
        for domain in 2..=6 {
            assert!(send(&mut known, domain, 1, 20).is_empty());
        }
        assert_eq!(send(&mut known, 7, 1, 21), ["senders_listed"]);
        assert_eq!(known.view(space(1)).senders.len(), 2);
        assert_eq!(known.senders, 8);
        known.forget(|domain| domain == space(7));
        assert_eq!((known.senders, known.view(space(1)).senders.len()), (1, 0));
    }

    #[test]
    fn the_last_refused_samples_of_each_domain_are_kept() {
        let mut known = ArrivalTable::new(LIMITS);
        let mut refuse = |domain, at| {
            let mut arrival = Arrival::new(space(domain), by(1), Millis(at), 0);
            let reason = RejectReason::Value("not a number".to_owned());
            arrival.refused(Some("a.b"), &reason);
            known.add(arrival, &|_| {});
        };
        for at in 0..5 {
            refuse(1, at);
        }
        for domain in 2..=8 {
            refuse(domain, 9);
        }
        // Two went for the others: it had most.
        let view = known.view(space(1));
        assert_eq!(view.reasons.get("value"), Some(&5));
        let kept: Vec<i64> = view.refused.iter().map(|sample| sample.at.0).collect();
        assert_eq!((kept, known.refused), (vec![4], 8));
    }

    /// Once, a sender never became silent until the clock had caught up with the time before it was set back.
    #[test]
    fn a_clock_that_is_set_back_is_followed() {
        let mut known = ArrivalTable::new(LIMITS);
        let year = 365 * 86_400_000;
        for at in [0, 1000, 2000, year, year + 1000, 5000, 6000, 5500] {
            send(&mut known, 1, 1, at);
        }
        let view = known.view(space(1));
        let figures = view.senders[0].1;
        assert_eq!((figures.last_at.0, figures.batches), (6000, 8));
        // However long the year before it has made what is usual, it comes down again.
        for at in 0..400 {
            send(&mut known, 1, 1, 7000 + at * 1000);
        }
        let figures = known.view(space(1)).senders[0].1;
        let last = figures.last_at.0;
        assert!(figures.is_silent(Millis(last + 90_000)), "{figures:?}");
        assert!(!figures.is_silent(Millis(last + 30_000)));
    }

    #[test]
    fn silent_is_who_sends_nothing_for_much_longer_than_usual() {
        let mut known = ArrivalTable::new(LIMITS);
        for at in 0..20 {
            send(&mut known, 1, 1, at * 60_000);
            send(&mut known, 1, 2, at * 1000);
        }
        send(&mut known, 1, 3, 0);
        let figures = |number: u8| {
            let view = known.view(space(1));
            let found = view.senders.iter().find(|sender| sender.0 == by(number));
            found.unwrap().1
        };
        let minute = figures(1);
        assert_eq!(minute.gap, 60_000);
        let last = minute.last_at.0;
        assert!(!minute.is_silent(Millis(last + 170_000)));
        assert!(minute.is_silent(Millis(last + 190_000)));
        let second = figures(2);
        assert!(second.is_silent(Millis(19_000 + 61_000)));
        assert!(!second.is_silent(Millis(19_000 + 59_000)));
        assert!(!figures(3).is_silent(Millis(i64::MAX)));
    }
}
