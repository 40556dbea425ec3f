//! Classes of characters: the characters that a pattern cannot tell apart are one class, and each class has the set of
//! states that consume it, as a row of bits.

/// Sets bit `at`.
pub(super) fn set(bits: &mut [u64], at: usize) {
    if let Some(word) = bits.get_mut(at / 64) {
        *word |= 1 << (at % 64);
    }
}

/// The bytes that one state of the automaton consumes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Char(char),
    AnyOne,
    Set {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

#[derive(Debug, Default)]
pub(super) struct Classes {
    words: usize,
    /// Rows one after another; row 0 is for whatever no token names.
    rows: Vec<u64>,
    /// Where classes begin, ascending; the first at 0.
    bounds: Vec<(u32, u32)>,
    /// The rows of the characters that nearly all names are made of.
    ascii: Vec<u32>,
}

impl Classes {
    /// `tokens`: which state consumes what. Costs a sort of the tokens' ends and a copy of a row for each of them, which
    /// is taken from the `room` in bytes that is left; `None` where there is not enough.
    pub(super) fn new(words: usize, tokens: &[(usize, Token)], room: &mut usize) -> Option<Self> {
        let mut row = vec![0_u64; words];
        let mut flips: Vec<(u32, usize)> = Vec::new();
        for (state, token) in tokens {
            let mut flip = |low: char, high: char| {
                flips.push((low as u32, *state));
                flips.push((high as u32 + 1, *state));
            };
            match token {
                Token::AnyOne => set(&mut row, *state),
                Token::Char(character) => flip(*character, *character),
                Token::Set { negated, ranges } => {
                    if *negated {
                        set(&mut row, *state);
                    }
                    for (low, high) in joined(ranges) {
                        flip(low, high);
                    }
                }
            }
        }
        flips.sort_unstable();
        let mut classes = Self {
            words,
            rows: row.clone(),
            bounds: vec![(0, 0)],
            ascii: Vec::new(),
        };
        let mut flipped = vec![0_u64; words];
        let mut open = 0_usize;
        for group in flips.chunk_by(|left, right| left.0 == right.0) {
            for (_, state) in group {
                let (word, bit) = (state / 64, 1_u64 << (state % 64));
                if let (Some(bits), Some(now)) = (row.get_mut(word), flipped.get_mut(word)) {
                    *bits ^= bit;
                    *now ^= bit;
                    if *now & bit == 0 {
                        open -= 1;
                    } else {
                        open += 1;
                    }
                }
            }
            let at = group.first().map_or(0, |first| first.0);
            let class = if open == 0 {
                0
            } else {
                *room = room.checked_sub(size_of_val(row.as_slice()))?;
                classes.rows.extend_from_slice(&row);
                (classes.rows.len() / words - 1) as u32
            };
            classes.bounds.push((at, class));
        }
        classes.ascii = (0..128).map(|code| classes.search(code)).collect();
        Some(classes)
    }

    pub(super) fn table_bytes(&self) -> usize {
        size_of_val(self.rows.as_slice())
            + size_of_val(self.bounds.as_slice())
            + size_of_val(self.ascii.as_slice())
    }

    fn search(&self, code: u32) -> u32 {
        let after = self.bounds.partition_point(|(start, _)| *start <= code);
        self.bounds
            .get(after.wrapping_sub(1))
            .map_or(0, |bound| bound.1)
    }

    fn row_of(&self, class: u32) -> &[u64] {
        let start = class as usize * self.words;
        self.rows.get(start..start + self.words).unwrap_or_default()
    }

    /// The states that consume `character`.
    pub(super) fn row(&self, character: char) -> &[u64] {
        let code = character as u32;
        let class = match self.ascii.get(code as usize) {
            Some(class) => *class,
            None => self.search(code),
        };
        self.row_of(class)
    }

    /// The first character after `after` that a state of `states` consumes, and how many words it took to find it.
    pub(super) fn next(&self, states: &[u64], after: char) -> (Option<char>, u64) {
        let Some(least) = successor(after) else {
            return (None, 1);
        };
        let first = self
            .bounds
            .partition_point(|(start, _)| *start <= least as u32)
            .saturating_sub(1);
        let mut work = 1;
        for (start, class) in self.bounds.get(first..).unwrap_or_default() {
            work += self.words as u64;
            let mut pairs = states.iter().zip(self.row_of(*class));
            if pairs.any(|(state, row)| state & row != 0) {
                let found = char::from_u32(*start).unwrap_or('\u{e000}');
                return (Some(found.max(least)), work);
            }
        }
        (None, work)
    }
}

/// The character after `character` in the order of names.
#[must_use]
pub fn successor(character: char) -> Option<char> {
    let code = character as u32 + 1;
    if (0xd800..0xe000).contains(&code) {
        return Some('\u{e000}');
    }
    char::from_u32(code)
}

/// The same ranges, ascending, none touching another.
fn joined(ranges: &[(char, char)]) -> Vec<(char, char)> {
    let mut sorted = ranges.to_vec();
    sorted.sort_unstable();
    let mut out: Vec<(char, char)> = Vec::with_capacity(sorted.len());
    for (low, high) in sorted {
        match out.last_mut() {
            Some((_, end)) if low as u32 <= *end as u32 + 1 => *end = (*end).max(high),
            _ => out.push((low, high)),
        }
    }
    out
}
