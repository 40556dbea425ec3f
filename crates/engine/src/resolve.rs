//! From names to series numbers, for the samples of a batch that exist already.
//!
//! Most senders send their series in the same order again and again, and the first batch numbered them in that order. So the
//! series after the one that was found last is tried first: its name lies beside that of the last one, and neither a hash nor the
//! table is needed. The name is compared in any case, so a wrong guess costs one comparison and nothing else. This takes no memory
//! for a sender, and holds after deletions and restarts.

use crate::registry::table::{Fingerprint, Registry};
use crate::series_ref::SeriesRef;
use base::id::TenantId;

/// Names that are looked up together, so that their look-ups in memory are under way at the same time.
const TOGETHER: usize = 64;

/// After a wrong guess, at most so many times [`TOGETHER`] names are looked up before the next guess: where a sender has no order,
/// hardly any guess is right.
const PAUSE_MAX: usize = 15;

/// Yields each name with its series, or with its fingerprint if it has none.
pub(crate) fn resolve<'n>(
    registry: &Registry,
    tenant: TenantId,
    names: impl Iterator<Item = &'n str>,
    mut take: impl FnMut(Result<SeriesRef, Fingerprint>),
) {
    let mut names = names.peekable();
    let mut waiting: Vec<&str> = Vec::with_capacity(TOGETHER);
    let mut last: Option<(&str, SeriesRef)> = None;
    let (mut pause, mut pause_left) = (0, 0_usize);
    let mut guesses = registry.cursor();
    while names.peek().is_some() {
        // As far as guesses hold.
        while let Some((before, series)) = last
            && let Some(name) = names.next()
        {
            let found = if std::ptr::eq(before, name) {
                // Samples of one series that follow each other share its name.
                Some(series)
            } else {
                let next = SeriesRef(series.0.wrapping_add(1));
                Some(next).filter(|next| guesses.has_name(*next, tenant, name))
            };
            match found {
                Some(found) => {
                    pause = 0;
                    last = Some((name, found));
                    take(Ok(found));
                }
                None => {
                    last = None;
                    pause_left = pause;
                    pause = (2 * pause + 1).min(PAUSE_MAX);
                    waiting.push(name);
                }
            }
        }
        let more = TOGETHER - waiting.len();
        waiting.extend(names.by_ref().take(more));
        let found = look_up(registry, tenant, &waiting, &mut take);
        waiting.clear();
        last = found.filter(|_| pause_left == 0);
        pause_left = pause_left.saturating_sub(1);
    }
}

/// Looks all of these up; returns the last one, if it was found.
fn look_up<'n>(
    registry: &Registry,
    tenant: TenantId,
    names: &[&'n str],
    take: &mut impl FnMut(Result<SeriesRef, Fingerprint>),
) -> Option<(&'n str, SeriesRef)> {
    // In passes: no look-up waits for the one before it.
    let fingerprint = |name: &&str| registry.fingerprint(tenant, name);
    let fingerprints: Vec<Fingerprint> = names.iter().map(fingerprint).collect();
    let candidate = |fingerprint: &Fingerprint| registry.candidate(*fingerprint);
    let candidates: Vec<Option<SeriesRef>> = fingerprints.iter().map(candidate).collect();
    let mut last = None;
    for ((fingerprint, candidate), name) in fingerprints.into_iter().zip(candidates).zip(names) {
        let series = candidate
            .filter(|series| registry.has_name(*series, tenant, name))
            .or_else(|| registry.lookup(fingerprint, tenant, name));
        last = series.map(|series| (*name, series));
        take(series.ok_or(fingerprint));
    }
    last
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
            resolve(&registry, tenant, all.iter().copied(), |result| found.push(result));
            let alone = |name: &&str| {
                let fingerprint = registry.fingerprint(tenant, name);
                registry.lookup(fingerprint, tenant, name).ok_or(fingerprint)
            };
            let expected: Vec<_> = all.iter().map(alone).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
