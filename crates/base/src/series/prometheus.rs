//! Prometheus' text: `path{name="value",…}`, labels ascending by name.
//!
//! In a value `\`, `"` and the line feed are written `\\`, `\"` and `\n`; everything else stands as it is. A path, or name of
//! a label, that Prometheus would not take as a word of its own is written between quotes as well, the path as the first
//! thing in the braces: `{"shop.eu","host-name"="a"}`. Read is also `{__name__="path"}`. A label of the name `__name__`,
//! which Graphite's senders can make, is written quoted, and read as a label where it is.
//!
//! No route speaks it yet. It is here because the form of a key must lose nothing of it, which tests prove by reading back
//! what was written.

use super::{KeyError, SeriesKey};
use std::borrow::Cow;

/// Whether Prometheus takes `text` for a word; a metric may have colons.
fn is_word(text: &str, colons: bool) -> bool {
    let fits = |at: usize, byte: u8| {
        byte.is_ascii_alphabetic()
            || byte == b'_'
            || (colons && byte == b':')
            || (at > 0 && byte.is_ascii_digit())
    };
    !text.is_empty() && text.bytes().enumerate().all(|(at, byte)| fits(at, byte))
}

/// The label whose value is the path.
const PATH: &str = "__name__";

fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            _ => out.push(character),
        }
    }
    out.push('"');
}

impl SeriesKey<'_> {
    /// Prometheus' text for it.
    #[must_use]
    pub fn prometheus(&self) -> String {
        let path = self.path();
        let is_plain = is_word(path, true);
        let mut out = String::with_capacity(self.0.len() + 8);
        if is_plain {
            out.push_str(path);
        }
        let mut before = if is_plain {
            '{'
        } else {
            out.push('{');
            push_quoted(&mut out, path);
            ','
        };
        for (name, value) in self.labels() {
            out.push(before);
            before = ',';
            if is_word(name, false) && name != PATH {
                out.push_str(name);
            } else {
                push_quoted(&mut out, name);
            }
            out.push('=');
            push_quoted(&mut out, value);
        }
        if before == ',' {
            out.push('}');
        }
        out
    }
}

impl SeriesKey<'static> {
    /// Reads Prometheus' text. Blanks may stand between its parts, and a comma after the last label.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong and where.
    pub fn parse_prometheus(text: &str) -> Result<Self, KeyError> {
        let mut reader = Reader { text, at: 0 };
        let mut path = reader.word().map(Cow::Borrowed);
        let mut labels: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::new();
        if reader.takes('{') {
            while !reader.takes('}') {
                let begin = reader.at;
                let (name, is_quoted) = match reader.word() {
                    Some(word) => (Cow::Borrowed(word), false),
                    None => (reader.quoted()?, true),
                };
                let is_path = if reader.takes('=') {
                    let value = reader.quoted()?;
                    if is_quoted || name != PATH {
                        labels.push((name, value));
                        false
                    } else {
                        give(&mut path, value, begin)?;
                        true
                    }
                } else if is_quoted {
                    give(&mut path, name, begin)?;
                    true
                } else {
                    return Err(reader.expected("expected `=`"));
                };
                if !reader.takes(',') && !reader.is_at('}') {
                    return Err(reader.expected(if is_path {
                        "expected `,` or `}` behind the path"
                    } else {
                        "expected `,` or `}` behind the label"
                    }));
                }
            }
        }
        reader.blanks();
        if reader.at < text.len() {
            return Err(reader.expected("expected the end"));
        }
        let labels = labels.iter().map(|(name, value)| (&**name, &**value));
        Self::new(&path.unwrap_or_default(), labels)
    }
}

fn give<'t>(
    path: &mut Option<Cow<'t, str>>,
    name: Cow<'t, str>,
    at: usize,
) -> Result<(), KeyError> {
    if path.is_some() {
        let what = "a second path";
        return Err(KeyError::Syntax { what, at });
    }
    *path = Some(name);
    Ok(())
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    const fn expected(&self, what: &'static str) -> KeyError {
        KeyError::Syntax { what, at: self.at }
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    fn is_at(&mut self, character: char) -> bool {
        self.blanks();
        self.rest().starts_with(character)
    }

    fn takes(&mut self, character: char) -> bool {
        let is_there = self.is_at(character);
        self.at += if is_there { character.len_utf8() } else { 0 };
        is_there
    }

    /// A word without quotes.
    fn word(&mut self) -> Option<&'t str> {
        self.blanks();
        let rest = self.rest();
        let is_part =
            |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | ':');
        let end = rest
            .find(|character| !is_part(character))
            .unwrap_or(rest.len());
        let word = rest.get(..end).filter(|word| is_word(word, true))?;
        self.at += end;
        Some(word)
    }

    /// A text between quotes.
    fn quoted(&mut self) -> Result<Cow<'t, str>, KeyError> {
        if !self.takes('"') {
            return Err(self.expected("expected `\"`"));
        }
        let rest = self.rest();
        let mut out = String::new();
        let mut characters = rest.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.at += at + 1;
                    return Ok(Cow::Owned(out));
                }
                '\\' => match characters.next() {
                    Some((_, 'n')) => out.push('\n'),
                    Some((_, escaped @ ('\\' | '"'))) => out.push(escaped),
                    _ => {
                        self.at += at;
                        return Err(
                            self.expected("expected `\\\\`, `\\\"` or `\\n` for the backslash")
                        );
                    }
                },
                _ => out.push(character),
            }
        }
        Err(self.expected("a quote without its partner"))
    }
}
