//! Answers of `/render` that are kept for callers who ask the same again: dashboards that refresh, on several screens.
//!
//! An answer is kept for a domain and the whole text of its query, and for callers who reach every series of the domain:
//! others neither get nor leave one. It is given again within the same step of the domain's rules, and only if nothing was written
//! to the domain since: who writes and reads, reads what was written. Who sends `cacheTimeout` asks for answers that old, as
//! with graphite-web; a deletion or another rule ends those as well.

use base::limit;
use base::scope::Domain;
use iam::directory::RuleTexts;
use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How old an answer may be, whatever its query says; graphite-web's usual time.
pub(crate) const SECONDS_MAX: i64 = 60;

/// Counters of changes. Domains share one by chance, which makes an answer end that could have been given again.
const COUNTERS: usize = 1024;

/// Bytes of an entry besides its texts.
const ENTRY_BYTES: u64 = 256;

/// The state on which an answer depends, besides its query.
#[derive(Debug, Clone)]
pub(crate) struct CacheValidity {
    writes: u64,
    deletions: u64,
    /// A hash of the rules of the domain, as their texts are long and not counted here, and the step after them.
    rules: (Option<u64>, Option<u32>),
    /// The step of the clock.
    pub(crate) step: i64,
    /// Epoch second.
    pub(crate) at: i64,
}

impl CacheValidity {
    /// Whether an answer of this state can be given in another, later one at all.
    fn may_serve(&self, now: &Self) -> bool {
        let age = now.at.saturating_sub(self.at);
        self.deletions == now.deletions
            && self.rules == now.rules
            && (0..=SECONDS_MAX).contains(&age)
    }

    /// Whether it can be given to who accepts an answer of so many seconds, or none older than the last write.
    fn serves(&self, now: &Self, accepted: Option<i64>) -> bool {
        self.may_serve(now)
            && match accepted {
                Some(seconds) => now.at.saturating_sub(self.at) <= seconds,
                None => self.writes == now.writes && self.step == now.step,
            }
    }
}

/// A query and its domain.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct CacheKey {
    pub(crate) domain: Domain,
    pub(crate) text: Arc<str>,
}

#[derive(Debug)]
struct Entry {
    answer: Arc<[u8]>,
    state: CacheValidity,
    used: u64,
}

#[derive(Debug, Default)]
struct Entries {
    by_key: HashMap<CacheKey, Entry>,
    /// The one that was used longest ago comes first.
    by_use: BTreeMap<u64, CacheKey>,
    uses: u64,
    bytes: u64,
}

/// All that are kept.
#[derive(Debug)]
pub(crate) struct RenderCache {
    bytes_max: u64,
    hasher: RandomState,
    writes: Box<[AtomicU64]>,
    deletions: Box<[AtomicU64]>,
    entries: Mutex<Entries>,
    given: AtomicU64,
}

/// A change of a domain's samples: when it is over, answers of before are no longer given.
#[derive(Debug)]
#[must_use = "the change is over when it is dropped"]
pub(crate) struct ChangeGuard<'k>(&'k AtomicU64);

impl Drop for ChangeGuard<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

impl RenderCache {
    pub(super) fn new(bytes_max: u64) -> Self {
        let counters = || (0..COUNTERS).map(|_| AtomicU64::new(0)).collect();
        Self {
            bytes_max,
            hasher: RandomState::new(),
            writes: counters(),
            deletions: counters(),
            entries: Mutex::default(),
            given: AtomicU64::new(0),
        }
    }

    fn counter<'k>(&self, of: &'k [AtomicU64], domain: Domain) -> &'k AtomicU64 {
        static NONE: AtomicU64 = AtomicU64::new(0);
        let hash = self.hasher.hash_one(domain);
        let at = usize::try_from(hash % COUNTERS as u64).unwrap_or(0);
        of.get(at).unwrap_or(&NONE)
    }

    /// Samples are being written; for as long as the work lasts.
    pub(crate) fn writing(&self, domain: Domain) -> ChangeGuard<'_> {
        ChangeGuard(self.counter(&self.writes, domain))
    }

    /// Samples are being deleted; for as long as the work lasts.
    pub(crate) fn deleting(&self, domain: Domain) -> ChangeGuard<'_> {
        ChangeGuard(self.counter(&self.deletions, domain))
    }

    /// The state in which a query that begins now is answered.
    pub(crate) fn state(
        &self,
        domain: Domain,
        (texts, resolution): (Option<Arc<RuleTexts>>, Option<u32>),
        (at, step): (i64, i64),
    ) -> CacheValidity {
        CacheValidity {
            writes: self.counter(&self.writes, domain).load(Ordering::Acquire),
            deletions: self
                .counter(&self.deletions, domain)
                .load(Ordering::Acquire),
            rules: (texts.map(|text| self.hasher.hash_one(text)), resolution),
            step: at.div_euclid(step.max(1)),
            at,
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer to a query, if a kept one still serves. `accepted` is how many seconds old it may be though something was
    /// written since.
    pub(crate) fn answer(
        &self,
        key: &CacheKey,
        now: &CacheValidity,
        accepted: Option<i64>,
    ) -> Option<Arc<[u8]>> {
        let mut entries = self.entries();
        let entry = entries.by_key.get(key)?;
        if !entry.state.serves(now, accepted) {
            if !entry.state.may_serve(now) {
                entries.remove(key);
            }
            return None;
        }
        let answer = Arc::clone(&entry.answer);
        entries.touch(key);
        drop(entries);
        self.given.fetch_add(1, Ordering::Relaxed);
        Some(answer)
    }

    /// Keeps an answer that was made in this state.
    pub(crate) fn keep(&self, key: &CacheKey, state: CacheValidity, answer: &[u8]) {
        let bytes = bytes_of(key, answer.len());
        // One of them must not push out most of the others.
        if bytes > self.bytes_max / 8 {
            return;
        }
        let answer: Arc<[u8]> = answer.into();
        let mut entries = self.entries();
        entries.remove(key);
        entries.remove_expired(state.at);
        while entries.bytes.saturating_add(bytes) > self.bytes_max {
            if !entries.remove_oldest() {
                return;
            }
        }
        entries.insert(key.clone(), answer, state);
    }

    /// The figures for the server's own metrics.
    pub(super) fn figures(&self, out: &mut String) {
        let bytes = self.entries().bytes;
        let given = self.given.load(Ordering::Relaxed);
        let name = limit::RENDER_CACHE_BYTES.name;
        let _ = writeln!(
            out,
            "# HELP vigie_render_cache_bytes Bytes of kept answers of `/render`, as counted for `{name}`.\n# TYPE vigie_render_cache_bytes gauge\nvigie_render_cache_bytes {bytes}"
        );
        let _ = writeln!(
            out,
            "# HELP vigie_render_cache_answers_total Requests to `/render` that were answered from a kept answer.\n# TYPE vigie_render_cache_answers_total counter\nvigie_render_cache_answers_total {given}"
        );
    }
}

fn bytes_of(key: &CacheKey, answer: usize) -> u64 {
    (key.text.len() as u64)
        .saturating_add(answer as u64)
        .saturating_add(ENTRY_BYTES)
}

impl Entries {
    fn insert(&mut self, key: CacheKey, answer: Arc<[u8]>, state: CacheValidity) {
        self.uses += 1;
        self.bytes += bytes_of(&key, answer.len());
        self.by_use.insert(self.uses, key.clone());
        let used = self.uses;
        self.by_key.insert(
            key,
            Entry {
                answer,
                state,
                used,
            },
        );
    }

    fn touch(&mut self, key: &CacheKey) {
        self.uses += 1;
        if let Some(entry) = self.by_key.get_mut(key)
            && let Some(key) = self.by_use.remove(&entry.used)
        {
            entry.used = self.uses;
            self.by_use.insert(self.uses, key);
        }
    }

    fn remove(&mut self, key: &CacheKey) {
        if let Some(entry) = self.by_key.remove(key) {
            self.by_use.remove(&entry.used);
            let bytes = bytes_of(key, entry.answer.len());
            self.bytes = self.bytes.saturating_sub(bytes);
        }
    }

    /// Nothing stays much longer than it can be given: it may be of a domain that is deleted since.
    fn remove_expired(&mut self, now: i64) {
        while let Some((_, oldest)) = self.by_use.first_key_value() {
            let entry = self.by_key.get(oldest);
            let age = entry.map(|entry| now.saturating_sub(entry.state.at));
            if age.is_some_and(|age| (0..=SECONDS_MAX).contains(&age)) || !self.remove_oldest() {
                return;
            }
        }
    }

    fn remove_oldest(&mut self) -> bool {
        let Some((_, oldest)) = self.by_use.pop_first() else {
            return false;
        };
        self.remove(&oldest);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{Guid, SpaceId};

    fn domain(number: u8) -> Domain {
        Domain::Space(SpaceId(Guid::from_random([number; 16])))
    }

    fn key(number: u8, text: &str) -> CacheKey {
        CacheKey {
            domain: domain(number),
            text: text.into(),
        }
    }

    fn at(kept: &RenderCache, seconds: i64) -> CacheValidity {
        kept.state(domain(1), (None, None), (seconds, 10))
    }

    fn has(kept: &RenderCache, seconds: i64, accepted: Option<i64>) -> bool {
        let now = at(kept, seconds);
        kept.answer(&key(1, "a"), &now, accepted).is_some()
    }

    fn with_answer() -> RenderCache {
        let kept = RenderCache::new(100_000);
        kept.keep(&key(1, "a"), at(&kept, 100), b"[1]");
        kept
    }

    #[test]
    fn an_answer_is_given_within_its_step_to_its_question_in_its_domain_alone() {
        let kept = with_answer();
        assert!(has(&kept, 100, None) && has(&kept, 109, None));
        assert!(!has(&kept, 110, None), "the next step");
        let now = at(&kept, 100);
        assert!(kept.answer(&key(1, "b"), &now, None).is_none());
        assert!(kept.answer(&key(2, "a"), &now, None).is_none());
        assert!(!has(&kept, 99, None), "a clock that went back");
    }

    #[test]
    fn a_write_ends_it_but_for_who_accepts_an_older_one() {
        let kept = with_answer();
        drop(kept.writing(domain(1)));
        assert!(!has(&kept, 100, None));
        assert!(has(&kept, 105, Some(5)) && !has(&kept, 106, Some(5)));
        assert!(has(&kept, 160, Some(1000)) && !has(&kept, 161, Some(1000)));
        assert!(!has(&kept, 100, Some(1000)), "it is gone");
    }

    #[test]
    fn a_deletion_and_another_rule_end_it_for_everybody() {
        let kept = with_answer();
        drop(kept.deleting(domain(1)));
        assert!(!has(&kept, 100, Some(60)));
        let kept = with_answer();
        let texts = || Some(Arc::new(RuleTexts::default()));
        for rules in [(None, Some(10)), (texts(), None)] {
            let now = kept.state(domain(1), rules, (100, 10));
            assert!(kept.answer(&key(1, "a"), &now, Some(60)).is_none());
        }
        let rules = || (texts(), Some(1));
        let state = || kept.state(domain(1), rules(), (100, 10));
        kept.keep(&key(1, "a"), state(), b"[2]");
        assert!(
            kept.answer(&key(1, "a"), &state(), None).is_some(),
            "equal texts"
        );
    }

    #[test]
    fn regression_6_what_is_kept_holds_no_texts_of_rules() {
        let kept = RenderCache::new(100_000);
        let texts = Arc::new(RuleTexts::default());
        let rules = (Some(Arc::clone(&texts)), None);
        let state = kept.state(domain(1), rules, (100, 10));
        kept.keep(&key(1, "a"), state.clone(), b"[1]");
        assert!(kept.answer(&key(1, "a"), &state, None).is_some());
        assert_eq!(Arc::strong_count(&texts), 1);
        let other = Arc::new(RuleTexts {
            schemas: Some("other".to_owned()),
            aggregation: None,
        });
        let now = kept.state(domain(1), (Some(other), None), (100, 10));
        assert!(kept.answer(&key(1, "a"), &now, None).is_none());
    }

    #[test]
    fn what_can_be_given_no_longer_goes() {
        let kept = with_answer();
        kept.keep(&key(2, "a"), at(&kept, 100 + SECONDS_MAX), b"[1]");
        assert_eq!(kept.entries().by_key.len(), 2);
        kept.keep(&key(3, "a"), at(&kept, 101 + SECONDS_MAX), b"[1]");
        assert_eq!(kept.entries().by_key.len(), 2);
        assert!(!has(&kept, 100, None));
    }

    /// An answer that was being made while something was written may have the half of it.
    #[test]
    fn what_was_made_beside_a_write_is_not_given_once_the_write_is_over() {
        let kept = RenderCache::new(100_000);
        let write = kept.writing(domain(1));
        let state = at(&kept, 100);
        kept.keep(&key(1, "a"), state, b"[1]");
        assert!(has(&kept, 100, None), "nobody was told that it is written");
        drop(write);
        assert!(!has(&kept, 100, None));
    }

    #[test]
    fn the_bytes_are_bounded_and_what_was_used_last_stays() {
        let kept = RenderCache::new(10_000);
        let text = |number: usize| format!("query {number}");
        for number in 0..100 {
            kept.keep(&key(1, &text(number)), at(&kept, 100), &[b'x'; 500]);
            let now = at(&kept, 100);
            assert!(kept.answer(&key(1, &text(0)), &now, None).is_some());
        }
        let entries = kept.entries();
        assert!(entries.bytes <= 10_000 && entries.by_key.len() > 5);
        assert_eq!(entries.by_key.len(), entries.by_use.len());
        drop(entries);
        let now = at(&kept, 100);
        assert!(kept.answer(&key(1, &text(99)), &now, None).is_some());
        assert!(kept.answer(&key(1, &text(1)), &now, None).is_none());
        kept.keep(&key(1, "large"), at(&kept, 100), &[b'x'; 5000]);
        assert!(kept.answer(&key(1, "large"), &now, None).is_none());
    }
}
