//! A name filter: the series of a domain that a caller may reach, as one or several selectors.

use super::Selector;
use crate::limit;
use crate::series::SeriesKey;

/// A set of series by name, made of selectors like a query, and intersected with the query in the index walk.
#[derive(Debug, Clone)]
pub struct NameFilter {
    any: Box<[Selector]>,
}

impl NameFilter {
    /// The series that any of these means; `None` where there are more of them than
    /// [`limit::SELECTORS_PER_FILTER`]. Without any there are none.
    #[must_use]
    pub fn any(selectors: Vec<Selector>) -> Option<Self> {
        let fits = selectors.len() as u64 <= limit::SELECTORS_PER_FILTER.default;
        fits.then(|| Self {
            any: selectors.into(),
        })
    }

    /// Whether a series is in it.
    #[must_use]
    pub fn matches(&self, key: &SeriesKey<'_>) -> bool {
        self.any.iter().any(|selector| selector.matches(key))
    }

    /// The patterns it is made of.
    #[must_use]
    pub const fn selectors(&self) -> &[Selector] {
        &self.any
    }
}
