//! A credential as clients of InfluxDB send it: `Authorization: Token KEY`.

use crate::credential::{
    Credential, CredentialError, Repairs, as_ascii, credential, kind_of, split_word, strip,
};

/// The text after `Authorization: Token`, where that is the scheme: a token or key, or `name:credential` as InfluxDB's first
/// version has it.
#[must_use]
pub fn after_scheme(header: &[u8]) -> Option<&str> {
    let text = as_ascii(header).ok()?.trim();
    let (word, rest) = split_word(text);
    word.eq_ignore_ascii_case("token").then_some(rest)
}

/// Reads `Authorization: Token <token or key>`, or `Token <kind>:<token or key>`.
///
/// # Errors
/// [`CredentialError`] says what is missing.
pub fn read(after: &str) -> Result<Credential<'_>, CredentialError> {
    let mut repairs = Repairs::default();
    let text = strip(after, &mut repairs);
    if text.is_empty() {
        return Err(CredentialError::CredentialMissing);
    }
    match text.split_once(':') {
        Some((name, rest)) if name.eq_ignore_ascii_case("token") => credential(None, rest, repairs),
        Some((name, rest)) if kind_of(name).is_some() => credential(kind_of(name), rest, repairs),
        _ => credential(None, text, repairs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::CredentialKind;

    #[test]
    fn a_token_stands_alone_or_behind_its_kind() {
        for (header, kind, text) in [
            ("Token vgk_x", None, "vgk_x"),
            (" token  vgk_x\n", None, "vgk_x"),
            ("TOKEN apikey:vgk_x", Some(CredentialKind::ApiKey), "vgk_x"),
            ("Token iam:a.b.c", Some(CredentialKind::Iam), "a.b.c"),
            ("Token token:vgk_x", None, "vgk_x"),
            ("Token bx:y", None, "bx:y"),
        ] {
            let credential = read(after_scheme(header.as_bytes()).unwrap()).unwrap();
            assert_eq!((credential.kind, credential.text), (kind, text), "{header}");
        }
        for (header, error) in [
            ("Token", CredentialError::CredentialMissing),
            ("Token ", CredentialError::CredentialMissing),
            ("Token apikey:", CredentialError::CredentialMissing),
            ("Token a b", CredentialError::Characters),
        ] {
            assert_eq!(
                read(after_scheme(header.as_bytes()).unwrap()),
                Err(error),
                "{header}"
            );
        }
        for other in ["Tokens x", "Bearer x", "", "Basic x"] {
            assert_eq!(after_scheme(other.as_bytes()), None, "{other}");
        }
    }
}
