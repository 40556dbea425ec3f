//! Which series are meant: a glob and matchers of labels, compiled once.
//!
//! A Graphite query is a glob over Graphite's own text for a series, labels included ([`Selector::named`]): `cpu*` fits
//! `cpu;host=a`, and `cpu` does not. A query with matchers has a glob, if any, for the path alone ([`Selector::new`]):
//! `cpu` with no matcher fits every series of that path. A label that a series does not have has the empty value, as in
//! Prometheus. Dots and slashes in values mean nothing. Matchers may compare the path too ([`Selector::with_path_matchers`]),
//! and it can be asked for series with labels alone, or without ([`Selector::labelled`]).
//!
//! The cost of a selector is bounded where it is made: a glob by its text and tables ([`crate::pattern`]), a regular expression by
//! the table it becomes ([`Matcher`]), and both by [`limit::PATTERN_TABLE_BYTES`], which all matchers of a selector have together
//! ([`MatcherBudget`]).

mod budget;
mod error;
mod filter;
mod matcher;
#[cfg(test)]
mod tests;

pub use budget::MatcherBudget;
pub use error::MatcherError;
pub use filter::NameFilter;
pub use matcher::{Matcher, Op};

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
    /// Matchers that the path must fit besides the glob; their label names are ignored.
    paths: Arc<[Matcher]>,
    /// Whether a series must have labels, or must have none.
    labelled: Option<bool>,
}

impl Selector {
    /// Every series.
    #[must_use]
    pub fn all() -> Self {
        Self {
            glob: None,
            reads_labels: false,
            labels: Arc::default(),
            paths: Arc::default(),
            labelled: None,
        }
    }

    /// The series whose Graphite text fits as a whole.
    #[must_use]
    pub fn named(glob: Pattern) -> Self {
        Self {
            glob: Some(glob),
            reads_labels: true,
            ..Self::all()
        }
    }

    /// As [`Self::named`], from the glob's text.
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
        let selector = Self {
            glob: path,
            labels: labels.into(),
            ..Self::all()
        };
        selector.checked()
    }

    /// Those of them whose path fits all of these matchers as well, whatever the matchers' names are.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_path_matchers(self, matchers: Vec<Matcher>) -> Result<Self, MatcherError> {
        let selector = Self {
            paths: matchers.into(),
            ..self
        };
        selector.checked()
    }

    /// Those of them that have labels, or those that have none. Branches have none.
    #[must_use]
    pub fn labelled(self, labelled: bool) -> Self {
        Self {
            labelled: Some(labelled),
            ..self
        }
    }

    fn checked(self) -> Result<Self, MatcherError> {
        if self.matchers() as u64 > limit::MATCHERS_PER_SELECTOR.default {
            return Err(MatcherError::TooMany(self.matchers()));
        }
        let bytes = self.table_bytes();
        if bytes > limit::PATTERN_TABLE_BYTES.default {
            return Err(MatcherError::TooLarge(bytes));
        }
        Ok(self)
    }

    /// The glob that a path, or Graphite's text, must fit.
    #[must_use]
    pub const fn glob(&self) -> Option<&Pattern> {
        self.glob.as_ref()
    }

    /// Whether the glob reads on after the path: what it must fit is Graphite's text as a whole.
    #[must_use]
    pub const fn reads_labels(&self) -> bool {
        self.reads_labels
    }

    /// Whether a series with labels may be meant.
    #[must_use]
    pub fn may_have_labels(&self) -> bool {
        self.labelled != Some(false)
    }

    /// How many matchers it has.
    #[must_use]
    pub fn matchers(&self) -> usize {
        self.labels.len() + self.paths.len()
    }

    /// Whether a path and its labels fit all matchers; the glob is not checked.
    #[must_use]
    pub fn fits_matchers(&self, path: &str, labels: &Labels<'_>) -> bool {
        let has_labels = || labels.clone().next().is_some();
        if self
            .labelled
            .is_some_and(|labelled| labelled != has_labels())
        {
            return false;
        }
        let fits_label = |matcher: &Matcher| {
            let mut named = labels.clone().filter(|(name, _)| *name == matcher.name());
            matcher.fits(named.next().map_or("", |(_, value)| value))
        };
        self.paths.iter().all(|matcher| matcher.fits(path)) && self.labels.iter().all(fits_label)
    }

    /// Whether a series is meant.
    #[must_use]
    pub fn matches(&self, key: &SeriesKey<'_>) -> bool {
        let fits = match &self.glob {
            Some(glob) if self.reads_labels => glob.matches(&key.graphite()),
            Some(glob) => glob.matches(key.path()),
            None => true,
        };
        fits && self.fits_matchers(key.path(), &key.labels())
    }

    /// The bytes of its tables, which may be many more than its text has.
    #[must_use]
    pub fn table_bytes(&self) -> u64 {
        let glob = self.glob.as_ref().map_or(0, Pattern::table_bytes);
        let matchers = self.labels.iter().chain(self.paths.iter());
        glob + matchers.map(Matcher::table_bytes).sum::<u64>()
    }
}
