//! The selector of the series that a path means.

use crate::route::graphite::glob::GlobSelector;
use crate::route::graphite::tag_selector;
use base::context::{Context, Stop};
use base::selector::Selector;
use query::series::Tags;
use query::source::Path;
use query::tags::{Condition, NAME, TagExpression, fit_all};
use std::time::Instant;

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

    /// Whether a series is meant. A regular expression may take milliseconds, and `context` is asked before each.
    ///
    /// # Errors
    /// When the work must not go on.
    pub(super) fn matches(&self, text: &str, tags: &Tags, context: &Context) -> Result<bool, Stop> {
        match self {
            Self::Glob(glob) => Ok(glob.matches(text)),
            Self::Tagged { conditions, .. } => {
                let mut check = || context.check(Instant::now());
                Ok(tags.len() > 1 && fit_all(conditions, tags, &mut check)?)
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
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut tags: Tags = key.labels().map(owned).collect();
    tags.insert(NAME.to_owned(), key.path().to_owned());
    tags
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::series::SeriesKey;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Series were compared for as long as there were any, whoever had gone meanwhile.
    #[test]
    fn no_regular_expression_is_compared_once_the_client_is_gone() {
        let expressions = TagExpression::parse_all(["host=~a"]).unwrap();
        let selector = PathSelector::of(&Path::Tags(expressions), false).unwrap();
        let key = SeriesKey::new("p", [("host", "a")]).unwrap();
        let flag = Arc::new(AtomicBool::new(false));
        let context = Context::unlimited().with_cancel_flag(Arc::clone(&flag));
        let matches = || selector.matches("p;host=a", &tags_of(&key), &context);
        assert_eq!(matches(), Ok(true));
        flag.store(true, Ordering::Relaxed);
        assert_eq!(matches(), Err(Stop::Cancelled));
    }
}
