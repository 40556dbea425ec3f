//! How far a path has been read along a pattern, character by character.
//!
//! A `**` leaves open which part of the pattern an element of the path is. All that are possible are followed at once, as
//! a set of [`Positions`], so that no path is read twice, however many ways through the pattern lead to it. There are no
//! more of them than the pattern has parts.

use super::element::{Element, PatternPart};
use super::{Pattern, successor};

/// Operations on words after which the reader of a long name should check its budget: some tenths of a millisecond.
const MUCH_WORK: u64 = 16 * 1024;

/// Which parts of a pattern the next element of a path may be. The number after the last part stands for the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Positions(Vec<usize>);

impl Positions {
    /// Whether there is one: else nothing fits that begins like this.
    #[must_use]
    pub const fn is_any(&self) -> bool {
        !self.0.is_empty()
    }
}

/// An element of the pattern that is being read.
#[derive(Debug, Clone, Default)]
struct ElementProgress {
    part: usize,
    bits: Vec<u64>,
}

/// A place in a pattern's automata; [`Pattern::start`] makes one. It can be used again for any number of paths, and
/// allocates only where more is to be followed than ever before.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// The first `live` can still fit; the others keep their memory.
    spots: Vec<ElementProgress>,
    live: usize,
    /// Each `**` that takes the element, whatever it is.
    open: Vec<usize>,
    /// A `;` has been read: dots part nothing any more.
    tagged: bool,
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

    /// As [`Self::take_work`], once it is much.
    pub const fn take_large_work(&mut self) -> Option<u64> {
        if self.work < MUCH_WORK {
            return None;
        }
        Some(self.take_work())
    }

    /// Whether `character`, coming next, ends the element.
    #[must_use]
    pub(crate) const fn is_separator(&self, character: char) -> bool {
        character == '.' && !self.tagged
    }

    fn live(&self) -> &[ElementProgress] {
        self.spots.get(..self.live).unwrap_or_default()
    }
}

impl Pattern {
    /// The place before the first character.
    #[must_use]
    pub fn start(&self) -> Progress {
        let mut progress = Progress::default();
        self.enter(&mut progress, &self.first());
        progress
    }

    /// Where the first element of a path may be.
    #[must_use]
    pub fn first(&self) -> Positions {
        let mut first = Positions::default();
        self.open(&mut first, 0);
        first
    }

    /// Whether a path that ends before these fits.
    #[must_use]
    pub fn can_end_at(&self, positions: &Positions) -> bool {
        positions.0.contains(&self.parts.len())
    }

    /// Whether a path can go on at these.
    #[must_use]
    pub fn can_continue_at(&self, positions: &Positions) -> bool {
        positions.0.iter().any(|at| *at < self.parts.len())
    }

    /// The element that must fit next, where it is the only one that may.
    #[must_use]
    pub fn sole_element_at(&self, positions: &Positions) -> Option<&Element> {
        match positions.0.as_slice() {
            [at] => self.parts.get(*at)?.element(),
            _ => None,
        }
    }

    /// Where the element after the only one that may fit next may be.
    #[must_use]
    pub fn after_sole_element(&self, positions: &Positions) -> Positions {
        let mut after = Positions::default();
        if let [at] = positions.0.as_slice() {
            self.open(&mut after, at + 1);
        }
        after
    }

    /// Moves to the beginning of an element at these positions.
    pub fn enter(&self, progress: &mut Progress, positions: &Positions) {
        progress.live = 0;
        progress.open.clear();
        progress.tagged = false;
        for at in &positions.0 {
            match self.parts.get(*at) {
                None => {}
                Some(PatternPart::AnyDepth) => progress.open.push(*at),
                Some(PatternPart::One(element)) => {
                    if progress.live == progress.spots.len() {
                        progress.spots.push(ElementProgress::default());
                    }
                    if let Some(spot) = progress.spots.get_mut(progress.live) {
                        let start = element.automaton.start();
                        spot.part = *at;
                        spot.bits.clear();
                        spot.bits.extend_from_slice(start);
                        progress.work += start.len() as u64;
                        progress.live += 1;
                    }
                }
            }
        }
    }

    /// Where the next element may be, if this one ends here.
    #[must_use]
    pub fn next_positions(&self, progress: &Progress) -> Positions {
        let mut positions = Positions::default();
        for at in &progress.open {
            self.open(&mut positions, *at);
        }
        for spot in progress.live() {
            if self.accepts(spot) {
                self.open(&mut positions, spot.part + 1);
            }
        }
        positions.0.sort_unstable();
        positions.0.dedup();
        positions
    }

    /// Reads `character`.
    pub fn step(&self, progress: &mut Progress, character: char) {
        if progress.is_separator(character) {
            let next = self.next_positions(progress);
            self.enter(progress, &next);
            return;
        }
        progress.tagged |= character == ';';
        let mut at = 0;
        while at < progress.live {
            let Some(spot) = progress.spots.get_mut(at) else {
                break;
            };
            if let Some(element) = self.element(spot) {
                progress.work += element.automaton.step(&mut spot.bits, character);
            }
            if spot.bits.iter().any(|word| *word != 0) {
                at += 1;
            } else {
                progress.live -= 1;
                progress.spots.swap(at, progress.live);
            }
        }
    }

    /// Whether the path read so far fits.
    #[must_use]
    pub fn is_match(&self, progress: &Progress) -> bool {
        let mut live = progress.live().iter();
        live.any(|spot| spot.part + 1 == self.parts.len() && self.accepts(spot))
    }

    /// Whether the path read so far is a beginning of one that fits, or fits.
    #[must_use]
    pub fn can_match(&self, progress: &Progress) -> bool {
        progress.live > 0 || !progress.open.is_empty()
    }

    /// Whether the element read so far is whole: a dot may follow, or the end.
    #[must_use]
    pub fn can_end_element(&self, progress: &Progress) -> bool {
        !progress.open.is_empty() || progress.live().iter().any(|spot| self.accepts(spot))
    }

    /// Whether it can still fit when `character`, which does not part elements, comes next.
    #[must_use]
    pub fn allows(&self, progress: &Progress, character: char) -> bool {
        let can_continue = |spot: &ElementProgress| {
            let element = self.element(spot);
            element.is_some_and(|element| element.automaton.can_continue(&spot.bits, character))
        };
        !progress.open.is_empty() || progress.live().iter().any(can_continue)
    }

    /// The first character after `after` with which it can still fit, where `after` is one with which it cannot.
    pub fn next_allowed(&self, progress: &mut Progress, after: char) -> Option<char> {
        if !progress.open.is_empty() {
            return successor(after);
        }
        let (mut least, mut work) = (None, 0);
        for spot in progress.live() {
            let Some(element) = self.element(spot) else {
                continue;
            };
            let (next, words) = element.automaton.next(&spot.bits, after);
            work += words;
            least = least.into_iter().chain(next).min();
        }
        progress.work += work;
        least
    }

    /// Adds `at`, and what follows it where it may stand for no element at all.
    fn open(&self, positions: &mut Positions, at: usize) {
        positions.0.push(at);
        if matches!(self.parts.get(at), Some(PatternPart::AnyDepth)) {
            positions.0.push(at + 1);
        }
    }

    fn element(&self, spot: &ElementProgress) -> Option<&Element> {
        self.parts.get(spot.part)?.element()
    }

    fn accepts(&self, spot: &ElementProgress) -> bool {
        self.element(spot)
            .is_some_and(|element| element.automaton.accepts(&spot.bits))
    }
}
