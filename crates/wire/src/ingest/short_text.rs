//! Shortens a sender's text for error messages.

use base::name::redact_api_keys;

/// How much of a stranger's text a message repeats, in bytes.
const SHORT_BYTES: usize = 60;

/// How much of a name a reject repeats: enough for every name that is allowed.
const NAME_BYTES: usize = 1024;

/// The beginning of `text`, for a message.
pub(super) fn short(text: &str) -> String {
    cut(text, SHORT_BYTES)
}

/// The beginning of a name, for a reject.
pub(crate) fn name(text: &str) -> String {
    cut(text, NAME_BYTES)
}

fn cut(text: &str, bytes: usize) -> String {
    // Before it is cut: the beginning of a key would not be known for one.
    let text = redact_api_keys(text);
    if text.len() <= bytes {
        return text.into_owned();
    }
    let end = text
        .char_indices()
        .map(|(at, _)| at)
        .take_while(|at| *at <= bytes)
        .last()
        .unwrap_or_default();
    format!("{}…", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(short("abc"), "abc");
        let long = "é".repeat(100);
        assert_eq!(short(&long), format!("{}…", "é".repeat(30)));
        let key = format!("{}vgk_{}", "a".repeat(50), "b".repeat(50));
        assert_eq!(short(&key), format!("{}vgk_…", "a".repeat(50)));
    }
}
