//! User names and passwords in addresses (`https://USER:PASSWORD@HOST`), which no message repeats.

use std::borrow::Cow;

/// The placeholder that replaces them.
const HIDDEN: &str = "<hidden>";

/// The text with what stands between the scheme of an address and its last `@` hidden; in a text without a scheme, what stands
/// before the `@`, if it holds a password (`USER:PASSWORD@HOST`). Backticks in a message part its texts.
#[must_use]
pub fn hidden(text: &str) -> Cow<'_, str> {
    if !text.contains('@') {
        return Cow::Borrowed(text);
    }
    let parts: Vec<Cow<'_, str>> = text.split('`').map(hidden_in).collect();
    Cow::Owned(parts.join("`"))
}

fn hidden_in(text: &str) -> Cow<'_, str> {
    let Some((before, after)) = text.rsplit_once('@') else {
        return Cow::Borrowed(text);
    };
    let begin = match before.split_once("://") {
        Some((scheme, _)) => format!("{scheme}://"),
        None if before.contains(':') => String::new(),
        None => return Cow::Borrowed(text),
    };
    Cow::Owned(format!("{begin}{HIDDEN}@{after}"))
}

#[cfg(test)]
mod tests {
    use super::hidden;

    #[test]
    fn a_password_is_hidden_and_nothing_else() {
        for (text, expected) in [
            ("https://u:secret@h:1/x", "https://<hidden>@h:1/x"),
            ("https://secret@h", "https://<hidden>@h"),
            ("u:secret@h", "<hidden>@h"),
            ("http://u:se/c?r@et@h", "http://<hidden>@h"),
            ("http://a, http://u:secret@h", "http://<hidden>@h"),
            (
                "must be x, not `http://u:secret@h`",
                "must be x, not `http://<hidden>@h`",
            ),
            ("ops@example.org", "ops@example.org"),
            ("`USER@HOST`: no", "`USER@HOST`: no"),
            ("https://h", "https://h"),
        ] {
            assert_eq!(hidden(text), expected);
        }
    }
}
