//! The selector of the series that a path means.

use crate::route::graphite::glob::GlobSelector;
use crate::route::graphite::tag_selector;
use base::selector::Selector;
use query::series::Tags;
use query::source::Path;
use query::tags::{Condition, NAME, TagExpression};

/// Which series a path means.
pub(super) enum PathSelector {
    Glob(GlobSelector),
    Tagged {
        selector: Selector,
        conditions: Vec<Condition>,
    },
}

impl PathSelector {
    /// `None` where it finds nothing.
    pub(super) fn of(path: &Path, has_tagged: bool) -> Option<Self> {
        match path {
            Path::Glob(text) if has_tagged => GlobSelector::with_tagged(text).map(Self::Glob),
            Path::Glob(text) => GlobSelector::parse(text).map(Self::Glob),
            Path::Tags(expressions) => tagged(expressions),
        }
    }

    pub(super) const fn selector(&self) -> &Selector {
        match self {
            Self::Glob(glob) => &glob.selector,
            Self::Tagged { selector, .. } => selector,
        }
    }

    pub(super) fn matches(&self, text: &str, tags: &Tags) -> bool {
        match self {
            Self::Glob(glob) => glob.matches(text),
            Self::Tagged { conditions, .. } => {
                tags.len() > 1 && conditions.iter().all(|condition| condition.fits_tags(tags))
            }
        }
    }
}

/// The store looks at the conditions itself, but for regular expressions that it has no automaton for.
fn tagged(expressions: &[TagExpression]) -> Option<PathSelector> {
    let conditions = expressions.iter().map(TagExpression::condition);
    let conditions = conditions.collect::<Result<_, _>>().ok()?;
    let selector = tag_selector::selector(expressions)?;
    Some(PathSelector::Tagged {
        selector,
        conditions,
    })
}

/// The tags of a series: its path is `name`.
pub(in super::super) fn tags_of(key: &base::series::SeriesKey<'_>) -> Tags {
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut tags: Tags = key.labels().map(own).collect();
    tags.insert(NAME.to_owned(), key.path().to_owned());
    tags
}
