//! Output for programs: JSON and CSV, unchanged in value and still safe on a terminal.

use crate::printable_text::is_plain;
use std::fmt::Write as _;

/// JSON in which every unsafe character is written as a JSON escape, which is the same value for every parser. Between strings
/// such a character can only be white space (`\r`, `\t`) and becomes a blank.
pub(crate) fn json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut in_string = false;
    let mut escaped = false;
    for character in text.chars() {
        if character == '\n' || is_plain(character) {
            safe.push(character);
        } else if in_string {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(' ');
        }
        match character {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ => {}
        }
    }
    safe
}

/// CSV. Names contain no control characters; if a server sends one, it is escaped. Other invisible characters may be part of a
/// name, so they are kept for programs and escaped on a terminal.
pub(crate) fn csv(text: &str, to_terminal: bool) -> String {
    let is_kept = |character: char| {
        character == '\n'
            || is_plain(character)
            || (!to_terminal
                && !character.is_control()
                && !matches!(character, '\u{2028}' | '\u{2029}'))
    };
    text.chars()
        .fold(String::with_capacity(text.len()), |mut safe, character| {
            if is_kept(character) {
                safe.push(character);
            } else {
                let _ = write!(safe, "\\u{{{:x}}}", u32::from(character));
            }
            safe
        })
}

/// One field of a row, quoted if necessary.
pub(crate) fn csv_field(text: &str) -> String {
    let text = text.replace('\n', "\\n");
    if text.contains([',', '"']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_its_values() {
        let value =
            serde_json::json!({"a\u{202e}": ["\u{7f}\u{9b}\"\\\u{e0041}", "日本\n\u{1b}", 1.50]});
        for text in [
            serde_json::to_string_pretty(&value).unwrap(),
            format!("\t{value}\r\n"),
        ] {
            let safe = json(&text);
            assert!(safe.chars().all(|c| c == '\n' || is_plain(c)), "{safe:?}");
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&safe).unwrap(),
                value
            );
        }
        assert_eq!(json(r#"{"a": [1.50, "é"]}"#), r#"{"a": [1.50, "é"]}"#);
    }

    #[test]
    fn csv_is_exact_for_programs_and_visible_for_people() {
        assert_eq!(csv("a\u{200d}b,1,2\n", false), "a\u{200d}b,1,2\n");
        assert_eq!(csv("a\u{200d}b,1,2\n", true), "a\\u{200d}b,1,2\n");
        assert_eq!(csv("a\u{1b}b,1,2\n", false), "a\\u{1b}b,1,2\n");
        assert_eq!(csv_field("a\nb,\"c\""), "\"a\\nb,\"\"c\"\"\"");
    }
}
