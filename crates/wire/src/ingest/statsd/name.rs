//! The name of a metric: the path as etsy's statsd cleans it, and tags however they are written.

use base::limit;
use base::name::{NameError, SeriesName, allowed, contains_api_key};
use std::borrow::Cow;

/// The value of a tag that has none.
const FLAG: &str = "true";

#[cfg(test)]
thread_local! {
    /// How many names this thread has read.
    pub(super) static READ: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// The name of one line, for all of its values. A line has room for thousands of them, with tags of their own or without: what is
/// the same for all is read once.
#[derive(Debug)]
pub(super) struct LineName<'t> {
    text: &'t str,
    sanitize: bool,
    /// The name of values that have no tags of their own.
    plain: Option<Result<Cow<'t, str>, NameError>>,
    /// The name to which the tags of a value are added.
    begin: Option<Result<String, NameError>>,
}

impl<'t> LineName<'t> {
    pub(super) const fn new(text: &'t str, sanitize: bool) -> Self {
        Self {
            text,
            sanitize,
            plain: None,
            begin: None,
        }
    }

    /// The name of values with these tags. `is_last`: no others follow on the line.
    pub(super) fn with_tags(
        &mut self,
        tags: Option<&str>,
        is_last: bool,
    ) -> Result<Cow<'_, str>, NameError> {
        let (text, sanitize) = (self.text, self.sanitize);
        let Some(tags) = tags.filter(|tags| !tags.is_empty()) else {
            let plain = self.plain.get_or_insert_with(|| plain(text, sanitize));
            return plain.as_deref().map(Cow::Borrowed).map_err(Clone::clone);
        };
        if contains_api_key(tags) {
            return Err(NameError::ApiKey);
        }
        let mut whole = if is_last {
            let begin = self.begin.take();
            begin.unwrap_or_else(|| begin_of(text, sanitize))?
        } else {
            let begin = self.begin.get_or_insert_with(|| begin_of(text, sanitize));
            begin.clone()?
        };
        for tag in tags.split(',').filter(|tag| !tag.is_empty()) {
            let (key, value) = tag.split_once(':').unwrap_or((tag, FLAG));
            push(&mut whole, key, value, sanitize);
        }
        SeriesName::parse(&whole).map(|name| canonical(name.into_owned()))
    }
}

/// The path, cleaned where that is wanted, and the tags that stand in the name itself.
fn parts(text: &str, sanitize: bool) -> Result<(Cow<'_, str>, &str), NameError> {
    #[cfg(test)]
    READ.set(READ.get() + 1);
    if contains_api_key(text) {
        return Err(NameError::ApiKey);
    }
    let (path, tags) = match text.find([',', ';']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let path = if sanitize { clean(path) } else { path.into() };
    Ok((path, tags))
}

fn plain(text: &str, sanitize: bool) -> Result<Cow<'_, str>, NameError> {
    let (path, tags) = parts(text, sanitize)?;
    if tags.is_empty() {
        return match path {
            Cow::Borrowed(path) => SeriesName::parse(path).map(canonical),
            Cow::Owned(path) => SeriesName::parse(&path).map(|name| canonical(name.into_owned())),
        };
    }
    let whole = joined(path, tags, sanitize)?;
    SeriesName::parse(&whole).map(|name| canonical(name.into_owned()))
}

/// The path with the tags of the name itself. One that is too long already is refused at once: each value would copy it.
fn begin_of(text: &str, sanitize: bool) -> Result<String, NameError> {
    let (path, tags) = parts(text, sanitize)?;
    let begin = joined(path, tags, sanitize)?;
    if begin.len() as u64 > limit::NAME_BYTES.default {
        return Err(NameError::TooLong(begin.len()));
    }
    Ok(begin)
}

fn joined(path: Cow<'_, str>, tags: &str, sanitize: bool) -> Result<String, NameError> {
    let mut whole = path.into_owned();
    let tags = tags.split([',', ';']).filter(|tag| !tag.is_empty());
    for tag in tags {
        let Some((key, value)) = tag.split_once('=') else {
            return Err(NameError::Tag(tag.chars().take(60).collect()));
        };
        push(&mut whole, key, value, sanitize);
    }
    Ok(whole)
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
