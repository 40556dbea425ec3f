//! What a path of Graphite asks a store for.

use base::pattern::Pattern;
use base::selector::Selector;

/// The series that a path means. One without tags finds none that have some; one with tags is the text of one series. A path
/// that cannot be read finds nothing, as in graphite-web.
pub(super) struct Glob {
    pub(super) selector: Selector,
    has_tags: bool,
}

impl Glob {
    pub(super) fn parse(path: &str) -> Option<Self> {
        let pattern = Pattern::parse(path).ok()?;
        Some(Self {
            selector: Selector::named(pattern),
            has_tags: path.contains(';'),
        })
    }

    /// Whether a series of that Graphite text is meant, which its selector finds.
    pub(super) fn means(&self, text: &str) -> bool {
        self.has_tags || !text.contains(';')
    }
}
