//! Preferences: what clients keep for a user or service ID in an account.

use serde::{Deserialize, Serialize};

/// The value of a preference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PreferenceValue {
    /// One text.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
}

/// A preference of a user or service ID in an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preference {
    /// Whose client keeps it, for example `console`.
    pub service: String,
    /// Its name, unique in the service.
    pub name: String,
    /// Its value.
    pub value: PreferenceValue,
}
