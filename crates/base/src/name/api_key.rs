//! API keys in names. A sender that is set up for another server writes its key before each name; stored, the key would be shown
//! to all who may list names.

use std::borrow::Cow;

/// How the text of an API key begins.
pub const API_KEY_PREFIX: &str = "vgk_";

/// With so many characters after the beginning a text is taken for a key: fewer than a key has, so that neither a typing error nor
/// a cut hides one.
const CHARACTERS_MIN: usize = 40;

/// The placeholder that replaces an API key.
const HIDDEN: &str = "vgk_…";

/// Whether a text holds what looks like an API key, with or without a right checksum.
#[must_use]
#[inline]
pub fn contains_api_key(text: &str) -> bool {
    // Nearly every name is shorter, and of the others nearly every one is passed over many bytes at a time.
    text.len() >= API_KEY_PREFIX.len() + CHARACTERS_MIN
        && text.contains(API_KEY_PREFIX)
        && next(text).is_some()
}

/// The text with each API key hidden.
#[must_use]
pub fn redact_api_keys(text: &str) -> Cow<'_, str> {
    if !contains_api_key(text) {
        return text.into();
    }
    let (mut redacted, mut rest) = (String::new(), text);
    while let Some((before, after)) = next(rest) {
        redacted.push_str(before);
        redacted.push_str(HIDDEN);
        rest = after;
    }
    redacted.push_str(rest);
    redacted.into()
}

/// The text before the first key, and the text after it.
fn next(text: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find(API_KEY_PREFIX)?;
        let (before, key) = text.split_at_checked(at)?;
        let is_own = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let end = key.find(|c| !is_own(c)).unwrap_or(key.len());
        if end >= API_KEY_PREFIX.len() + CHARACTERS_MIN {
            return Some((before, key.get(end..).unwrap_or_default()));
        }
        from = at + end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{NameError, SeriesName};

    #[test]
    fn a_key_is_found_wherever_it_stands_and_is_not_shown() {
        let key = format!("vgk_{}_123456", "aB3-_".repeat(9).split_at(43).0);
        for (text, redacted) in [
            (key.clone(), "vgk_…"),
            (format!("{key}.a.b"), "vgk_….a.b"),
            (format!("a.{key}"), "a.vgk_…"),
            (format!("a;host={key};b=c"), "a;host=vgk_…;b=c"),
            (format!("vgk_a.{key}.{key}"), "vgk_a.vgk_….vgk_…"),
            (key[..50].to_owned(), "vgk_…"),
        ] {
            assert!(contains_api_key(&text), "{text}");
            assert_eq!(redact_api_keys(&text), redacted);
            assert_eq!(SeriesName::parse(&text), Err(NameError::ApiKey));
        }
        let short = format!("vgk_{}.{}", "a".repeat(39), "b".repeat(60));
        for text in ["", "vgk_", "a.vgk_b", &short, &key.replace("vgk_", "vgx_")] {
            assert!(!contains_api_key(text), "{text}");
            assert_eq!(redact_api_keys(text), text);
        }
        SeriesName::parse(&short).unwrap();
    }
}
