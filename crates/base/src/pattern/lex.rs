//! The characters of a pattern, with the backslashes taken in.
//!
//! A backslash says that the next character is meant as itself, as in `app[\-_]prd`. Graphite drops it; that is the same
//! wherever the character has no meaning of its own. No name holds a wildcard, so nothing could be meant by `\*`, and it
//! is refused where Graphite would take it for `*`: a slip must not reach a deletion. A backslash itself stands in
//! renderings of labels alone ([`crate::series`]), as `\\` in a pattern.

use super::error::PatternError;
use super::text_position::TextPosition;
use crate::name::allowed;

/// One character of a pattern.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    /// Where it stands in the text.
    pub(super) at: TextPosition,
    pub(super) character: char,
    /// A backslash stands before it.
    escaped: bool,
}

impl Piece {
    /// The character, where it may be part of the syntax.
    pub(super) const fn syntax(self) -> Option<char> {
        if self.escaped {
            None
        } else {
            Some(self.character)
        }
    }

    /// Whether it is this character, and part of the syntax.
    pub(super) fn is(self, character: char) -> bool {
        self.syntax() == Some(character)
    }
}

/// Reads `text`; whether a character may stand where it stands is not looked at, unless a backslash does before it.
pub(super) fn lex(text: &str) -> Result<Vec<Piece>, PatternError> {
    let mut pieces = Vec::with_capacity(text.len());
    let mut rest = (1..).zip(text.char_indices());
    while let Some((column, (byte, character))) = rest.next() {
        let at = TextPosition { byte, column };
        pieces.push(if character == '\\' {
            match rest.next() {
                Some((_, (_, character))) if allowed(character) || character == '\\' => Piece {
                    at,
                    character,
                    escaped: true,
                },
                Some((_, (_, character))) => return Err(PatternError::Escaped { character, at }),
                None => return Err(PatternError::Unbalanced { character, at }),
            }
        } else {
            Piece {
                at,
                character,
                escaped: false,
            }
        });
    }
    Ok(pieces)
}
