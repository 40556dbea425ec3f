//! Which series are meant: a glob and matchers of labels, compiled once.
//!
//! What Graphite asks for is a glob over its own text for a series, labels and all ([`Selector::named`]): `cpu*` fits
//! `cpu;host=a`, and `cpu` does not. What asks with matchers has a glob, if any, for the path alone ([`Selector::new`]):
//! `cpu` with no matcher fits every series of that path. A label that a series does not have has the empty value, as in
//! Prometheus. Dots and slashes in values mean nothing.
//!
//! What one costs is bounded where it is made: a glob by its text and tables ([`crate::pattern`]), a regular expression by
//! the table it becomes ([`Matcher`]), and both by [`limit::PATTERN_TABLE_BYTES`].

mod filter;
mod matcher;
#[cfg(test)]
mod tests;

pub use filter::NameFilter;
pub use matcher::{Matcher, MatcherError, Op};

use crate::limit;
use crate::pattern::{Pattern, PatternError};
use crate::series::{Labels, SeriesKey};
use std::sync::Arc;

/// Which series. Cloning copies no automaton.
#[derive(Debug, Clone)]
pub struct Selector {
    glob: Option<Pattern>,
    /// Whether the glob is for Graphite's text as a whole.
    reads_labels: bool,
    labels: Arc<[Matcher]>,
}

impl Selector {
    /// Every series.
    #[must_use]
    pub fn all() -> Self {
        Self {
            glob: None,
            reads_labels: false,
            labels: Arc::default(),
        }
    }

    /// The series whose Graphite text fits as a whole.
    #[must_use]
    pub fn named(glob: Pattern) -> Self {
        Self {
            glob: Some(glob),
            reads_labels: true,
            labels: Arc::default(),
        }
    }

    /// The same, from the glob's text.
    ///
    /// # Errors
    /// [`PatternError`] says what is wrong and where.
    pub fn parse(glob: &str) -> Result<Self, PatternError> {
        Pattern::parse(glob).map(Self::named)
    }

    /// The series whose path fits, if that matters, and whose labels fit all matchers.
    ///
    /// # Errors
    /// [`MatcherError::TooMany`], [`MatcherError::TooLarge`].
    pub fn new(path: Option<Pattern>, labels: Vec<Matcher>) -> Result<Self, MatcherError> {
        if labels.len() as u64 > limit::MATCHERS_PER_SELECTOR.default {
            return Err(MatcherError::TooMany(labels.len()));
        }
        let own = Self {
            glob: path,
            reads_labels: false,
            labels: labels.into(),
        };
        if own.table_bytes() > limit::PATTERN_TABLE_BYTES.default {
            return Err(MatcherError::TooLarge);
        }
        Ok(own)
    }

    /// The glob that a path, or Graphite's text, must fit.
    #[must_use]
    pub const fn glob(&self) -> Option<&Pattern> {
        self.glob.as_ref()
    }

    /// Whether the glob reads on behind the path: what it must fit is Graphite's text as a whole.
    #[must_use]
    pub const fn reads_labels(&self) -> bool {
        self.reads_labels
    }

    /// How many matchers of labels it has.
    #[must_use]
    pub fn matchers(&self) -> usize {
        self.labels.len()
    }

    /// Whether labels fit the matchers; of the glob nothing is said.
    #[must_use]
    pub fn fits_labels(&self, labels: &Labels<'_>) -> bool {
        self.labels.iter().all(|own| {
            let mut named = labels.clone().filter(|(name, _)| *name == own.name());
            own.fits(named.next().map_or("", |(_, value)| value))
        })
    }

    /// Whether a series is meant.
    #[must_use]
    pub fn matches(&self, key: &SeriesKey<'_>) -> bool {
        let fits = match &self.glob {
            Some(glob) if self.reads_labels => glob.matches(&key.graphite()),
            Some(glob) => glob.matches(key.path()),
            None => true,
        };
        fits && self.fits_labels(&key.labels())
    }

    /// The bytes of its tables, which may be many more than its text has.
    #[must_use]
    pub fn table_bytes(&self) -> u64 {
        let glob = self.glob.as_ref().map_or(0, Pattern::table_bytes);
        glob + self.labels.iter().map(Matcher::table_bytes).sum::<u64>()
    }
}
