//! From the text of a pattern to its elements: one pass, no recursion, nothing written out.

use super::automaton::{Automaton, Draft};
use super::classes::Token;
use super::{ALTERNATIVES_MAX, Element, PatternError};

/// Cuts at the dots, which brackets and braces may not hold.
pub(super) fn element_spans(text: &str) -> Result<Vec<(usize, usize)>, PatternError> {
    let mut spans = Vec::new();
    let mut start = 0_usize;
    let mut open: Vec<(char, usize)> = Vec::new();
    for (at, character) in text.char_indices() {
        let in_set = matches!(open.last(), Some(('[', _)));
        match character {
            '.' => {
                if let Some((character, at)) = open.first() {
                    return Err(PatternError::Unbalanced {
                        character: *character,
                        at: *at,
                    });
                }
                spans.push((start, at));
                start = at + 1;
            }
            '[' if !in_set => open.push(('[', at)),
            '{' if !in_set => open.push(('{', at)),
            ']' => match open.pop() {
                Some(('[', _)) => {}
                _ => return Err(PatternError::Unbalanced { character, at }),
            },
            '}' if !in_set => match open.pop() {
                Some(('{', _)) => {}
                _ => return Err(PatternError::Unbalanced { character, at }),
            },
            ',' if open.is_empty() => return Err(PatternError::Character { character, at }),
            _ if character.is_control()
                || character.is_whitespace()
                || matches!(character, '(' | ')' | '"' | '\'') =>
            {
                return Err(PatternError::Character { character, at });
            }
            _ => {}
        }
    }
    if let Some((character, at)) = open.first() {
        return Err(PatternError::Unbalanced {
            character: *character,
            at: *at,
        });
    }
    spans.push((start, text.len()));
    Ok(spans)
}

/// A brace that is open.
struct Brace {
    /// The state it begins at.
    from: usize,
    /// The last states of its texts so far.
    ends: Vec<usize>,
}

/// Parses one element, which [`element_spans`] has found balanced; `offset` is its place in the pattern.
pub(super) fn element(text: &str, offset: usize) -> Result<Element, PatternError> {
    let mut draft = Draft {
        states: 1,
        ..Draft::default()
    };
    let mut braces: Vec<Brace> = Vec::new();
    let mut branches = 1_usize;
    let mut prefix = String::new();
    let mut is_literal = true;
    let mut rest = text.char_indices();
    while let Some((at, character)) = rest.next() {
        let here = draft.states - 1;
        let is_plain = match character {
            '*' => {
                draft.loops.push(here);
                false
            }
            '{' => {
                braces.push(Brace {
                    from: here,
                    ends: Vec::new(),
                });
                draft.jumps.push((here, draft.states));
                draft.states += 1;
                false
            }
            ',' if !braces.is_empty() => {
                branches += 1;
                if branches > ALTERNATIVES_MAX {
                    return Err(PatternError::TooManyAlternatives);
                }
                if let Some(brace) = braces.last_mut() {
                    brace.ends.push(here);
                    draft.jumps.push((brace.from, draft.states));
                }
                draft.states += 1;
                false
            }
            '}' if !braces.is_empty() => {
                let behind = draft.states;
                let ends = braces.pop().map(|brace| brace.ends).unwrap_or_default();
                let ends = ends.into_iter().chain([here]);
                draft.jumps.extend(ends.map(|end| (end, behind)));
                draft.states += 1;
                false
            }
            _ => {
                let token = match character {
                    '?' => Token::AnyOne,
                    '[' => {
                        let inside = rest.by_ref().map(|(_, own)| own);
                        let members: Vec<char> = inside.take_while(|own| *own != ']').collect();
                        parse_set(&members).ok_or(PatternError::EmptySet(offset + at))?
                    }
                    other => Token::Char(other),
                };
                let is_plain = matches!(token, Token::Char(_));
                draft.tokens.push((here, token));
                draft.states += 1;
                is_plain
            }
        };
        is_literal &= is_plain;
        if is_literal {
            prefix.push(character);
        }
    }
    Ok(Element {
        prefix,
        is_literal,
        automaton: Automaton::new(draft),
    })
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
