//! Tags in a name that a target makes up: `x;host=a`.

use crate::series::{Tags, tags_of};

/// The tags of a name; `None` where it is no name that can have some: a call, or tags without values.
pub(crate) fn name_tags(name: &str) -> Option<Tags> {
    let inside = name
        .trim_start_matches(|c: char| c.is_ascii_alphabetic())
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'));
    let is_call = !name.starts_with('(') && inside.is_some_and(|inside| !inside.is_empty());
    if is_call { None } else { tags_of(name).ok() }
}

#[cfg(test)]
mod tests {
    use super::name_tags;

    #[test]
    fn a_call_has_no_tags() {
        for (name, is_there) in [
            ("a;b=c", true),
            ("f(a;b=c)", false),
            ("f2(a;b=c)", true),
            ("(a;b=c)", true),
            ("f()", true),
            ("a;b", false),
        ] {
            assert_eq!(name_tags(name).is_some(), is_there, "{name}");
        }
    }
}
