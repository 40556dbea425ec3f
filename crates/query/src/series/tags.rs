//! Tags in a name.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// Tags by name. A series that was stored has its path as `name`. Copies share them until one changes them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags(Arc<BTreeMap<String, String>>);

impl Tags {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Deref for Tags {
    type Target = BTreeMap<String, String>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Tags {
    fn deref_mut(&mut self) -> &mut Self::Target {
        Arc::make_mut(&mut self.0)
    }
}

impl FromIterator<(String, String)> for Tags {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(tags: I) -> Self {
        Self(Arc::new(tags.into_iter().collect()))
    }
}

impl<const N: usize> From<[(String, String); N]> for Tags {
    fn from(tags: [(String, String); N]) -> Self {
        tags.into_iter().collect()
    }
}

/// The tags of a name such as `requests;dc=eu;host=web01`; what stands before the first `;` is the tag `name`.
///
/// # Errors
/// A message about the first part that is invalid.
pub fn tags_of(name: &str) -> Result<Tags, String> {
    let mut parts = name.split(';');
    let metric = parts.next().unwrap_or_default().trim_start_matches('~');
    if metric.is_empty() {
        return Err(format!("`{name}` has no name before its tags"));
    }
    let mut tags = Tags::new();
    for part in parts {
        match part.split_once('=') {
            Some((tag, value)) if is_tag(tag) && is_value(value) => {
                tags.insert(tag.to_owned(), value.to_owned());
            }
            _ => return Err(format!("`{part}` in `{name}` is no tag with a value")),
        }
    }
    tags.insert("name".to_owned(), metric.to_owned());
    Ok(tags)
}

fn is_tag(tag: &str) -> bool {
    !tag.is_empty() && !tag.contains(['!', '^'])
}

fn is_value(value: &str) -> bool {
    !value.is_empty() && !value.starts_with('~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_holds_tags() {
        let parsed = |name: &str| {
            tags_of(name).map(|tags| {
                let all = tags.iter().map(|(tag, value)| format!("{tag}:{value}"));
                all.collect::<Vec<_>>().join(" ")
            })
        };
        assert_eq!(parsed("a.b;x=1;name=c;y==").unwrap(), "name:a.b x:1 y:=");
        assert_eq!(parsed("~a").unwrap(), "name:a");
        for name in ["", "~", ";a=b", "a;b", "a;=b", "a;b=", "a;b=~c", "a;b!=c"] {
            assert!(parsed(name).is_err(), "{name}");
        }
    }
}
