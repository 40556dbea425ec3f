//! Translates a Graphite path into the glob that a store is asked for.

use base::pattern::Pattern;
use base::selector::Selector;

/// The selector of the series that a path means. A path without tags matches only series without tags; a path with tags is the
/// text of one series, and matches nothing if it has wildcards. A path that cannot be parsed matches nothing either, as in
/// graphite-web.
pub(super) struct GlobSelector {
    pub(super) selector: Selector,
    pub(super) has_tags: bool,
    /// With tags it is the one text that a series has: its tags stand in their order.
    literal: Option<String>,
}

impl GlobSelector {
    pub(super) fn parse(path: &str) -> Option<Self> {
        let has_tags = path.contains(';');
        if has_tags && path.contains(['*', '?', '[', '{']) {
            // A tag has no wildcards: `seriesByTag` is for that.
            return None;
        }
        let pattern = Pattern::parse(path).ok()?;
        let selector = Selector::named(pattern);
        Some(Self {
            selector: if has_tags {
                selector
            } else {
                selector.labelled(false)
            },
            has_tags,
            literal: has_tags.then(|| path.to_owned()),
        })
    }

    /// The same, for a path that finds series with tags too, in any order of them.
    pub(super) fn with_tagged(path: &str) -> Option<Self> {
        Some(Self {
            selector: Selector::named(Pattern::parse(path).ok()?),
            has_tags: true,
            literal: None,
        })
    }

    /// Whether a series of that Graphite text is meant, which its selector finds.
    pub(super) fn matches(&self, text: &str) -> bool {
        match &self.literal {
            Some(literal) => literal == text,
            None => self.has_tags || !text.contains(';'),
        }
    }
}
