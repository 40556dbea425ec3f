//! E-mail addresses: their form, and when two are the same.
//!
//! Like the original's IBMid, addresses ignore case in both parts, in any alphabet. A person has one address, and it
//! can be shown and typed as it is: invisible characters and characters that change the text direction are refused.

use crate::refusal::{Reason, Refusal};
use base::limit;

/// Longest part before the `@`, in bytes (RFC 5321).
const LOCAL_BYTES_MAX: usize = 64;

/// Longest label of a host name, in bytes.
const LABEL_BYTES_MAX: usize = 63;

/// Letters without a visible glyph.
const UNSEEN: [char; 4] = ['\u{115f}', '\u{1160}', '\u{3164}', '\u{ffa0}'];

/// A valid address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// The spelling that was written.
    pub(crate) text: String,
    /// The form for comparison: the same for every spelling.
    pub(crate) folded: String,
}

impl Address {
    /// Checks an address, as far as that is possible without sending to it.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let text = text.trim();
        if text.len() as u64 > limit::ADDRESS_BYTES.default {
            let message = format!(
                "an e-mail address has at most `address_bytes` = {} bytes",
                limit::ADDRESS_BYTES.default
            );
            let problem = Refusal::new(Reason::Field, message);
            return Err(problem.field("email").limit(&limit::ADDRESS_BYTES));
        }
        match text.split_once('@') {
            Some((local, host)) if is_local(local) && is_host(host) => Ok(Self {
                text: text.to_owned(),
                folded: fold(text),
            }),
            // Escaped as in Rust: an invisible character must not be sent back as it is.
            _ => Err(Refusal::invalid(
                "email",
                format!("{text:?} is no e-mail address: letters and digits, with one `@` between"),
            )),
        }
    }
}

/// The form in which addresses are compared.
pub(crate) fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}

fn is_letter(character: char) -> bool {
    character.is_alphanumeric() && !UNSEEN.contains(&character)
}

fn is_local(text: &str) -> bool {
    let has_room = (1..=LOCAL_BYTES_MAX).contains(&text.len());
    // The characters of RFC 5322 that need no quotes, except the backtick, which marks commands in our messages.
    let allowed =
        |character: char| is_letter(character) || "!#$%&'*+-/=?^_{|}~.".contains(character);
    has_room && text.chars().all(allowed) && text.split('.').all(|part| !part.is_empty())
}

fn is_host(text: &str) -> bool {
    text.split('.').all(|label| {
        let has_room = (1..=LABEL_BYTES_MAX).contains(&label.len());
        has_room
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .chars()
                .all(|character| is_letter(character) || character == '-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_not_minded_in_any_alphabet() {
        for (one, other) in [
            ("ada@example.org", " ADA@Example.ORG "),
            ("Ä.Öz@example.org", "ä.öz@EXAMPLE.org"),
            // The Kelvin sign is a `k`.
            ("k@example.org", "\u{212a}@example.org"),
        ] {
            let folded = |text| Address::parse(text).unwrap().folded;
            assert_eq!(folded(one), folded(other));
        }
    }

    #[test]
    fn what_is_not_seen_or_not_whole_is_refused() {
        for wrong in [
            "",
            "@",
            "a",
            "a@",
            "@b",
            "a@b@c",
            "a b@c",
            "a,b@c",
            "\"a\"@c",
            "<a@c>",
            "a..b@c",
            ".a@c",
            "a@c.",
            "a@-c",
            "a\u{202e}@c",
            "a\u{200d}@c",
            "a@c\u{7}",
            "a\u{3164}@c",
            "e\u{301}@c",
            "a\u{2019}b@c",
        ] {
            assert!(Address::parse(wrong).is_err(), "{wrong:?}");
        }
        assert!(Address::parse(&format!("{}@c", "a".repeat(65))).is_err());
        assert!(Address::parse(&format!("a@{}", "b.".repeat(200))).is_err());
        for right in [
            "o'brien+x@example.org",
            "a@localhost",
            "owner@vigie.local",
            "x@10.0.0.1",
        ] {
            assert_eq!(Address::parse(right).unwrap().text, right);
        }
    }

    #[test]
    fn a_refusal_shows_nothing_raw() {
        let error = Address::parse("a\u{202e}\u{1b}@c").unwrap_err().to_string();
        assert!(
            error
                .chars()
                .all(|character| character.is_ascii_graphic() || character == ' '),
            "{error}"
        );
    }
}
