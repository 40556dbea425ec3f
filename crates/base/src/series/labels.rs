//! Labels in the canonical form.

use super::error::KeyError;
use crate::limit;
use crate::name::allowed;

/// Parts the path from the labels. The least of all bytes, and in no path.
pub const LABELS: char = '\0';

/// The labels of a series, ascending by name.
#[derive(Debug, Clone, Default)]
pub struct Labels<'k>(&'k str);

impl<'k> Labels<'k> {
    /// Of what follows the NUL of a key.
    pub(super) const fn new(rest: &'k str) -> Self {
        Self(rest)
    }

    /// The text that has not been read yet.
    pub(super) const fn rest(&self) -> &'k str {
        self.0
    }
}

impl<'k> Iterator for Labels<'k> {
    type Item = (&'k str, &'k str);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, rest) = measured(self.0)?;
        let (value, rest) = measured(rest)?;
        self.0 = rest;
        Some((name, value))
    }
}

/// A text with its length before it, and what follows; `None` where it is cut off.
fn measured(text: &str) -> Option<(&str, &str)> {
    let mut rest = text.chars();
    let length = u32::from(rest.next()?) as usize;
    rest.as_str().split_at_checked(length)
}

/// Whether the name of a label may hold `character`: what parts labels in Graphite's text is in none.
fn may_name(character: char) -> bool {
    allowed(character) && !matches!(character, ';' | '=')
}

/// Whether there may be such a label.
pub(super) fn check((name, value): (&str, &str)) -> Result<(), KeyError> {
    if name.is_empty() {
        return Err(KeyError::NoName);
    }
    if name.len() as u64 > limit::LABEL_NAME_BYTES.default {
        return Err(KeyError::NameTooLong(name.len()));
    }
    if let Some(character) = name.chars().find(|character| !may_name(*character)) {
        let name = name.escape_debug().to_string();
        return Err(KeyError::Character { name, character });
    }
    if value.is_empty() {
        return Err(KeyError::Form("a label has no value"));
    }
    if value.len() as u64 > limit::LABEL_VALUE_BYTES.default {
        let (name, bytes) = (name.to_owned(), value.len());
        return Err(KeyError::ValueTooLong { name, bytes });
    }
    Ok(())
}

/// Puts labels after a path; they ascend, and have been checked.
pub(super) fn put<'l>(key: &mut String, labels: impl IntoIterator<Item = (&'l str, &'l str)>) {
    for (at, (name, value)) in labels.into_iter().enumerate() {
        if at == 0 {
            key.push(LABELS);
        }
        for text in [name, value] {
            // Every number that the limits allow is a character.
            let length = u32::try_from(text.len()).ok().and_then(char::from_u32);
            key.extend(length);
            key.push_str(text);
        }
    }
}
