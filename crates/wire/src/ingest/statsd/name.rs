//! The name of a metric: the path as etsy's statsd cleans it, and tags however they are written.

use base::name::{NameError, SeriesName, allowed, holds_api_key};
use std::borrow::Cow;

/// The value of a tag that has none.
const FLAG: &str = "true";

#[cfg(test)]
thread_local! {
    /// How many names this thread has read.
    pub(super) static READ: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Reads the name of a line, with the tags that stand apart from it.
pub(super) fn read<'t>(
    text: &'t str,
    tags: Option<&str>,
    sanitize: bool,
) -> Result<Cow<'t, str>, NameError> {
    #[cfg(test)]
    READ.set(READ.get() + 1);
    if holds_api_key(text) || tags.is_some_and(holds_api_key) {
        return Err(NameError::ApiKey);
    }
    let (path, own) = match text.find([',', ';']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let path = if sanitize { clean(path) } else { path.into() };
    let tags = tags.unwrap_or_default();
    if own.is_empty() && tags.is_empty() {
        return match path {
            Cow::Borrowed(path) => SeriesName::parse(path).map(canonical),
            Cow::Owned(path) => SeriesName::parse(&path).map(|name| canonical(name.into_owned())),
        };
    }
    let mut whole = path.into_owned();
    let own = own.split([',', ';']).filter(|tag| !tag.is_empty());
    for tag in own {
        let Some((key, value)) = tag.split_once('=') else {
            return Err(NameError::Tag(tag.chars().take(60).collect()));
        };
        push(&mut whole, key, value, sanitize);
    }
    for tag in tags.split(',').filter(|tag| !tag.is_empty()) {
        let (key, value) = tag.split_once(':').unwrap_or((tag, FLAG));
        push(&mut whole, key, value, sanitize);
    }
    SeriesName::parse(&whole).map(|name| canonical(name.into_owned()))
}

fn canonical(name: SeriesName<'_>) -> Cow<'_, str> {
    name.into_text()
}

/// As etsy's statsd writes a path: blanks are `_`, slashes are `-`, and every other character that it does not know is left out.
pub(super) fn clean(path: &str) -> Cow<'_, str> {
    let is_known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if path.chars().all(is_known) {
        return path.into();
    }
    let mut cleaned = String::with_capacity(path.len());
    let mut was_blank = false;
    for character in path.chars() {
        let is_blank = character.is_whitespace();
        match character {
            _ if is_blank && was_blank => {}
            _ if is_blank => cleaned.push('_'),
            '/' => cleaned.push('-'),
            _ if is_known(character) => cleaned.push(character),
            _ => {}
        }
        was_blank = is_blank;
    }
    cleaned.into()
}

fn push(whole: &mut String, key: &str, value: &str, sanitize: bool) {
    let keep = |character: char| match character {
        ';' => '_',
        _ if sanitize && !allowed(character) => '_',
        _ => character,
    };
    whole.push(';');
    whole.extend(
        key.trim()
            .chars()
            .map(|c| if c == '=' { '_' } else { keep(c) }),
    );
    whole.push('=');
    whole.extend(value.trim().chars().map(keep));
}
