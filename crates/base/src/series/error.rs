//! Why a series key, or a text of one, is not valid.

use crate::invisible::quoted;
use crate::limit::{self, Limit};
use crate::name::NameError;

/// Why something is not a series.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Its path is none.
    #[error("{0}")]
    Path(#[from] NameError),
    /// More labels than [`limit::LABELS_PER_SERIES`].
    #[error("the series has {0} labels, more than `labels_per_series` = {max}", max = limit::LABELS_PER_SERIES.default)]
    TooManyLabels(usize),
    /// A label without a name.
    #[error("the series has a label without a name")]
    NoName,
    /// A character that no name of a label may hold.
    #[error("the name of the label `{name}` holds {}, which is not allowed there", quoted(*.character))]
    Character {
        /// The label, with what is not seen escaped.
        name: String,
        /// The character.
        character: char,
    },
    /// A name longer than [`limit::LABEL_NAME_BYTES`].
    #[error("the name of a label has {0} bytes, more than `label_name_bytes` = {max}", max = limit::LABEL_NAME_BYTES.default)]
    NameTooLong(usize),
    /// A value longer than [`limit::LABEL_VALUE_BYTES`].
    #[error("the value of the label `{name}` has {bytes} bytes, more than `label_value_bytes` = {max}", max = limit::LABEL_VALUE_BYTES.default)]
    ValueTooLong {
        /// The label.
        name: String,
        /// How long its value is.
        bytes: usize,
    },
    /// The same label twice.
    #[error("the series has the label `{0}` twice")]
    Duplicate(String),
    /// Longer than [`limit::SERIES_KEY_BYTES`].
    #[error("the path and labels of the series have {0} bytes, more than `series_key_bytes` = {max}", max = limit::SERIES_KEY_BYTES.default)]
    TooLong(usize),
    /// A text that is no rendering of a series.
    #[error("{what} at offset {at}")]
    Syntax {
        /// The expected text, or the text that must not be there.
        what: &'static str,
        /// Where, in bytes.
        at: usize,
    },
    /// Bytes that are not the canonical form of any series.
    #[error("the key is not canonical: {0}")]
    Form(&'static str),
}

impl KeyError {
    /// The limit it is about.
    #[must_use]
    pub const fn limit(&self) -> Option<&'static Limit> {
        match self {
            Self::Path(NameError::TooLong(_)) => Some(&limit::NAME_BYTES),
            Self::Path(NameError::TooDeep(_)) => Some(&limit::NAME_ELEMENTS),
            Self::TooManyLabels(_) => Some(&limit::LABELS_PER_SERIES),
            Self::NameTooLong(_) => Some(&limit::LABEL_NAME_BYTES),
            Self::ValueTooLong { .. } => Some(&limit::LABEL_VALUE_BYTES),
            Self::TooLong(_) => Some(&limit::SERIES_KEY_BYTES),
            _ => None,
        }
    }
}
