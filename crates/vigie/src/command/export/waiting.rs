//! The names that an export has found: branches that are still to be asked for, and series that are still to be read. They take a
//! bounded number of bytes, whatever a server says there is.

use std::collections::VecDeque;

/// More bytes of names are not kept: some millions of names.
pub(super) const WAITING_BYTES_MAX: usize = 512 << 20;

/// A pattern whose level is still to be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Branch {
    pub(super) pattern: String,
    /// How many levels below the first one.
    pub(super) depth: usize,
}

/// The names take more than the bytes that there are for them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooManyNames;

/// Branches and series, the first of which are next.
#[derive(Debug)]
pub(super) struct WaitingNames {
    /// The last one is next.
    branches: Vec<Branch>,
    series: VecDeque<String>,
    bytes: usize,
    bytes_max: usize,
}

impl WaitingNames {
    pub(super) fn new(pattern: &str, bytes_max: usize) -> Self {
        let first = Branch {
            pattern: pattern.to_owned(),
            depth: 0,
        };
        Self {
            bytes: bytes_of(&first.pattern),
            branches: vec![first],
            series: VecDeque::new(),
            bytes_max,
        }
    }

    /// How many series wait.
    pub(super) fn series(&self) -> usize {
        self.series.len()
    }

    /// Takes the next branch.
    pub(super) fn next_branch(&mut self) -> Option<Branch> {
        let branch = self.branches.pop()?;
        self.bytes = self.bytes.saturating_sub(bytes_of(&branch.pattern));
        Some(branch)
    }

    /// Takes the next series, so many at the most.
    pub(super) fn next_series(&mut self, most: usize) -> Vec<String> {
        let count = self.series.len().min(most);
        let taken: Vec<String> = self.series.drain(..count).collect();
        let bytes: usize = taken.iter().map(|name| bytes_of(name)).sum();
        self.bytes = self.bytes.saturating_sub(bytes);
        taken
    }

    /// A series waits to be read.
    pub(super) fn add_series(&mut self, name: String) -> Result<(), TooManyNames> {
        self.reserve(&name)?;
        self.series.push_back(name);
        Ok(())
    }

    /// Branches wait to be asked for, before all others and in this order.
    pub(super) fn add_branches(&mut self, branches: Vec<Branch>) -> Result<(), TooManyNames> {
        for branch in &branches {
            self.reserve(&branch.pattern)?;
        }
        self.branches.extend(branches.into_iter().rev());
        Ok(())
    }

    /// Nothing waits any more.
    pub(super) fn clear(&mut self) {
        self.branches = Vec::new();
        self.series = VecDeque::new();
        self.bytes = 0;
    }

    fn reserve(&mut self, name: &str) -> Result<(), TooManyNames> {
        let bytes = self.bytes.saturating_add(bytes_of(name));
        if bytes > self.bytes_max {
            return Err(TooManyNames);
        }
        self.bytes = bytes;
        Ok(())
    }
}

/// The bytes that a name takes while it waits.
const fn bytes_of(name: &str) -> usize {
    name.len() + size_of::<Branch>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn branch(pattern: &str, depth: usize) -> Branch {
        Branch {
            pattern: pattern.to_owned(),
            depth,
        }
    }

    #[test]
    fn branches_come_in_their_order_and_those_found_last_before_others() {
        let mut waiting = WaitingNames::new("*", 1 << 20);
        assert_eq!(waiting.next_branch(), Some(branch("*", 0)));
        let level = vec![branch("a.*", 1), branch("b.*", 1)];
        waiting.add_branches(level).unwrap();
        assert_eq!(waiting.next_branch(), Some(branch("a.*", 1)));
        waiting.add_branches(vec![branch("a.c.*", 2)]).unwrap();
        for expected in [branch("a.c.*", 2), branch("b.*", 1)] {
            assert_eq!(waiting.next_branch(), Some(expected));
        }
        assert_eq!(waiting.next_branch(), None);
        assert_eq!(waiting.bytes, 0);
    }

    #[test]
    fn series_come_in_their_order_and_so_many_at_once() {
        let mut waiting = WaitingNames::new("*", 1 << 20);
        for name in ["a", "b", "c"] {
            waiting.add_series(name.to_owned()).unwrap();
        }
        assert_eq!(waiting.series(), 3);
        assert_eq!(waiting.next_series(2), ["a", "b"]);
        assert_eq!(waiting.next_series(2), ["c"]);
        assert_eq!(waiting.next_series(2), [""; 0]);
        waiting.clear();
        assert_eq!((waiting.bytes, waiting.next_branch()), (0, None));
    }

    /// A server that calls everything a branch had all of it kept, level by level.
    #[test]
    fn names_take_no_more_than_their_bytes_and_give_them_back() {
        let one = bytes_of("a.*");
        let mut waiting = WaitingNames::new("*", 3 * one);
        waiting.next_branch();
        let level = |count: usize| vec![branch("a.*", 1); count];
        assert_eq!(waiting.add_branches(level(4)), Err(TooManyNames));
        waiting.clear();
        waiting.add_branches(level(2)).unwrap();
        waiting.add_series("a.b".to_owned()).unwrap();
        assert_eq!(waiting.add_series("a.b".to_owned()), Err(TooManyNames));
        waiting.next_branch();
        waiting.add_series("a.c".to_owned()).unwrap();
        assert_eq!(waiting.next_series(9), ["a.b", "a.c"]);
        waiting.add_branches(level(2)).unwrap();
    }
}
