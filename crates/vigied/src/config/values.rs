//! Gives the resolved texts their types. An unknown key, and a setting that nothing reads, are errors, so that the first test
//! finds a typo in this folder or a forgotten setting.

use super::{ConfigError, Resolved};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

/// Values by key, and the keys that have been read.
#[derive(Debug)]
pub(super) struct Values<'r> {
    unread: RefCell<BTreeMap<&'r str, ()>>,
    by_key: BTreeMap<&'r str, &'r Resolved>,
}

impl<'r> Values<'r> {
    pub(super) fn new(resolved: &'r [Resolved]) -> Self {
        let keys = || resolved.iter().map(|entry| entry.setting.key.as_ref());
        Self {
            unread: RefCell::new(keys().map(|key| (key, ())).collect()),
            by_key: keys().zip(resolved).collect(),
        }
    }

    fn resolved(&self, key: &str) -> Result<&'r Resolved, ConfigError> {
        self.unread.borrow_mut().remove(key);
        self.by_key
            .get(key)
            .copied()
            .ok_or_else(|| ConfigError::Value {
                layer: "settings".to_owned(),
                key: key.to_owned(),
                what: "is read, and is not in the table of settings".to_owned(),
            })
    }

    /// The text as it is.
    pub(super) fn text(&self, key: &str) -> Result<&'r str, ConfigError> {
        Ok(self.resolved(key)?.value.as_str())
    }

    /// The text, or `None` if it is empty.
    pub(super) fn optional(&self, key: &str) -> Result<Option<&'r str>, ConfigError> {
        Ok(Some(self.text(key)?).filter(|text| !text.is_empty()))
    }

    /// The path, or `None` if the text is empty.
    pub(super) fn file(&self, key: &str) -> Result<Option<PathBuf>, ConfigError> {
        Ok(self.optional(key)?.map(PathBuf::from))
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, key: &str) -> Result<bool, ConfigError> {
        self.parsed(key)
    }

    /// The parsed text.
    pub(super) fn parsed<T: FromStr>(&self, key: &str) -> Result<T, ConfigError> {
        let resolved = self.resolved(key)?;
        resolved.value.parse().map_err(|_| {
            let what = format!("cannot be `{}`", resolved.value);
            ConfigError::at(&resolved.source, key, what)
        })
    }

    /// The value of a choice.
    pub(super) fn choice<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Result<T, ConfigError> {
        let resolved = self.resolved(key)?;
        let found = words.iter().find(|(word, _)| *word == resolved.value);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let what = format!("cannot be `{}`", resolved.value);
            ConfigError::at(&resolved.source, key, what)
        })
    }

    /// The settings that nothing has read.
    pub(super) fn unread(&self) -> Vec<&'r str> {
        self.unread.borrow().keys().copied().collect()
    }
}
