//! The URL-encoded bodies of the token endpoints.

use crate::query::{Query, QueryError};
use std::fmt;

/// The largest body that is read: a refresh token and a long password fit many times over.
pub const FORM_BYTES_MAX: usize = base::limit::FORM_BYTES.default as usize;

/// Why a body is no form that can be acted on. No variant repeats a value: it could be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// Larger than [`FORM_BYTES_MAX`].
    #[error("the form has more than `form_bytes` = {FORM_BYTES_MAX} bytes")]
    TooLarge,
    /// Not URL-encoded, too many fields, or a field twice.
    #[error("the form cannot be read: {0}")]
    Malformed(#[from] QueryError),
    /// A field that is needed.
    #[error("the form has no field `{0}`, or an empty one")]
    Missing(&'static str),
}

/// A form: each field at most once. `Debug` shows the fields' names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Form(Query);

impl Form {
    /// Parses a body.
    ///
    /// # Errors
    /// [`FormError`]; a field given twice is refused, since two readers could take different ones.
    pub fn parse(body: &[u8]) -> Result<Self, FormError> {
        if body.len() > FORM_BYTES_MAX {
            return Err(FormError::TooLarge);
        }
        let query = Query::parse_bytes(body.trim_ascii_end())?;
        match query.duplicate() {
            Some(error) => Err(error.into()),
            None => Ok(Self(query)),
        }
    }

    /// The value of a field; an empty one counts as absent.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value)
            .filter(|value| !value.is_empty())
    }

    /// The value of a field that is needed.
    ///
    /// # Errors
    /// [`FormError::Missing`] when it is absent or empty.
    pub fn required(&self, key: &'static str) -> Result<&str, FormError> {
        self.get(key).ok_or(FormError::Missing(key))
    }

    /// Whether the field is given, be it empty.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        self.0.iter().any(|(name, _)| name == key)
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.0.iter().map(|(key, _)| key))
            .finish()
    }
}

/// The entries of a list that is separated by commas or blanks, as `response_type` is.
pub fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ']).filter(|entry| !entry.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_grant_of_an_sdk_is_read() {
        let form = Form::parse(
            b"grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey=vgk_x&response_type=cloud_iam&scope=",
        )
        .unwrap();
        assert_eq!(
            form.required("grant_type").unwrap(),
            "urn:ibm:params:oauth:grant-type:apikey"
        );
        assert_eq!(form.get("scope"), None);
        assert!(form.contains("scope"));
        assert_eq!(form.required("account"), Err(FormError::Missing("account")));
        assert!(!format!("{form:?}").contains("vgk_x"));
    }

    #[test]
    fn a_field_twice_is_refused_and_not_repeated() {
        let error = Form::parse(b"password=hunter2&password=hunter3").unwrap_err();
        assert!(!error.to_string().contains("hunter"));
    }

    #[test]
    fn lists_may_be_written_either_way() {
        assert_eq!(
            list("cloud_iam, uaa  ims_portal").collect::<Vec<_>>(),
            ["cloud_iam", "uaa", "ims_portal"]
        );
    }

    proptest! {
        #[test]
        fn no_body_panics(body: Vec<u8>) {
            let _ = Form::parse(&body);
        }
    }
}
