//! One element of a pattern as an automaton, whose states are bits.
//!
//! A state stands between two characters of the pattern. A token (a character, `?`, a set) leads from its state to the
//! next; `*` makes its state keep itself; a brace jumps from its state to the first of each of its texts, and from the
//! last of each to the state after it. All jumps lead forward, so that one pass in order takes them all.
//!
//! There are no more states than bytes of the element and one, whatever its braces would stand for written out. A
//! character costs a few operations for each 64 states, and one for each jump that is taken; at most
//! [`crate::limit::PATTERN_BYTES`] of these, and never anything that depends on what was read before.

use super::classes::{Classes, Token, set};

/// The states of an automaton under construction, in the order of the text.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// The state reached so far is the last one.
    pub(super) states: usize,
    pub(super) tokens: Vec<(usize, Token)>,
    pub(super) loops: Vec<usize>,
    /// From, to; always forward.
    pub(super) jumps: Vec<(usize, usize)>,
}

/// The empty transitions of an automaton, by their source.
#[derive(Debug)]
struct EmptyTransitions {
    /// The states at which some begin.
    from: Vec<u64>,
    /// For each state, where its own begin in `to`.
    first: Vec<u32>,
    /// Word, and bits of it.
    to: Vec<(u32, u64)>,
}

impl EmptyTransitions {
    fn new(words: usize, states: usize, mut jumps: Vec<(usize, usize)>) -> Self {
        jumps.sort_unstable();
        let mut from = vec![0; words];
        let mut first = Vec::with_capacity(states + 1);
        let mut to: Vec<(u32, u64)> = Vec::with_capacity(jumps.len());
        let mut rest = jumps.into_iter().peekable();
        for state in 0..states {
            let begin = to.len();
            first.push(begin as u32);
            while let Some((_, target)) = rest.next_if(|(source, _)| *source == state) {
                set(&mut from, state);
                let (word, bit) = ((target / 64) as u32, 1_u64 << (target % 64));
                match to.get_mut(begin..).and_then(<[_]>::last_mut) {
                    Some((last, bits)) if *last == word => *bits |= bit,
                    _ => to.push((word, bit)),
                }
            }
        }
        first.push(to.len() as u32);
        Self { from, first, to }
    }

    fn table_bytes(&self) -> usize {
        size_of_val(self.from.as_slice())
            + size_of_val(self.first.as_slice())
            + size_of_val(self.to.as_slice())
    }

    /// Takes every jump that can be taken; returns how many states it left and words it touched.
    fn take(&self, bits: &mut [u64]) -> u64 {
        let mut work = 0;
        for (at, from) in self.from.iter().enumerate() {
            let mut left = u64::MAX;
            loop {
                let ready = bits.get(at).copied().unwrap_or_default() & from & left;
                if ready == 0 {
                    break;
                }
                work += 1;
                let bit = ready.trailing_zeros();
                left = u64::MAX.checked_shl(bit + 1).unwrap_or_default();
                let state = at * 64 + bit as usize;
                let range = self.first.get(state).zip(self.first.get(state + 1));
                let Some((begin, end)) = range else { break };
                let targets = self.to.get(*begin as usize..*end as usize);
                for (word, mask) in targets.unwrap_or_default() {
                    work += 1;
                    if let Some(target) = bits.get_mut(*word as usize) {
                        *target |= mask;
                    }
                }
            }
        }
        work
    }
}

/// The automaton of an element.
#[derive(Debug)]
pub(super) struct Automaton {
    classes: Classes,
    loops: Vec<u64>,
    jumps: Option<EmptyTransitions>,
    start: Vec<u64>,
    last: usize,
}

impl Automaton {
    /// `room`: the bytes that tables may still take; `None` where this one takes more.
    pub(super) fn new(draft: Draft, room: &mut usize) -> Option<Self> {
        let words = draft.states.div_ceil(64).max(1);
        let mut loops = vec![0; words];
        for state in draft.loops {
            set(&mut loops, state);
        }
        let jumps = (!draft.jumps.is_empty())
            .then(|| EmptyTransitions::new(words, draft.states, draft.jumps));
        let mut start = vec![0; words];
        set(&mut start, 0);
        if let Some(jumps) = &jumps {
            jumps.take(&mut start);
        }
        Some(Self {
            classes: Classes::new(words, &draft.tokens, room)?,
            loops,
            jumps,
            start,
            last: draft.states.saturating_sub(1),
        })
    }

    /// The bytes of its tables.
    pub(super) fn table_bytes(&self) -> usize {
        let jumps = self.jumps.as_ref().map_or(0, EmptyTransitions::table_bytes);
        let states = size_of_val(self.loops.as_slice()) + size_of_val(self.start.as_slice());
        self.classes.table_bytes() + states + jumps
    }

    /// The states before the first character.
    pub(super) fn start(&self) -> &[u64] {
        &self.start
    }

    /// Whether any state is left after `character`.
    pub(super) fn can_continue(&self, bits: &[u64], character: char) -> bool {
        let row = self.classes.row(character);
        let mut words = bits.iter().zip(row).zip(&self.loops);
        words.any(|((bits, row), loops)| bits & (row | loops) != 0)
    }

    /// Consumes `character`; returns how many words it touched.
    pub(super) fn step(&self, bits: &mut [u64], character: char) -> u64 {
        let row = self.classes.row(character);
        let mut carry = 0;
        for ((bits, row), loops) in bits.iter_mut().zip(row).zip(&self.loops) {
            let moved = *bits & row;
            *bits = (moved << 1) | carry | (*bits & loops);
            carry = moved >> 63;
        }
        let jumped = self.jumps.as_ref().map_or(0, |jumps| jumps.take(bits));
        bits.len() as u64 + jumped
    }

    /// The first character after `after` that leaves a state, where not every character does; and how many words it
    /// took to find it.
    pub(super) fn next(&self, bits: &[u64], after: char) -> (Option<char>, u64) {
        self.classes.next(bits, after)
    }

    /// Whether it accepts any text: its only state keeps itself.
    pub(super) fn is_any(&self) -> bool {
        self.last == 0 && self.loops == [1]
    }

    /// Whether what was consumed is a whole element.
    pub(super) fn accepts(&self, bits: &[u64]) -> bool {
        bits.get(self.last / 64)
            .is_some_and(|word| word >> (self.last % 64) & 1 == 1)
    }
}
