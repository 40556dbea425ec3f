//! The file that keeps an API key: bare text, or JSON of any age.
//!
//! Files written until 2019 say `apiKey` (some also `apikey`) beside `createdAt` and `uuid`; later ones say `apikey`
//! beside `id`, `iam_id` and `created_at`. All of them are read; ours are written in the later form.

use crate::iam::api_key::ApiKey;
use crate::secret::SecretText;
use serde::Deserialize;

/// The largest file that is read.
pub(crate) const KEY_FILE_BYTES_MAX: usize = 64 * 1024;

/// Why a file holds no API key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// Larger than `KEY_FILE_BYTES_MAX`.
    #[error("the key file has more than {KEY_FILE_BYTES_MAX} bytes")]
    TooLarge,
    /// Not UTF-8.
    #[error("the key file is not text")]
    NotText,
    /// Nothing in it.
    #[error("the key file is empty")]
    Empty,
    /// It begins like JSON and is not.
    #[error("the key file is not valid JSON: line {line}, column {column}")]
    Json {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// JSON without a key.
    #[error("the key file has no field `apikey` or `apiKey` with a key in it")]
    NoKey,
    /// A bare text of several words is no key.
    #[error("the key file holds more than one word and is not JSON")]
    SeveralWords,
}

#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    apikey: Option<SecretText>,
    // `vigied init --output json` says `api_key`.
    #[serde(rename = "apiKey", alias = "api_key", default)]
    api_key: Option<SecretText>,
}

/// The API key in the file's bytes.
///
/// # Errors
/// [`KeyFileError`] says what is wrong with the file; it never repeats what the file holds.
pub fn read(file: &[u8]) -> Result<SecretText, KeyFileError> {
    if file.len() > KEY_FILE_BYTES_MAX {
        return Err(KeyFileError::TooLarge);
    }
    let text = std::str::from_utf8(file).map_err(|_| KeyFileError::NotText)?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err(KeyFileError::Empty);
    }
    if !text.starts_with('{') {
        if text.contains(char::is_whitespace) {
            return Err(KeyFileError::SeveralWords);
        }
        return Ok(SecretText::new(text.trim_matches('"')));
    }
    let fields: Fields = serde_json::from_str(text).map_err(|error| KeyFileError::Json {
        line: error.line(),
        column: error.column(),
    })?;
    [fields.apikey, fields.api_key]
        .into_iter()
        .flatten()
        .find(|key| !key.expose().is_empty())
        .ok_or(KeyFileError::NoKey)
}

/// The file that `api-key-create --file` writes: the key object, indented with tabs, with a line end.
#[must_use]
pub fn write(key: &ApiKey) -> Vec<u8> {
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"\t");
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    // Writing plain structs of texts into memory can't fail.
    let written = serde::Serialize::serialize(key, &mut serializer);
    debug_assert!(written.is_ok());
    out.push(b'\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn files_of_every_age_are_read() {
        for file in [
            "vgk_secret",
            "vgk_secret\n",
            "\u{feff}vgk_secret\r\n",
            "\"vgk_secret\"\n",
            "{\"name\":\"ci\",\"createdAt\":\"2017\",\"uuid\":\"1\",\"apiKey\":\"vgk_secret\"}",
            "{\"name\":\"ci\",\"apikey\":\"vgk_secret\",\"apiKey\":\"vgk_secret\"}",
            "{\n\t\"id\": \"ApiKey-1\",\n\t\"apikey\": \"vgk_secret\",\n\t\"locked\": false\n}\n",
            "{\"apikey\":\"\",\"apiKey\":\"vgk_secret\"}",
        ] {
            assert_eq!(
                read(file.as_bytes()).unwrap().expose(),
                "vgk_secret",
                "{file:?}"
            );
        }
    }

    #[test]
    fn what_holds_no_key_says_why() {
        assert_eq!(read(b" \n"), Err(KeyFileError::Empty));
        assert_eq!(read(b"two words"), Err(KeyFileError::SeveralWords));
        assert_eq!(read(b"\xff"), Err(KeyFileError::NotText));
        assert_eq!(read(b"{\"name\":\"ci\"}"), Err(KeyFileError::NoKey));
        assert_eq!(
            read(b"{\"name\":"),
            Err(KeyFileError::Json { line: 1, column: 8 })
        );
        assert_eq!(
            read(&vec![b'a'; KEY_FILE_BYTES_MAX + 1]),
            Err(KeyFileError::TooLarge)
        );
    }

    proptest! {
        #[test]
        fn no_file_panics(file: Vec<u8>) {
            let _ = read(&file);
        }
    }
}
