//! Parses a pattern in one pass, without recursion and without expanding its braces.

use super::automaton::{Automaton, Draft};
use super::classes::Token;
use super::element::{Element, PatternPart};
use super::error::PatternError;
use super::lex::{Piece, lex};
use super::text_position::TextPosition;
use super::{spans, tags};
use crate::limit;

/// The parts of a pattern. Where several `**` follow each other one is left, and a last one has a `*` after it: there
/// is at least one element below.
pub(super) fn parts(text: &str) -> Result<Vec<PatternPart>, PatternError> {
    let mut pieces = lex(text)?;
    let spans = spans::of(&pieces, TextPosition::of(text, text.len()))?;
    if let Some(last) = spans.last() {
        tags::sort(pieces.get_mut(last.clone()).unwrap_or_default());
    }
    let mut parts = Vec::new();
    let mut elements = 0_usize;
    let mut room = limit::PATTERN_TABLE_BYTES.default as usize;
    for span in spans {
        let pieces = pieces.get(span).unwrap_or_default();
        if matches!(pieces, [one, other] if one.is('*') && other.is('*')) {
            if !matches!(parts.last(), Some(PatternPart::AnyDepth)) {
                parts.push(PatternPart::AnyDepth);
            }
            continue;
        }
        elements += 1;
        // Counted to the end for the message, and not compiled beyond what can fit.
        if elements as u64 <= limit::NAME_ELEMENTS.default {
            parts.push(PatternPart::One(Box::new(element(pieces, &mut room)?)));
        }
    }
    if elements as u64 > limit::NAME_ELEMENTS.default {
        return Err(PatternError::TooDeep(elements));
    }
    if matches!(parts.last(), Some(PatternPart::AnyDepth)) {
        parts.push(PatternPart::One(Box::new(element(&lex("*")?, &mut room)?)));
    }
    Ok(parts)
}

/// A brace that is open.
struct Brace {
    /// The state it begins at.
    from: usize,
    /// The last states of its texts so far.
    ends: Vec<usize>,
}

/// Parses one element, which [`spans::of`] has found balanced, with so much room left for its table.
fn element(pieces: &[Piece], room: &mut usize) -> Result<Element, PatternError> {
    let mut draft = Draft {
        states: 1,
        ..Draft::default()
    };
    let mut braces: Vec<Brace> = Vec::new();
    let mut prefix = String::new();
    let mut is_literal = true;
    let mut rest = pieces.iter();
    while let Some(piece) = rest.next() {
        let here = draft.states - 1;
        let is_plain = match piece.syntax() {
            Some('*') => {
                draft.loops.push(here);
                false
            }
            Some('{') => {
                braces.push(Brace {
                    from: here,
                    ends: Vec::new(),
                });
                draft.jumps.push((here, draft.states));
                draft.states += 1;
                false
            }
            Some(',') if !braces.is_empty() => {
                if let Some(brace) = braces.last_mut() {
                    brace.ends.push(here);
                    draft.jumps.push((brace.from, draft.states));
                }
                draft.states += 1;
                false
            }
            Some('}') if !braces.is_empty() => {
                let after = draft.states;
                let ends = braces.pop().map(|brace| brace.ends).unwrap_or_default();
                let ends = ends.into_iter().chain([here]);
                draft.jumps.extend(ends.map(|end| (end, after)));
                draft.states += 1;
                false
            }
            other => {
                let token = match other {
                    Some('?') => Token::AnyOne,
                    Some('[') => {
                        let inside = rest.by_ref().take_while(|token| !token.is(']'));
                        let members: Vec<&Piece> = inside.collect();
                        set(&members).ok_or(PatternError::EmptySet(piece.at))?
                    }
                    _ => Token::Char(piece.character),
                };
                let is_plain = matches!(token, Token::Char(_));
                draft.tokens.push((here, token));
                draft.states += 1;
                is_plain
            }
        };
        is_literal &= is_plain;
        if is_literal {
            prefix.push(piece.character);
        }
    }
    Ok(Element {
        prefix,
        is_literal,
        automaton: Automaton::new(draft, room).ok_or(PatternError::TooVaried)?,
    })
}

fn set(inside: &[&Piece]) -> Option<Token> {
    let (negated, members) = match inside {
        [first, rest @ ..] if first.is('!') => (true, rest),
        all => (false, all),
    };
    let mut ranges = Vec::new();
    let mut rest = members;
    loop {
        rest = match rest {
            [] => break,
            [low, hyphen, high, tail @ ..] if hyphen.is('-') => {
                if low.character <= high.character {
                    ranges.push((low.character, high.character));
                }
                tail
            }
            [one, tail @ ..] => {
                ranges.push((one.character, one.character));
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
