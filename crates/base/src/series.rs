//! The key of a series: a path and labels.
//!
//! A [`SeriesKey`] is its one canonical form: two series are the same if and only if their keys are. Texts are renderings of
//! it: Graphite's `path;name=value` ([`SeriesKey::graphite`]) and Prometheus' `path{name="value"}`
//! ([`SeriesKey::prometheus`]). A value is any text; an empty one is none, as in Prometheus.
//!
//! The form: the path, in which there is no NUL; where there are labels, a NUL, and for each label, ascending by name, the
//! length of its name, its name, the length of its value, its value. A length is in bytes and written as the one character
//! of that number, so that a key is UTF-8 as a whole. A series without labels so has its path as key, all series of one path
//! stand side by side, and `a` stands before `a` with labels, that before `a-b`, and that before `a.b`.

mod error;
mod graphite;
mod labels;
mod prometheus;
#[cfg(test)]
mod tests;

pub use error::KeyError;
pub use labels::{LABELS, Labels};

use crate::limit;
use crate::name::{self, NameError, SeriesName};
use std::borrow::Cow;

/// A series, in its canonical form; borrowed where that is at hand.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeriesKey<'k>(Cow<'k, str>);

impl SeriesKey<'static> {
    /// The series of a path and labels in any order. A label without a value is left out.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong with it.
    pub fn new<'l>(
        path: &str,
        labels: impl IntoIterator<Item = (&'l str, &'l str)>,
    ) -> Result<Self, KeyError> {
        check_path(path)?;
        let given = labels.into_iter().filter(|(_, value)| !value.is_empty());
        let mut labels: Vec<(&str, &str)> = given.collect();
        labels.sort_unstable();
        for pair in labels.windows(2) {
            if let [(one, _), (other, _)] = pair
                && one == other
            {
                return Err(KeyError::Duplicate((*one).to_owned()));
            }
        }
        for label in &labels {
            labels::check(*label)?;
        }
        check_count(labels.len())?;
        let mut key = path.to_owned();
        labels::put(&mut key, labels);
        check_size(&key)?;
        Ok(Self(Cow::Owned(key)))
    }
}

impl<'k> SeriesKey<'k> {
    /// Reads the canonical form, and nothing else.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong with it.
    pub fn from_bytes(bytes: &'k [u8]) -> Result<Self, KeyError> {
        let text = std::str::from_utf8(bytes).map_err(|_| KeyError::Form("it is not UTF-8"))?;
        check_size(text)?;
        let key = Self(Cow::Borrowed(text));
        check_path(key.path())?;
        let Some((_, rest)) = text.split_once(LABELS) else {
            return Ok(key);
        };
        let (mut before, mut count, mut labels) = (None, 0, Labels::new(rest));
        for (name, value) in labels.by_ref() {
            labels::check((name, value))?;
            if before.is_some_and(|before| before >= name) {
                return Err(KeyError::Form("its labels are not in order"));
            }
            before = Some(name);
            count += 1;
        }
        check_count(count)?;
        if count == 0 || !labels.rest().is_empty() {
            return Err(KeyError::Form("a label is cut off"));
        }
        Ok(key)
    }

    /// A key from text that [`Self::as_str`] returned; not checked again.
    #[must_use]
    pub fn from_canonical_unchecked(text: &'k str) -> Self {
        debug_assert!(
            Self::from_bytes(text.as_bytes()).is_ok(),
            "{text:?} is no key"
        );
        Self(Cow::Borrowed(text))
    }

    /// The canonical form.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The canonical form, which is UTF-8. Not for people.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same, owning its text.
    #[must_use]
    pub fn into_owned(self) -> SeriesKey<'static> {
        SeriesKey(Cow::Owned(self.0.into_owned()))
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.split_once(LABELS).map_or(&*self.0, |(path, _)| path)
    }

    /// The labels, ascending by name.
    #[must_use]
    pub fn labels(&self) -> Labels<'_> {
        Labels::new(self.0.split_once(LABELS).map_or("", |(_, rest)| rest))
    }

    /// The value of a label; empty where there is none.
    #[must_use]
    pub fn label(&self, name: &str) -> &str {
        let mut labels = self.labels();
        labels
            .find(|(label, _)| *label == name)
            .map_or("", |(_, value)| value)
    }
}

impl AsRef<str> for SeriesKey<'_> {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl<'n> From<&'n SeriesName<'_>> for SeriesKey<'n> {
    #[inline]
    fn from(name: &'n SeriesName<'_>) -> Self {
        match name.parts() {
            (path, None) => Self(Cow::Borrowed(path)),
            (path, Some(tags)) => tagged(path, tags),
        }
    }
}

/// The series of a name with tags.
fn tagged(path: &str, tags: &str) -> SeriesKey<'static> {
    let mut key = path.to_owned();
    labels::put(
        &mut key,
        tags.split(';').filter_map(|tag| tag.split_once('=')),
    );
    SeriesKey(Cow::Owned(key))
}

fn check_path(path: &str) -> Result<(), NameError> {
    if path.is_empty() {
        return Err(NameError::Empty);
    }
    if path.len() as u64 > limit::NAME_BYTES.default {
        return Err(NameError::TooLong(path.len()));
    }
    // Of a sender's name it is where the path ends.
    if path.contains(';') {
        return Err(NameError::Character(';'));
    }
    name::check_path(path)
}

const fn check_count(count: usize) -> Result<(), KeyError> {
    if count as u64 > limit::LABELS_PER_SERIES.default {
        return Err(KeyError::TooManyLabels(count));
    }
    Ok(())
}

const fn check_size(key: &str) -> Result<(), KeyError> {
    if key.len() as u64 > limit::SERIES_KEY_BYTES.default {
        return Err(KeyError::TooLong(key.len()));
    }
    Ok(())
}
