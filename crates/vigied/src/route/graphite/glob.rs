//! What a path of Graphite asks a store for.

use base::pattern::Pattern;
use base::selector::Selector;

/// The series that a path means. One without tags finds none that have some; one with tags is the text of one series. A path
/// that cannot be read finds nothing, as in graphite-web.
pub(super) struct Glob {
    pub(super) selector: Selector,
    pub(super) has_tags: bool,
    /// With tags and without a wildcard, it is the one text that a series has: its tags stand in their order.
    exactly: Option<String>,
}

impl Glob {
    pub(super) fn parse(path: &str) -> Option<Self> {
        let pattern = Pattern::parse(path).ok()?;
        let has_tags = path.contains(';');
        let selector = Selector::named(pattern);
        Some(Self {
            selector: if has_tags {
                selector
            } else {
                selector.labelled(false)
            },
            has_tags,
            exactly: (has_tags && !path.contains(['*', '?', '[', '{'])).then(|| path.to_owned()),
        })
    }

    /// The same, for a path that finds series with tags too, in any order of them.
    pub(super) fn with_tagged(path: &str) -> Option<Self> {
        Some(Self {
            selector: Selector::named(Pattern::parse(path).ok()?),
            has_tags: true,
            exactly: None,
        })
    }

    /// Whether a series of that Graphite text is meant, which its selector finds.
    pub(super) fn means(&self, text: &str) -> bool {
        match &self.exactly {
            Some(own) => own == text,
            None => self.has_tags || !text.contains(';'),
        }
    }
}
