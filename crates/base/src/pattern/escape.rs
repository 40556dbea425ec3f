//! Escapes a text, so that the pattern matches exactly that text.

use crate::name::allowed;

/// The pattern that matches `path` alone. A valid name is returned unchanged; every other character is escaped with a backslash.
#[must_use]
pub fn escape(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len() + 1);
    for character in path.chars() {
        if !allowed(character) {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}
