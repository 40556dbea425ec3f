//! The `AUTH` line, by which a sender of lines authenticates: `AUTH iam|apikey CREDENTIAL [SCOPE]`.
//!
//! It is answered by `OK …` or `ERR …`; before a token expires, the server writes `WARN …`. No error repeats the credential.

use crate::credential::{self, Credential, CredentialError};
use crate::scope_id::{self, ScopeIdError};
use base::limit;
use base::scope::Domain;

/// How it begins. A line that begins so is never a sample, whoever sends it.
pub const WORD: &[u8] = b"AUTH";

/// The longest one: a token of the largest size, and room for the other words.
#[expect(clippy::cast_possible_truncation, reason = "a small constant")]
pub const BYTES_MAX: usize = limit::TOKEN_BYTES.default as usize + 128;

/// A parsed `AUTH` line.
#[derive(Debug)]
pub struct AuthLine<'l> {
    /// Not yet verified.
    pub credential: Credential<'l>,
    /// The domain to send to, if it names one.
    pub scope: Option<Domain>,
}

/// Why it says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthLineError {
    /// The text in the credential's place is none.
    #[error("{}; write `AUTH iam TOKEN s-GUID` or `AUTH apikey KEY s-GUID`", in_line(.0))]
    Credential(CredentialError),
    /// The last word is no domain.
    #[error("{0}")]
    Scope(ScopeIdError),
}

/// The same without the word header, which a line has not.
fn in_line(error: &CredentialError) -> String {
    match error {
        CredentialError::Empty => "nothing comes after `AUTH`".to_owned(),
        other => other.to_string(),
    }
}

/// Whether a line, without its end, is one.
#[must_use]
pub fn is_one(line: &[u8]) -> bool {
    let after = line.strip_prefix(WORD);
    after.is_some_and(|rest| {
        rest.first()
            .is_none_or(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
    })
}

/// Reads a line for which [`is_one`] holds.
///
/// # Errors
/// [`AuthLineError`] says what is expected.
pub fn parse(line: &[u8]) -> Result<AuthLine<'_>, AuthLineError> {
    let rest = line.strip_prefix(WORD).unwrap_or(line).trim_ascii();
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let last = rest.iter().rposition(blank).map_or(0, |at| at + 1);
    let (before, word) = rest.split_at_checked(last).unwrap_or((rest, &[]));
    let is_third = before.trim_ascii().iter().any(blank);
    let is_scope = is_third && matches!(word, [b's' | b'o' | b'a' | b'S' | b'O' | b'A', b'-', ..]);
    let (presented, scope) = if is_scope {
        (before, Some(word))
    } else {
        (rest, None)
    };
    let credential =
        credential::user_token(presented.trim_ascii()).map_err(AuthLineError::Credential)?;
    let scope = scope.map(scope_id::parse).transpose();
    Ok(AuthLine {
        credential,
        scope: scope.map_err(AuthLineError::Scope)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::CredentialKind;
    use proptest::prelude::*;

    #[test]
    fn regression_7_a_line_of_one_word_says_what_is_missing() {
        let message = parse(b"AUTH").unwrap_err().to_string();
        assert!(
            message.contains("nothing comes after `AUTH`; write"),
            "{message}"
        );
    }

    const SCOPE: &str = "s-01234567-89ab-cdef-0123-456789abcdef";

    #[test]
    fn kind_credential_and_scope() {
        for (line, kind, text, scope) in [
            ("AUTH iam abc".to_owned(), CredentialKind::Iam, "abc", None),
            (
                format!("AUTH apikey  k1 {SCOPE}\r"),
                CredentialKind::ApiKey,
                "k1",
                Some(SCOPE),
            ),
            (
                "AUTH\tapikey s-k".to_owned(),
                CredentialKind::ApiKey,
                "s-k",
                None,
            ),
        ] {
            assert!(is_one(line.as_bytes()));
            let read = parse(line.as_bytes()).unwrap();
            assert_eq!(
                (read.credential.kind, read.credential.text),
                (Some(kind), text)
            );
            assert_eq!(read.scope.map(|scope| scope.to_string()).as_deref(), scope);
        }
    }

    #[test]
    fn what_is_none_is_told_apart_and_never_repeated() {
        for line in ["AUTHX a", "auth iam a", "a.b 1", "AUTH.x 1 2"] {
            assert!(!is_one(line.as_bytes()), "{line}");
        }
        for line in [
            "AUTH",
            "AUTH iam",
            "AUTH secret-of-mine",
            "AUTH iam x s-1",
            "AUTH sec-ret x",
        ] {
            assert!(is_one(line.as_bytes()));
            let error = parse(line.as_bytes()).unwrap_err().to_string();
            assert!(!error.contains("sec"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let line = [WORD, b" ", &bytes].concat();
            prop_assert!(is_one(&line));
            let _ = parse(&line);
        }
    }
}
