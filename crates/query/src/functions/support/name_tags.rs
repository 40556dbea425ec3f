//! Tags in a name that a target makes up: `x;host=a`.

use crate::series::Tags;

/// The tags of a name that has some; `None` where it has none, or is no such name.
pub(crate) fn name_tags(name: &str) -> Option<Tags> {
    if is_call(name) {
        return None;
    }
    let mut parts = name.split(';');
    let title = parts.next()?.trim_start_matches('~');
    if title.is_empty() {
        return None;
    }
    let mut tags = Tags::new();
    for part in parts {
        let (tag, value) = part.split_once('=')?;
        let is_fine = !tag.is_empty()
            && !tag.contains(['!', '^'])
            && !value.is_empty()
            && !value.starts_with('~');
        if !is_fine {
            return None;
        }
        tags.insert(tag.to_owned(), value.to_owned());
    }
    tags.insert("name".to_owned(), title.to_owned());
    Some(tags)
}

/// Whether it looks like the name that a function gives: letters, then something in parentheses.
fn is_call(name: &str) -> bool {
    let letters = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let inner = letters
        .strip_prefix('(')
        .and_then(|own| own.strip_suffix(')'));
    letters.len() < name.len() && inner.is_some_and(|own| !own.is_empty())
}

#[cfg(test)]
mod tests {
    use super::name_tags;

    #[test]
    fn tags_are_read_from_names() {
        let shown = |name: &str| {
            let tags = name_tags(name)?;
            let all: Vec<String> = tags
                .iter()
                .map(|(tag, own)| format!("{tag}={own}"))
                .collect();
            Some(all.join(" "))
        };
        for (name, expected) in [
            ("a.b", Some("name=a.b")),
            ("a;z=1;b=x=y", Some("b=x=y name=a z=1")),
            ("~~a", Some("name=a")),
            ("a;b", None),
            ("a;=b", None),
            ("a;b=", None),
            ("a;b=~c", None),
            (";b=c", None),
            ("sum(a;b=c)", None),
        ] {
            assert_eq!(shown(name).as_deref(), expected, "{name}");
        }
    }
}
