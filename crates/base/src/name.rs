//! Names of series: `a.b.c`, or `a.b.c;tag=value;…` with sorted tags.
//!
//! A name is checked and brought to its canonical form once, when it comes in; everything after that takes
//! [`SeriesName`]. Case and UTF-8 are kept as sent. Refused is what could never be asked for again: white space,
//! characters that are not seen ([`crate::invisible`]: two names that look alike are not two names to who reads them), and the
//! characters the query grammar needs for itself. What is left makes every name a
//! [`crate::pattern::Pattern`] that fits this name alone.
//!
//! Dots part the elements of a path. From the first `;` on they are characters like others: a tag's value may be a host
//! name, and stays in one piece ([`elements()`]).

mod api_key;
mod bytes;
mod elements;

pub use api_key::{API_KEY_PREFIX, contains_api_key, redact_api_keys};
pub use elements::{elements, last_element, parent};

use crate::invisible::{is_invisible, quoted};
use crate::limit;
use std::borrow::Cow;

/// Why a text is not a series name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing at all.
    #[error("the name is empty")]
    Empty,
    /// Longer than [`limit::NAME_BYTES`].
    #[error("the name has {0} bytes, more than `name_bytes` = {max}", max = limit::NAME_BYTES.default)]
    TooLong(usize),
    /// More elements than [`limit::NAME_ELEMENTS`].
    #[error("the name has {0} elements, more than `name_elements` = {max}", max = limit::NAME_ELEMENTS.default)]
    TooDeep(usize),
    /// `a..b`, `.a` or `a.`.
    #[error("the name has an empty element (a dot too many)")]
    EmptyElement,
    /// `;a=b`: tags of nothing.
    #[error("the name has nothing before its first `;`")]
    NoPath,
    /// `a;;b=c` or `a;`.
    #[error("the name has an empty tag (a `;` too many)")]
    EmptyTag,
    /// A character no query could name.
    #[error("the name holds {}, which is not allowed in a name", quoted(*.0))]
    Character(char),
    /// `;` not followed by `tag=value`.
    #[error("the name's tag `{0}` is not of the form `tag=value`")]
    Tag(String),
    /// The same tag twice.
    #[error("the name has the tag `{0}` twice")]
    DuplicateTag(String),
    /// It would be shown to all who may list names, so it is not shown here either.
    #[error("the name holds an API key, which is stored in no name")]
    ApiKey,
}

/// A checked, canonical series name, borrowed where the sender's bytes were canonical already.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeriesName<'a> {
    text: Cow<'a, str>,
    has_tags: bool,
}

impl<'a> SeriesName<'a> {
    /// Checks `text` and sorts its tags.
    ///
    /// # Errors
    /// [`NameError`] says what is wrong with it.
    #[inline]
    pub fn parse(text: &'a str) -> Result<Self, NameError> {
        if contains_api_key(text) {
            return Err(NameError::ApiKey);
        }
        // Nearly every name.
        if text.len() as u64 <= limit::NAME_BYTES.default && bytes::is_plain_path(text) {
            return Ok(Self::borrowed(text, false));
        }
        Self::parse_any(text)
    }

    fn parse_any(text: &'a str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.len() as u64 > limit::NAME_BYTES.default {
            return Err(NameError::TooLong(text.len()));
        }
        let (path, tags) = text
            .split_once(';')
            .map_or((text, None), |(path, tags)| (path, Some(tags)));
        if path.is_empty() {
            return Err(NameError::NoPath);
        }
        check_path(path)?;
        let Some(tags) = tags else {
            return Ok(Self::borrowed(text, false));
        };
        let sorted = check_tags(tags)?;
        if sorted
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if a.as_ptr() < b.as_ptr()))
        {
            return Ok(Self::borrowed(text, true));
        }
        Ok(Self {
            text: Cow::Owned(format!("{path};{}", sorted.join(";"))),
            has_tags: true,
        })
    }

    #[inline]
    const fn borrowed(text: &'a str, has_tags: bool) -> Self {
        let text = Cow::Borrowed(text);
        Self { text, has_tags }
    }

    /// Its path, and its tags where it has any.
    #[inline]
    pub(crate) fn parts(&self) -> (&str, Option<&str>) {
        match self.has_tags.then(|| self.text.split_once(';')).flatten() {
            Some((path, tags)) => (path, Some(tags)),
            None => (&self.text, None),
        }
    }

    /// The canonical text.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The canonical text, for who keeps it.
    #[must_use]
    pub fn into_text(self) -> Cow<'a, str> {
        self.text
    }

    /// The same name, owning its text.
    #[must_use]
    pub fn into_owned(self) -> SeriesName<'static> {
        SeriesName {
            text: Cow::Owned(self.text.into_owned()),
            has_tags: self.has_tags,
        }
    }
}

/// Whether a name may hold `character`. Dots and semicolons have their own rules beside.
#[must_use]
pub fn allowed(character: char) -> bool {
    match u8::try_from(u32::from(character)) {
        Ok(byte) if byte.is_ascii() => bytes::is_allowed(byte),
        _ => !is_invisible(character) && !character.is_whitespace(),
    }
}

/// Whether `path`, which is short enough, can be one.
pub(crate) fn check_path(path: &str) -> Result<(), NameError> {
    if path.is_empty() {
        return Err(NameError::EmptyElement);
    }
    if let Some(character) = path.chars().find(|character| !allowed(*character)) {
        return Err(NameError::Character(character));
    }
    let mut elements = 0_usize;
    for element in path.split('.') {
        if element.is_empty() {
            return Err(NameError::EmptyElement);
        }
        elements += 1;
    }
    if elements as u64 > limit::NAME_ELEMENTS.default {
        return Err(NameError::TooDeep(elements));
    }
    Ok(())
}

fn check_tags(tags: &str) -> Result<Vec<&str>, NameError> {
    let mut sorted: Vec<&str> = tags.split(';').collect();
    for tag in &sorted {
        match tag.split_once('=') {
            None if tag.is_empty() => return Err(NameError::EmptyTag),
            Some((key, value)) if !key.is_empty() && !value.is_empty() => {
                if let Some(character) = tag.chars().find(|character| !allowed(*character)) {
                    return Err(NameError::Character(character));
                }
            }
            _ => return Err(NameError::Tag((*tag).to_owned())),
        }
    }
    sorted.sort_by(|a, b| key(a).cmp(key(b)));
    for pair in sorted.windows(2) {
        if let [a, b] = pair
            && key(a) == key(b)
        {
            return Err(NameError::DuplicateTag(key(a).to_owned()));
        }
    }
    Ok(sorted)
}

fn key(tag: &str) -> &str {
    tag.split_once('=').map_or(tag, |(key, _)| key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_names_are_borrowed() {
        let name = SeriesName::parse("shop.eu.checkout.latency-ms").unwrap();
        assert!(matches!(name.text, Cow::Borrowed(_)));
    }

    #[test]
    fn tags_are_sorted() {
        assert_eq!(
            SeriesName::parse("a.b;z=1;host=x").unwrap().as_str(),
            "a.b;host=x;z=1"
        );
        let sorted = SeriesName::parse("a.b;host=x;z=1").unwrap();
        assert!(matches!(sorted.text, Cow::Borrowed(_)));
    }

    #[test]
    fn what_no_query_could_name_is_refused() {
        for (text, error) in [
            ("", NameError::Empty),
            (".", NameError::EmptyElement),
            ("a..b", NameError::EmptyElement),
            ("a.b.", NameError::EmptyElement),
            (";a=b", NameError::NoPath),
            (";;", NameError::NoPath),
            ("a b", NameError::Character(' ')),
            ("a\nb", NameError::Character('\n')),
            ("a\u{200b}b", NameError::Character('\u{200b}')),
            ("a;b=\u{202e}c", NameError::Character('\u{202e}')),
            ("a\u{fe0f}", NameError::Character('\u{fe0f}')),
            ("a.*", NameError::Character('*')),
            ("f(a)", NameError::Character('(')),
            ("C:\\x", NameError::Character('\\')),
            ("a;b=\\c", NameError::Character('\\')),
            ("a;;b=c", NameError::EmptyTag),
            ("a;b=c;", NameError::EmptyTag),
            ("a;;", NameError::EmptyTag),
            ("a.;;b=c", NameError::EmptyElement),
            ("a;b", NameError::Tag("b".into())),
            ("a;=c", NameError::Tag("=c".into())),
            ("a;b=", NameError::Tag("b=".into())),
            ("a;b=1;b=2", NameError::DuplicateTag("b".into())),
        ] {
            assert_eq!(SeriesName::parse(text), Err(error), "{text:?}");
        }
        assert_eq!(
            SeriesName::parse(&"a".repeat(1025)),
            Err(NameError::TooLong(1025))
        );
        assert_eq!(
            SeriesName::parse(&vec!["a"; 65].join(".")),
            Err(NameError::TooDeep(65))
        );
    }

    proptest! {
        #[test]
        fn no_name_holds_what_is_not_seen(
            text in "([a-c.;=é]|[\u{ad}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2060}-\u{206f}\u{fe00}-\u{fe0f}\u{e0020}-\u{e007f}]){1,12}",
        ) {
            if let Ok(name) = SeriesName::parse(&text) {
                prop_assert!(!name.as_str().chars().any(is_invisible), "{text:?}");
            }
        }

        #[test]
        fn canonical_is_a_fixed_point(text in "[a-c.;=é ]{0,20}") {
            if let Ok(name) = SeriesName::parse(&text) {
                let again = SeriesName::parse(name.as_str()).unwrap();
                prop_assert_eq!(again.as_str(), name.as_str());
            }
        }
    }
}
