//! Escapes a text, so that the pattern matches exactly that text.

use crate::name::allowed;

/// The pattern that fits `path` alone. Of a name that was taken it is the name itself; whatever a pattern would read
/// otherwise gets a backslash.
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
