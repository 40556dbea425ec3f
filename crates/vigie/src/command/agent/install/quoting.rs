//! Quotes words for a systemd unit and for a line of cron.

use crate::error::Failure;
use crate::printable_text::{PrintableText, escaped};

/// A word of `ExecStart=`, in which neither `%` nor `$` means anything.
pub(super) fn command(text: &str) -> Result<String, Failure> {
    setting(text).map(|word| word.replace('$', "$$"))
}

/// A word of another setting, in which `%` means nothing.
pub(super) fn setting(text: &str) -> Result<String, Failure> {
    let text = one_line(text)?.replace('%', "%%");
    let is_plain = |character: char| {
        character.is_alphanumeric()
            || matches!(
                character,
                '-' | '_' | '.' | '/' | ':' | '@' | '=' | ',' | '%' | '+'
            )
    };
    if !text.is_empty() && text.chars().all(is_plain) {
        return Ok(text);
    }
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    Ok(format!("\"{escaped}\""))
}

/// A word for the shell that cron starts. A `%` would end the command there, whatever quotes it stands in.
pub(super) fn cron(text: &str) -> Result<String, Failure> {
    let word = PrintableText::word(one_line(text)?);
    Ok(word.into_string().replace('%', "\\%"))
}

fn one_line(text: &str) -> Result<&str, Failure> {
    if text.chars().any(char::is_control) {
        return Err(Failure::usage(escaped!(
            "`{}` holds a line end or another control character",
            text
        )));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_what_they_are() {
        for (text, word) in [
            ("--listen-graphite", "--listen-graphite"),
            ("127.0.0.1:2003", "127.0.0.1:2003"),
            ("100%", "100%%"),
            ("$HOME x", "\"$$HOME x\""),
            ("a\"b\\c", "\"a\\\"b\\\\c\""),
            ("", "\"\""),
            ("it's", "\"it's\""),
        ] {
            assert_eq!(command(text).unwrap(), word);
        }
        assert_eq!(setting("a$b").unwrap(), "\"a$b\"");
        for (text, word) in [
            ("--once", "--once"),
            ("a b", "'a b'"),
            ("50%", "50\\%"),
            ("", "''"),
        ] {
            assert_eq!(cron(text).unwrap(), word);
        }
        for quote in [command, setting, cron] {
            assert!(quote("a\nb").is_err());
        }
    }
}
