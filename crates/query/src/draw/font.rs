//! The font of pictures: DejaVu Sans, which has most of the letters of the world's names.

use fontdue::{Font, FontSettings};
use std::sync::OnceLock;

/// The font, regular or bold; `None` should the built-in file not be read, where texts are then left out.
pub(crate) fn font(is_bold: bool) -> Option<&'static Font> {
    static REGULAR: OnceLock<Option<Font>> = OnceLock::new();
    static BOLD: OnceLock<Option<Font>> = OnceLock::new();
    let load = |bytes: &[u8]| Font::from_bytes(bytes, FontSettings::default()).ok();
    if is_bold {
        BOLD.get_or_init(|| load(dejavu::sans::bold())).as_ref()
    } else {
        REGULAR
            .get_or_init(|| load(dejavu::sans::regular()))
            .as_ref()
    }
}

/// The width of a text in pixels.
pub(crate) fn width(text: &str, size: f64, is_bold: bool) -> f64 {
    let Some(font) = font(is_bold) else {
        return size * 0.6 * text.chars().count() as f64;
    };
    let advance = |c| f64::from(font.metrics(c, size as f32).advance_width);
    text.chars().map(advance).sum()
}

/// A text that is at most `most` wide; what does not fit is `…`.
pub(crate) fn fitted(text: &str, size: f64, most: f64) -> String {
    if width(text, size, false) <= most {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = width("…", size, false);
    for character in text.chars() {
        used += width(character.encode_utf8(&mut [0; 4]), size, false);
        if used > most {
            break;
        }
        kept.push(character);
    }
    kept.push('…');
    kept
}
