//! The matcher of before, which writes braces out and tries each text: what the automaton must agree with.

use crate::pattern::PatternError;

/// As many texts as are written out.
const ALTERNATIVES_MAX: usize = 1000;

/// Whether `text` fits the one element `pattern`; `None` where it stood for too many texts.
pub(super) fn matches(pattern: &str, text: &str) -> Option<bool> {
    let variants = expand_braces(pattern, 0).ok()?;
    let fits = |(offsets, variant): &Variant| {
        let tokens = parse_tokens(variant, offsets).unwrap();
        matches_tokens(&tokens, text)
    };
    Some(variants.iter().any(fits))
}

/// A text with, for every character, its offset in the pattern.
type Variant = (Vec<usize>, Vec<char>);

/// Writes out `{a,b}`, innermost last, so that only sets and single wildcards remain.
fn expand_braces(element: &str, offset: usize) -> Result<Vec<Variant>, PatternError> {
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
                return Err(PatternError::TooVaried);
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
            return Err(PatternError::TooVaried);
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

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Char(char),
    AnyOne,
    AnyRun,
    Set {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Token {
    fn accepts(&self, character: char) -> bool {
        match self {
            Self::Char(expected) => *expected == character,
            Self::AnyOne | Self::AnyRun => true,
            Self::Set { negated, ranges } => {
                ranges
                    .iter()
                    .any(|(low, high)| (*low..=*high).contains(&character))
                    != *negated
            }
        }
    }
}

/// Greedy matching with one remembered star: linear in practice, never exponential.
fn matches_tokens(tokens: &[Token], text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    let (mut token, mut at) = (0_usize, 0_usize);
    let mut star: Option<(usize, usize)> = None;
    while let Some(character) = characters.get(at) {
        match tokens.get(token) {
            Some(Token::AnyRun) => {
                star = Some((token, at));
                token += 1;
            }
            Some(other) if other.accepts(*character) => {
                token += 1;
                at += 1;
            }
            _ => match star {
                Some((star_token, star_at)) => {
                    star = Some((star_token, star_at + 1));
                    token = star_token + 1;
                    at = star_at + 1;
                }
                None => return false,
            },
        }
    }
    tokens
        .get(token..)
        .is_some_and(|rest| rest.iter().all(|t| *t == Token::AnyRun))
}

fn parse_tokens(characters: &[char], offsets: &[usize]) -> Result<Vec<Token>, PatternError> {
    let mut tokens = Vec::new();
    let mut at = 0_usize;
    while let Some(character) = characters.get(at) {
        match character {
            '*' => {
                if tokens.last() != Some(&Token::AnyRun) {
                    tokens.push(Token::AnyRun);
                }
            }
            '?' => tokens.push(Token::AnyOne),
            '[' => {
                let inside = characters.get(at + 1..).unwrap_or_default();
                let length = inside
                    .iter()
                    .position(|c| *c == ']')
                    .unwrap_or(inside.len());
                let set = parse_set(inside.get(..length).unwrap_or_default()).ok_or_else(|| {
                    PatternError::EmptySet(super::at(offsets.get(at).copied().unwrap_or_default()))
                })?;
                tokens.push(set);
                at += length + 1;
            }
            other => tokens.push(Token::Char(*other)),
        }
        at += 1;
    }
    Ok(tokens)
}

fn parse_set(inside: &[char]) -> Option<Token> {
    let (negated, members) = match inside {
        ['!', rest @ ..] => (true, rest),
        all => (false, all),
    };
    let mut ranges = Vec::new();
    let mut rest = members;
    loop {
        rest = match rest {
            [] => break,
            [low, '-', high, tail @ ..] => {
                if low <= high {
                    ranges.push((*low, *high));
                }
                tail
            }
            [one, tail @ ..] => {
                ranges.push((*one, *one));
                tail
            }
        };
    }
    if ranges.is_empty() {
        None
    } else {
        Some(Token::Set { negated, ranges })
    }
}
