//! Tags of events: how they are shown, how an event is found by them, and which events a question means.
//!
//! As in graphite-web, the two differ: shown is what stands between blanks of the text that was sent, duplicates and all; found
//! is an event by the words that the text reads as, where commas and quotes have a meaning.

use std::collections::BTreeSet;

/// The tags that are shown.
pub(super) fn listed(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// The tags that an event is found by. A word in double quotes is one tag, whatever it holds. The rest is parted at commas if there
/// is a comma in it, else at spaces. A quote that nothing closes stands for nothing.
pub(super) fn found_by(text: &str) -> BTreeSet<&str> {
    let mut tags = BTreeSet::new();
    let mut rest = Vec::new();
    let mut pieces = text.split('"');
    rest.extend(pieces.next());
    // Quoted and unquoted pieces take turns; a quoted one that is the last has no closing quote.
    while let Some(quoted) = pieces.next() {
        match pieces.next() {
            Some(after) => {
                tags.insert(quoted.trim());
                rest.push(after);
            }
            None => rest.push(quoted),
        }
    }
    let delimiter = match rest.iter().any(|word| word.contains(',')) {
        true => ',',
        false => ' ',
    };
    let words = rest.into_iter().flat_map(|word| word.split(delimiter));
    tags.extend(words.map(str::trim));
    tags.remove("");
    tags
}

/// How many of the tags asked for an event must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// All that any event of the domain has.
    AllKnown,
    /// All of them.
    All,
    /// One of them.
    Any,
}

impl Choice {
    /// The mode that the parameter `set` names; an unknown word counts as none.
    #[must_use]
    pub fn of(set: Option<&str>) -> Self {
        match set {
            Some("union") => Self::Any,
            Some("intersection") => Self::All,
            _ => Self::AllKnown,
        }
    }
}

/// Which events are asked for by their tags.
///
/// graphite-web looks asked tags up first, and passes over those that no event has: so a tag that nobody uses narrows nothing, unless
/// `set=intersection` asks for all of them, or no tag is known. [`Self::learn`] is told of every event that there is.
#[derive(Debug, Clone)]
pub struct TagQuery {
    /// As they were asked for, duplicates and empty ones among them.
    asked: usize,
    /// The same, each once.
    tags: BTreeSet<String>,
    known: BTreeSet<String>,
    choice: Choice,
}

impl TagQuery {
    /// Those with these tags.
    #[must_use]
    pub fn new(asked: Vec<String>, choice: Choice) -> Self {
        Self {
            asked: asked.len(),
            tags: asked.into_iter().collect(),
            known: BTreeSet::new(),
            choice,
        }
    }

    /// Those with the tags of the parameter `tags`, a space between them.
    #[must_use]
    pub fn parse(text: &str, set: Option<&str>) -> Self {
        Self::new(
            text.split(' ').map(str::to_owned).collect(),
            Choice::of(set),
        )
    }

    /// Learns of the tags that an event has.
    pub fn learn(&mut self, text: &str) {
        for tag in found_by(text) {
            if self.tags.contains(tag) && !self.known.contains(tag) {
                self.known.insert(tag.to_owned());
            }
        }
    }

    /// Whether no further event can be news.
    #[must_use]
    pub fn knows_all(&self) -> bool {
        let named = self.tags.len() - usize::from(self.tags.contains(""));
        self.known.len() == named
    }

    /// Whether an event of these tags is asked for, of those that were learnt of.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        let tags = found_by(text);
        let mut known = self.known.iter().map(String::as_str);
        let is_found = match self.choice {
            Choice::Any => known.any(|tag| tags.contains(tag)),
            Choice::AllKnown | Choice::All => {
                !self.known.is_empty() && known.all(|tag| tags.contains(tag))
            }
        };
        is_found && (self.choice != Choice::All || self.shows_all(text))
    }

    /// Whether as many of the shown tags are asked for as tags are asked for: one that is asked for twice never is.
    fn shows_all(&self, text: &str) -> bool {
        let wanted: BTreeSet<&str> = listed(text).into_iter().collect();
        let asked = wanted.iter().filter(|tag| self.tags.contains(**tag));
        asked.count() == self.asked
    }
}
