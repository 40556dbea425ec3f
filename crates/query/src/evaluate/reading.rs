//! Reads each path and range of the targets once; a range that begins earlier reads only the part that is missing.

use super::Evaluation;
use crate::error::Error;
use crate::source::{Fetched, Path, Range};
use std::collections::HashSet;
use std::sync::Arc;

impl Evaluation<'_> {
    /// Reads what has not been read yet, in one query.
    pub(super) fn read(&mut self, mut paths: Vec<Path>, range: Range) -> Result<(), Error> {
        let mut seen = HashSet::new();
        paths.retain(|path| {
            seen.insert(path.clone()) && !self.read.contains_key(&(path.clone(), range))
        });
        if paths.is_empty() {
            return Ok(());
        }
        if let Some(later) = self.later(&paths, range) {
            paths = self.read_before(paths, range, later)?;
        }
        if !paths.is_empty() {
            let found = self.source.fetch(&paths, range)?;
            for (path, found) in paths.into_iter().zip(found) {
                self.keep(path, range, found)?;
            }
        }
        Ok(())
    }

    pub(super) fn keep(
        &mut self,
        path: Path,
        range: Range,
        found: Vec<Fetched>,
    ) -> Result<(), Error> {
        let key = super::memory_size::read_path(&path);
        self.reserve(super::memory_size::fetched(&found).saturating_add(key))?;
        self.read.insert((path, range), found.into());
        Ok(())
    }

    /// A range of which all the paths are read, that ends with another one and begins later.
    fn later(&self, paths: &[Path], range: Range) -> Option<Range> {
        let first = paths.first()?;
        let same = self.read.keys().filter(|(path, known)| {
            path == first && known.until == range.until && known.from > range.from
        });
        let later = same
            .map(|(_, known)| *known)
            .min_by_key(|known| known.from)?;
        let is_read = |path: &Path| self.read.contains_key(&(path.clone(), later));
        paths.iter().all(is_read).then_some(later)
    }

    /// Reads what comes before a later range, and puts it before what is known of that. Returns the paths for which that can't be
    /// done: there are other series now, or they do not meet.
    fn read_before(
        &mut self,
        paths: Vec<Path>,
        range: Range,
        later: Range,
    ) -> Result<Vec<Path>, Error> {
        let before = Range {
            from: range.from,
            until: later.from,
        };
        let found = self.source.fetch(&paths, before)?;
        let mut rest = Vec::new();
        for (path, found) in paths.into_iter().zip(found) {
            let known = self.read.get(&(path.clone(), later)).map(Arc::clone);
            let Some(known) = known.filter(|known| are_joinable(&found, known)) else {
                rest.push(path);
                continue;
            };
            let values: usize = known.iter().map(|series| series.values.len()).sum();
            self.reserve(super::memory_size::fetched(&found).saturating_add(values))?;
            let joined: Arc<[Fetched]> = found
                .iter()
                .zip(known.iter())
                .filter_map(|(before, after)| joined(before, after))
                .collect();
            self.read.insert((path, range), joined);
        }
        Ok(rest)
    }
}

/// Whether the series of two ranges are the same ones, and meet.
fn are_joinable(before: &[Fetched], after: &[Fetched]) -> bool {
    before.len() == after.len()
        && (before.iter().zip(after)).all(|(before, after)| missing(before, after).is_some())
}

/// How many values of the earlier range stand before those of the later one. `None` where they are not of one series, or do not
/// meet.
fn missing(before: &Fetched, after: &Fetched) -> Option<usize> {
    let distance = after.start.checked_sub(before.start)?;
    let is_same =
        before.name == after.name && before.step == after.step && before.tags == after.tags;
    // A single value may stand there only because a range has at least one, and be none of the longer range's.
    if !is_same || distance % after.step != 0 || after.values.len() < 2 {
        return None;
    }
    let count = usize::try_from(distance / after.step).ok()?;
    (count <= before.values.len()).then_some(count)
}

fn joined(before: &Fetched, after: &Fetched) -> Option<Fetched> {
    let first = before.values.get(..missing(before, after)?)?;
    let mut values = Vec::with_capacity(first.len() + after.values.len());
    values.extend_from_slice(first);
    values.extend_from_slice(&after.values);
    Some(Fetched {
        start: before.start,
        values: values.into(),
        ..after.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Event, Source};
    use base::context::{Context, MemoryReservation, Stop};
    use base::store::StoreError;
    use std::sync::atomic::{AtomicU64, Ordering};

    struct Nothing;

    impl Source for Nothing {
        fn fetch(&self, paths: &[Path], _: Range) -> Result<Vec<Vec<Fetched>>, StoreError> {
            Ok(paths.iter().map(|_| Vec::new()).collect())
        }

        fn events(&self, _: &[String], _: Range) -> Result<Vec<Event>, StoreError> {
            Ok(Vec::new())
        }
    }

    #[derive(Debug, Default)]
    struct Counted(AtomicU64);

    impl MemoryReservation for Counted {
        fn reserve(&self, bytes: u64) -> Result<(), Stop> {
            self.0.fetch_add(bytes, Ordering::Relaxed);
            Ok(())
        }

        fn release(&self, bytes: u64) {
            self.0.fetch_sub(bytes, Ordering::Relaxed);
        }
    }

    /// A function may make a path of 60 KB for each of 10 000 series, and all of them are known until the request ends.
    #[test]
    fn a_path_that_finds_nothing_counts_with_its_text() {
        let counted = Arc::new(Counted::default());
        let context = Context::unlimited().with_memory(Arc::clone(&counted) as _);
        let mut evaluation = Evaluation::new(&Nothing, &context);
        let range = Range { from: 0, until: 60 };
        for letter in ["a", "b"] {
            let path = Path::Glob(letter.repeat(60_000));
            evaluation.read(vec![path], range).unwrap();
        }
        assert!(counted.0.load(Ordering::Relaxed) >= 120_000);
        drop(evaluation);
        assert_eq!(counted.0.load(Ordering::Relaxed), 0);
    }
}
