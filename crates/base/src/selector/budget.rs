//! The budget that the regular expressions of one selector share, so that sixty-four of them cost no more than one.

use super::error::MatcherError;
use crate::limit;
use crate::regex_memory::TREE_BYTES_MAX;

/// The smallest size that is tried for a table. The next is twice as large, so that what is tried in vain costs no more than what
/// fits, and each is counted as the smallest in which it fits.
pub(super) const LEAST_BYTES: u64 = 16 << 10;

/// The remaining budget for the matchers of one selector.
#[derive(Debug)]
pub struct MatcherBudget {
    /// Bytes of tables, and of what they are made of.
    tables: u64,
    /// Bytes of what is read.
    trees: usize,
}

impl Default for MatcherBudget {
    fn default() -> Self {
        Self {
            tables: limit::PATTERN_TABLE_BYTES.default,
            trees: 2 * TREE_BYTES_MAX,
        }
    }
}

impl MatcherBudget {
    /// The bytes that a further table may take.
    pub(super) const fn left(&self) -> u64 {
        self.tables
    }

    /// Takes what an expression needs while it is read, before it is.
    ///
    /// # Errors
    /// [`MatcherError::TooLarge`]: there is not so much left of either.
    pub(super) fn read(&mut self, bytes: usize) -> Result<(), MatcherError> {
        let trees = self.trees.checked_sub(bytes);
        let trees = trees.filter(|_| bytes <= TREE_BYTES_MAX && self.tables >= LEAST_BYTES);
        self.trees = trees.ok_or_else(too_large)?;
        Ok(())
    }

    /// Takes the bytes of a table.
    pub(super) const fn spend(&mut self, bytes: u64) {
        self.tables = self.tables.saturating_sub(bytes);
    }

    /// Takes all that is left, because a table did not fit in it.
    pub(super) const fn spend_all(&mut self) -> MatcherError {
        self.tables = 0;
        too_large()
    }
}

/// The refusal of one that needs more than is left, however much that is.
const fn too_large() -> MatcherError {
    MatcherError::TooLarge(limit::PATTERN_TABLE_BYTES.default + 1)
}
