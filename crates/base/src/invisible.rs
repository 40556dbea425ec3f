//! Characters that are not seen as themselves: the one list for names that are stored, texts that are managed, and what is shown
//! on a terminal. Two texts that differ in them alone look alike, and neither can be typed by who sees it.

use std::borrow::Cow;

/// Whether a character is not seen as itself, or does not leave its neighbours as they are.
///
/// These are: controls (C0, DEL, C1), line and paragraph separators, what turns the direction of writing, and everything that
/// Unicode says is not to be seen (`Default_Ignorable_Code_Point`: zero-width, soft hyphens, fillers, variation selectors,
/// tags). Blanks are seen.
#[must_use]
pub const fn is_invisible(character: char) -> bool {
    matches!(character,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a character looks like a usual blank and is none: no-break and narrow blanks. The ideographic blank is as wide as its
/// neighbours, so it is seen.
#[must_use]
pub const fn is_lookalike_blank(character: char) -> bool {
    matches!(
        character,
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}'
    )
}

/// A text as a message repeats it: each character that is not seen as itself becomes its number (`\u{202e}`, `\u{a0}`), so that
/// the text reads as what it is wherever it is shown. Doing it twice changes nothing.
#[must_use]
pub fn shown(text: &str) -> Cow<'_, str> {
    numbered(text, |character| {
        is_invisible(character) || is_lookalike_blank(character)
    })
}

/// The same of a text that has lines of its own.
#[must_use]
pub fn shown_lines(text: &str) -> Cow<'_, str> {
    numbered(text, |character| {
        character != '\n' && (is_invisible(character) || is_lookalike_blank(character))
    })
}

/// A text as a picture has it, whose blanks are the writer's: each character that is not seen becomes its number.
#[must_use]
pub fn drawn(text: &str) -> Cow<'_, str> {
    numbered(text, is_invisible)
}

fn numbered(text: &str, is_hidden: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_hidden) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_hidden(character) {
            escaped.extend(character.escape_unicode());
        } else {
            escaped.push(character);
        }
    }
    escaped.into()
}

/// The number of a character that would not be seen as itself, as an error names it. Line ends and tabulators have names of their
/// own (`'\n'`).
#[must_use]
pub fn number(character: char) -> Option<String> {
    let has_name = matches!(character, '\n' | '\r' | '\t' | '\0');
    let is_blank = character.is_whitespace() && character != ' ';
    (!has_name && (is_invisible(character) || is_blank))
        .then(|| format!("U+{:04X} (not seen as itself)", u32::from(character)))
}

/// A character as an error names it: quoted, or by its number where it would not be seen.
#[must_use]
pub fn quoted(character: char) -> String {
    number(character).unwrap_or_else(|| format!("{character:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_known_and_told_by_its_number() {
        for seen in "Café a名前o'-1~²".chars() {
            assert!(!is_invisible(seen), "{seen:?}");
        }
        for unseen in "\0\n\u{7f}\u{9b}\u{ad}\u{34f}\u{115f}\u{200b}\u{200d}\u{202e}\u{2066}\u{fe0f}\u{feff}\u{e0041}".chars() {
            assert!(is_invisible(unseen), "{unseen:?}");
        }
        assert_eq!(quoted('\u{115f}'), "U+115F (not seen as itself)");
        assert_eq!(quoted('\u{a0}'), "U+00A0 (not seen as itself)");
        assert_eq!(quoted('\u{3000}'), "U+3000 (not seen as itself)");
        assert_eq!(quoted('\u{1b}'), "U+001B (not seen as itself)");
        assert_eq!(quoted(' '), "' '");
        assert_eq!(quoted('\n'), "'\\n'");
        assert_eq!(quoted('*'), "'*'");
    }

    #[test]
    fn what_is_not_seen_is_repeated_as_its_number() {
        assert!(matches!(shown("Café 名前 \\u{1b}"), Cow::Borrowed(_)));
        let text = shown("a\u{1b}[2Jb\u{202e}c\n\u{9b}\u{e0041}");
        assert_eq!(text, "a\\u{1b}[2Jb\\u{202e}c\\u{a}\\u{9b}\\u{e0041}");
        assert_eq!(shown(&text), text);
    }
    #[test]
    fn a_blank_that_is_none_is_repeated_as_its_number_and_drawn_as_it_is() {
        let text = "Charge\u{202f}: 5\u{a0}%\n山田\u{3000}太郎";
        assert_eq!(
            shown(text),
            "Charge\\u{202f}: 5\\u{a0}%\\u{a}山田\u{3000}太郎"
        );
        assert_eq!(
            shown_lines(text),
            "Charge\\u{202f}: 5\\u{a0}%\n山田\u{3000}太郎"
        );
        assert_eq!(drawn("Charge\u{202f}:\u{200b}"), "Charge\u{202f}:\\u{200b}");
    }
}
