//! The scanner of the parser: its position in the text, and the smallest tokens.

use crate::error::{Error, TargetError};
use std::ops::Range;

/// Characters that end a path unless a backslash stands before them.
const SYMBOLS: &[char] = &['(', ')', '{', '}', ',', '\'', '"', '\\', '|'];

/// The text and a position in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scanner<'t> {
    text: &'t str,
    pub(super) at: usize,
}

impl<'t> Scanner<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn skip_blanks(&mut self) {
        let blanks = self.rest().len() - self.rest().trim_start().len();
        self.at += blanks;
    }

    /// Takes `c`, and the blanks before it, if it comes next.
    pub(super) fn take(&mut self, c: char) -> bool {
        let mut ahead = *self;
        ahead.skip_blanks();
        let is_next = ahead.peek() == Some(c);
        if is_next {
            self.at = ahead.at + c.len_utf8();
        }
        is_next
    }

    pub(super) fn error(&self, span: Range<usize>, problem: TargetError) -> Error {
        Error::target(self.text, span, problem)
    }

    /// The error for what comes next, where `expected` should be.
    pub(super) fn expected(&self, expected: &'static str) -> Error {
        let mut ahead = *self;
        ahead.skip_blanks();
        let found = ahead.peek();
        let length = found.map_or(0, char::len_utf8);
        let problem = TargetError::Expected { expected, found };
        self.error(ahead.at..ahead.at + length, problem)
    }

    /// A name of a function or parameter.
    pub(super) fn word(&mut self) -> Option<&'t str> {
        let rest = self.rest();
        let first = rest.chars().next()?;
        if !(first.is_ascii_alphabetic() || first == '_') {
            return None;
        }
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let length = end.unwrap_or(rest.len());
        self.at += length;
        rest.get(..length)
    }

    /// A text in single or double quotes, without them. What is inside is taken as it is, a backslash and what follows it
    /// included.
    pub(super) fn quoted(&mut self) -> Result<Option<&'t str>, Error> {
        let Some(quote) = self.peek().filter(|c| matches!(c, '"' | '\'')) else {
            return Ok(None);
        };
        let (start, mut escaped) = (self.at, false);
        for (offset, c) in self.rest().char_indices().skip(1) {
            if c == quote && !escaped {
                let inside = self.rest().get(1..offset);
                self.at += offset + 1;
                return Ok(inside);
            }
            escaped = c == '\\' && !escaped;
        }
        Err(self.error(start..self.text.len(), TargetError::OpenQuote))
    }

    /// A path with its wildcards; braces may hold commas and further braces.
    pub(super) fn path(&mut self) -> Result<Option<String>, Error> {
        let (start, mut path, mut open) = (self.at, String::new(), Vec::new());
        while let Some(c) = self.peek() {
            let after = self.rest().chars().nth(1);
            match c {
                '\\' if after.is_some_and(|c| SYMBOLS.contains(&c) || c == '=') => {
                    path.extend(after);
                    self.at += 1 + after.map_or(0, char::len_utf8);
                    continue;
                }
                '{' => open.push(self.at),
                '}' if open.pop().is_some() => {}
                ',' if !open.is_empty() => {}
                _ if SYMBOLS.contains(&c) || c.is_whitespace() || c.is_control() => break,
                _ => {}
            }
            path.push(c);
            self.at += c.len_utf8();
        }
        if let Some(brace) = open.last() {
            return Err(self.error(*brace..*brace + 1, TargetError::OpenBrace));
        }
        Ok((self.at > start).then_some(path))
    }
}
