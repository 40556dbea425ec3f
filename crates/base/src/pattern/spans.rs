//! Cuts a pattern at its dots, which brackets and braces may not hold; from the first `;` on a dot is a character like
//! others. Whatever is written wrong, but for empty sets, is found here.

use super::error::PatternError;
use super::lex::Piece;
use super::text_position::TextPosition;
use crate::name::allowed;
use std::ops::Range;

/// A bracket or brace that is open.
struct Open {
    character: char,
    at: TextPosition,
    /// Whether a `;` stands before it.
    tagged: bool,
}

impl Open {
    const fn unbalanced(&self) -> PatternError {
        PatternError::Unbalanced {
            character: self.character,
            at: self.at,
        }
    }
}

/// The elements, as ranges of `pieces`; `end` is that of the text.
pub(super) fn of(pieces: &[Piece], end: TextPosition) -> Result<Vec<Range<usize>>, PatternError> {
    let mut spans = Vec::new();
    let mut start = 0_usize;
    let mut open: Vec<Open> = Vec::new();
    // Each text of a brace has its own tags. Behind it there are only those of before: not all its texts have some.
    let mut tagged = false;
    for (index, piece) in pieces.iter().enumerate() {
        let Piece { at, character, .. } = *piece;
        let inside = open.last().map(|brace| brace.character);
        let refused = PatternError::Character { character, at };
        match piece.syntax() {
            _ if character == '.' && !tagged => {
                if let Some(first) = open.first() {
                    return Err(first.unbalanced());
                }
                if start == index {
                    return Err(PatternError::EmptyElement(at));
                }
                spans.push(start..index);
                start = index + 1;
            }
            Some(']') => match open.pop() {
                Some(opened) if opened.character == '[' => {}
                _ => return Err(PatternError::Unbalanced { character, at }),
            },
            // Commas part the texts of a brace and nothing else.
            Some(',') => match open.last() {
                Some(opened) if opened.character == '{' => tagged = opened.tagged,
                _ => return Err(refused),
            },
            Some('*' | '?' | '[' | '{' | '}') if inside == Some('[') => {}
            Some('*' | '?') => {}
            Some('[' | '{') => open.push(Open {
                character,
                at,
                tagged,
            }),
            Some('}') => match open.pop() {
                Some(opened) if opened.character == '{' => tagged = opened.tagged,
                _ => return Err(PatternError::Unbalanced { character, at }),
            },
            None if character == '\\' && tagged => {}
            None if character == '\\' => return Err(PatternError::Escaped { character, at }),
            _ if !allowed(character) => return Err(refused),
            _ => tagged |= character == ';' && inside != Some('['),
        }
    }
    if let Some(first) = open.first() {
        return Err(first.unbalanced());
    }
    if start == pieces.len() {
        return Err(PatternError::EmptyElement(end));
    }
    spans.push(start..pieces.len());
    Ok(spans)
}
