//! Braces: `{a,b}` written out into the texts it stands for.

use super::{ALTERNATIVES_MAX, PatternError};

/// A text with, for every character, its offset in the pattern.
pub(super) type Variant = (Vec<usize>, Vec<char>);

/// Writes out `{a,b}`, innermost last, so that only sets and single wildcards remain.
pub(super) fn expand_braces(element: &str, offset: usize) -> Result<Vec<Variant>, PatternError> {
    let (offsets, characters): Variant = element
        .char_indices()
        .map(|(at, c)| (at + offset, c))
        .unzip();
    let mut open: Vec<Variant> = vec![(offsets, characters)];
    let mut done = Vec::new();
    while let Some((offsets, characters)) = open.pop() {
        let Some((start, end, commas)) = first_braces(&characters) else {
            done.push((offsets, characters));
            if done.len() > ALTERNATIVES_MAX {
                return Err(PatternError::TooManyAlternatives);
            }
            continue;
        };
        let mut from = start + 1;
        for comma in commas.iter().copied().chain([end]) {
            let pick = |all: &[usize]| splice(all, start, from..comma, end);
            let pick_chars = splice(&characters, start, from..comma, end);
            open.push((pick(&offsets), pick_chars));
            from = comma + 1;
        }
        if open.len() + done.len() > ALTERNATIVES_MAX {
            return Err(PatternError::TooManyAlternatives);
        }
    }
    done.reverse();
    Ok(done)
}

fn splice<T: Copy>(all: &[T], start: usize, middle: std::ops::Range<usize>, end: usize) -> Vec<T> {
    let head = all.get(..start).unwrap_or_default();
    let tail = all.get(end + 1..).unwrap_or_default();
    [head, all.get(middle).unwrap_or_default(), tail].concat()
}

/// The first pair of braces outside a set: where it opens, where it closes, and its own commas.
fn first_braces(characters: &[char]) -> Option<(usize, usize, Vec<usize>)> {
    let (mut start, mut depth, mut in_set, mut commas) = (0_usize, 0_usize, false, Vec::new());
    for (at, character) in characters.iter().enumerate() {
        match character {
            '[' if !in_set => in_set = true,
            ']' => in_set = false,
            '{' if !in_set => {
                if depth == 0 {
                    start = at;
                }
                depth += 1;
            }
            ',' if depth == 1 && !in_set => commas.push(at),
            '}' if !in_set && depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    return Some((start, at, commas));
                }
            }
            _ => {}
        }
    }
    None
}
