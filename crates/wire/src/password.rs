//! A credential as programs send it that can only be told a name and a password: `Authorization: Basic` with a kind as the
//! name, and the credential as the password.

use crate::credential::{
    CredentialError, CredentialKind, Repairs, as_ascii, basic, credential, split_word,
};
use crate::secret::SecretText;

/// A credential out of `Authorization: Basic`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Password {
    /// The kind that the name stands for; `None` for `token`, which says nothing.
    pub kind: Option<CredentialKind>,
    /// The credential itself, visible ASCII without blanks.
    pub text: SecretText,
    /// The repairs made to it.
    pub repairs: Repairs,
}

/// Whether `Authorization` has the scheme `Basic`.
#[must_use]
pub fn is_basic(header: &[u8]) -> bool {
    as_ascii(header).is_ok_and(|text| split_word(text.trim()).0.eq_ignore_ascii_case("basic"))
}

/// Reads `Authorization: Basic` of `apikey:KEY`, `iam:TOKEN` or `token:KEY-OR-TOKEN`; the name may be written in any case.
///
/// # Errors
/// [`CredentialError`] says what is missing. It never repeats the name: a credential may have been put in its place.
pub fn read(header: &[u8]) -> Result<Password, CredentialError> {
    let sent = basic(header)?;
    let kind = [
        ("apikey", Some(CredentialKind::ApiKey)),
        ("iam", Some(CredentialKind::Iam)),
        ("token", None),
    ]
    .into_iter()
    .find(|(name, _)| sent.user.trim().eq_ignore_ascii_case(name))
    .map(|(_, kind)| kind)
    .ok_or(CredentialError::BasicName)?;
    let read = credential(kind, sent.password.expose(), Repairs::default())?;
    Ok(Password {
        kind,
        text: SecretText::new(read.text),
        repairs: read.repairs,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::{Repair, encode_basic};
    use proptest::prelude::*;

    fn sent(name: &str, text: &str) -> Result<Password, CredentialError> {
        read(encode_basic(name, text).as_bytes())
    }

    #[test]
    fn the_name_says_what_the_password_is() {
        for (name, kind) in [
            ("apikey", Some(CredentialKind::ApiKey)),
            ("ApiKey", Some(CredentialKind::ApiKey)),
            ("iam", Some(CredentialKind::Iam)),
            ("token", None),
        ] {
            let read = sent(name, "vgk_x").unwrap();
            assert_eq!((read.kind, read.text.expose()), (kind, "vgk_x"), "{name}");
            assert!(read.repairs.is_empty());
        }
        let read = sent("apikey", "vgk:with:colons\n").unwrap();
        assert_eq!(read.text.expose(), "vgk:with:colons");
        assert!(read.repairs.contains(Repair::WhitespaceTrimmed));
    }

    #[test]
    fn another_name_is_refused_and_not_repeated() {
        for name in ["", "bx", "admin", "vgk_0123", "uaa", "api key"] {
            let error = sent(name, "vgk_x").unwrap_err();
            assert_eq!(error, CredentialError::BasicName, "{name}");
            assert!(!error.to_string().contains("vgk"));
        }
        assert_eq!(sent("iam", ""), Err(CredentialError::CredentialMissing));
        assert_eq!(sent("iam", "a b"), Err(CredentialError::Characters));
        assert_eq!(sent("iam", "é"), Err(CredentialError::Characters));
        assert!(!format!("{:?}", sent("iam", "sesame")).contains("sesame"));
    }

    #[test]
    fn the_scheme_is_told_from_others() {
        assert!(is_basic(b"Basic Yng6Yng=") && is_basic(b" basic x") && is_basic(b"BASIC"));
        assert!(!is_basic(b"Bearer x") && !is_basic(b"Basics x") && !is_basic(b""));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(header: Vec<u8>, name: String, text: String) {
            let _ = (is_basic(&header), read(&header), sent(&name, &text));
        }
    }
}
