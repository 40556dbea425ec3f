//! How far a path has been read along a pattern, character by character.

use super::{Element, Pattern};

/// A place in a pattern's automaton; [`Pattern::start`] makes one. It can be used again for any number of paths, and
/// allocates only where an element is larger than all before it.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    element: usize,
    bits: Vec<u64>,
    work: u64,
}

impl Progress {
    /// The operations on words that its steps have taken since this was last asked; what a step costs is bounded by the
    /// pattern alone.
    pub const fn take_work(&mut self) -> u64 {
        let work = self.work;
        self.work = 0;
        work
    }
}

impl Pattern {
    /// The place before the first character.
    #[must_use]
    pub fn start(&self) -> Progress {
        let mut progress = Progress::default();
        self.enter(&mut progress, 0);
        progress
    }

    /// Moves to the beginning of element `element`, as if those before it had been read.
    pub fn enter(&self, progress: &mut Progress, element: usize) {
        progress.element = element;
        progress.bits.clear();
        if let Some(own) = self.elements.get(element) {
            let start = own.automaton.start();
            progress.bits.extend_from_slice(start);
            progress.work += start.len() as u64;
        }
    }

    /// Reads `character`.
    pub fn step(&self, progress: &mut Progress, character: char) {
        let Some(element) = self.here(progress) else {
            return;
        };
        if character != '.' {
            progress.work += element.automaton.step(&mut progress.bits, character);
        } else if element.automaton.accepts(&progress.bits) {
            self.enter(progress, progress.element + 1);
        } else {
            progress.bits.clear();
        }
    }

    /// Whether the path read so far fits.
    #[must_use]
    pub fn is_match(&self, progress: &Progress) -> bool {
        progress.element + 1 == self.elements.len() && self.ends_element(progress)
    }

    /// Whether the path read so far is a beginning of one that fits, or fits.
    #[must_use]
    pub fn can_match(&self, progress: &Progress) -> bool {
        self.here(progress).is_some() && progress.bits.iter().any(|word| *word != 0)
    }

    /// Whether the element read so far is whole: a dot may follow, or the end.
    #[must_use]
    pub fn ends_element(&self, progress: &Progress) -> bool {
        self.here(progress)
            .is_some_and(|own| own.automaton.accepts(&progress.bits))
    }

    /// Whether it can still fit when `character`, which is no dot, comes next.
    #[must_use]
    pub fn allows(&self, progress: &Progress, character: char) -> bool {
        self.here(progress)
            .is_some_and(|own| own.automaton.lives(&progress.bits, character))
    }

    /// The first character behind `after` with which it can still fit, where `after` is one with which it can not.
    pub fn next_allowed(&self, progress: &mut Progress, after: char) -> Option<char> {
        let element = self.elements.get(progress.element)?;
        let (next, work) = element.automaton.next(&progress.bits, after);
        progress.work += work;
        next
    }

    fn here(&self, progress: &Progress) -> Option<&Element> {
        self.elements.get(progress.element)
    }
}
