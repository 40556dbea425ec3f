//! From names to series numbers, for the samples of a batch that exist already.
//!
//! Most senders send their series in the same order again and again, and the first batch numbered them in that order. So the
//! series after the one that was found last is tried first: its name lies beside that of the last one, and neither a hash nor the
//! table is needed. The name is compared in any case, so a wrong guess costs one comparison and nothing else. This takes no memory
//! for a sender, and holds after deletions and restarts.

use crate::prefetch::prefetch;
use crate::registry::table::{Fingerprint, NameCursor, Registry};
use crate::series_ref::SeriesRef;
use base::id::TenantId;

/// Names that are looked up together, so that their look-ups in memory are under way at the same time.
const TOGETHER: usize = 64;

/// After a wrong guess, at most so many times [`TOGETHER`] names are looked up before the next guess: where a sender has no order,
/// hardly any guess is right.
const PAUSE_MAX: usize = 15;

/// Resolves names to series. Passes each item to `take` with its series, or its fingerprint if there is none, in the order of
/// [`Self::push`]. Look-ups are batched: call [`Self::finish`] for the last ones.
#[derive(Debug)]
pub(crate) struct Resolver<'r, 'n, T, F> {
    registry: &'r Registry,
    tenant: TenantId,
    guesses: NameCursor<'r>,
    waiting: Vec<(&'n str, T)>,
    last: Option<(&'n str, SeriesRef)>,
    /// How many batches of look-ups to wait after the next wrong guess.
    pause: usize,
    pause_left: usize,
    take: F,
}

impl<'r, 'n, T, F: FnMut(T, Result<SeriesRef, Fingerprint>)> Resolver<'r, 'n, T, F> {
    pub(crate) fn new(registry: &'r Registry, tenant: TenantId, take: F) -> Self {
        Self {
            registry,
            tenant,
            guesses: registry.cursor(),
            waiting: Vec::with_capacity(TOGETHER),
            last: None,
            pause: 0,
            pause_left: 0,
            take,
        }
    }

    pub(crate) fn push(&mut self, name: &'n str, item: T) {
        if let Some((before, series)) = self.last {
            if let Some(found) = self.guess(before, series, name) {
                self.pause = 0;
                self.last = Some((name, found));
                (self.take)(item, Ok(found));
                return;
            }
            self.last = None;
            self.pause_left = self.pause;
            self.pause = (2 * self.pause + 1).min(PAUSE_MAX);
        }
        self.waiting.push((name, item));
        if self.waiting.len() == TOGETHER {
            self.look_up();
        }
    }

    /// Passes on what waits.
    pub(crate) fn finish(mut self) {
        self.look_up();
    }

    /// The series of `name`, if it is the last one or the one numbered next.
    fn guess(&mut self, before: &str, series: SeriesRef, name: &str) -> Option<SeriesRef> {
        if std::ptr::eq(before, name) {
            // Samples of one series that follow each other share its name.
            return Some(series);
        }
        let next = SeriesRef(series.0.wrapping_add(1));
        Some(next).filter(|next| self.guesses.has_name(*next, self.tenant, name))
    }

    /// Looks up all that wait.
    fn look_up(&mut self) {
        let (registry, tenant) = (self.registry, self.tenant);
        // In passes: no look-up waits for the one before it.
        let names = self.waiting.iter().map(|(name, _)| *name);
        let fingerprints: Vec<Fingerprint> = names
            .map(|name| registry.fingerprint(tenant, name))
            .collect();
        let candidate = |fingerprint: &Fingerprint| registry.candidate(*fingerprint);
        let candidates: Vec<Option<SeriesRef>> = fingerprints.iter().map(candidate).collect();
        let of_candidates = candidates.iter().flatten();
        let prefetch_bytes = of_candidates.filter_map(|series| registry.prefetch_byte(*series));
        prefetch(prefetch_bytes);
        let mut last = None;
        let waiting = self.waiting.drain(..);
        for ((fingerprint, candidate), (name, item)) in
            fingerprints.into_iter().zip(candidates).zip(waiting)
        {
            let series = candidate
                .filter(|series| registry.has_name(*series, tenant, name))
                .or_else(|| registry.lookup(fingerprint, tenant, name));
            last = series.map(|series| (name, series));
            (self.take)(item, series.ok_or(fingerprint));
        }
        self.last = last.filter(|_| self.pause_left == 0);
        self.pause_left = self.pause_left.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever order names come in, and whatever was removed in between, each is found as if it came alone.
        #[test]
        fn a_guess_changes_no_answer(
            made in prop::collection::vec((1_u32..3, 0_u8..40), 0..60),
            removed in prop::collection::vec(0_u32..40, 0..10),
            asked in prop::collection::vec((0_u8..45, 1_usize..4), 0..40),
            straight in 0_u8..40,
        ) {
            let mut registry = Registry::new([1, 2]);
            for (tenant, name) in made {
                let (tenant, name) = (TenantId(tenant), format!("n.{name}"));
                let fingerprint = registry.fingerprint(tenant, &name);
                if registry.lookup(fingerprint, tenant, &name).is_none() {
                    registry.create(tenant, &name).unwrap();
                }
            }
            for series in removed {
                registry.remove(SeriesRef(series));
            }
            // In any order, and some in the order of their numbers.
            let mut names: Vec<String> = asked.iter().map(|(name, _)| format!("n.{name}")).collect();
            let in_order = (straight..40).filter_map(|number| registry.get(SeriesRef(number.into())));
            names.extend(in_order.map(|entry| entry.name.to_string()));
            let runs = asked.iter().map(|(_, run)| *run).chain(std::iter::repeat(1));
            let all: Vec<&str> = names
                .iter()
                .zip(runs)
                .flat_map(|(name, run)| std::iter::repeat_n(name.as_str(), run))
                .collect();
            let tenant = TenantId(1);
            let mut found = Vec::new();
            let mut resolver = Resolver::new(&registry, tenant, |name, result| found.push((name, result)));
            all.iter().for_each(|name| resolver.push(name, *name));
            resolver.finish();
            let alone = |name| {
                let fingerprint = registry.fingerprint(tenant, name);
                (name, registry.lookup(fingerprint, tenant, name).ok_or(fingerprint))
            };
            let expected: Vec<_> = all.iter().copied().map(alone).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
