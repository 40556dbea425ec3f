//! Selects series with tags, and writes the target that asks for one.

use base::pattern::Pattern;

/// Whether a name fits a pattern, or lies below what does.
pub(super) fn fits(pattern: &Pattern, name: &str) -> bool {
    let ends = name.match_indices('.').map(|(at, _)| at);
    let ends = ends.chain([name.len()]);
    ends.filter_map(|end| name.get(..end))
        .any(|above| pattern.matches(above))
}

/// The target of a series such as `disk.used;host=web1`. Another one with the same tags and further ones fits as well, and is told
/// apart by its name. `None` where an expression cannot hold what the name does.
pub(super) fn target(series: &str) -> Option<String> {
    let mut parts = series.split(';');
    let mut expressions = vec![expression("name", parts.next()?)?];
    for tag in parts {
        let (tag, value) = tag.split_once('=')?;
        expressions.push(expression(tag, value)?);
    }
    Some(format!("seriesByTag({})", expressions.join(",")))
}

/// Says that a tag has exactly this value.
fn expression(tag: &str, value: &str) -> Option<String> {
    // A value that is empty means that there is no such tag, and after a `~` comes a regular expression.
    if tag.is_empty() || value.is_empty() || value.starts_with('~') {
        return None;
    }
    let text = format!("{tag}={value}");
    let is_plain = !text.contains(|character: char| character == '\\' || character.is_control());
    let quote = ["'", "\""].into_iter().find(|quote| !text.contains(quote));
    let quote = quote.filter(|_| is_plain)?;
    Some(format!("{quote}{text}{quote}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_asked_for_by_its_tags() {
        for (series, expected) in [
            (
                "disk.used;host=web1.example;mount=data",
                Some("seriesByTag('name=disk.used','host=web1.example','mount=data')"),
            ),
            ("a;b=it's", Some("seriesByTag('name=a',\"b=it's\")")),
            ("a;b=c=d", Some("seriesByTag('name=a','b=c=d')")),
            ("a;b='\"", None),
            ("a;b=c\\", None),
            ("a;b=~c", None),
            ("a;b=", None),
            ("a;b", None),
            ("", None),
        ] {
            assert_eq!(target(series).as_deref(), expected, "{series}");
        }
    }

    #[test]
    fn names_below_what_fits_are_meant() {
        for (pattern, name, expected) in [
            ("*", "disk.used", true),
            ("disk", "disk.used", true),
            ("disk.us*", "disk.used", true),
            ("dis", "disk.used", false),
            ("disk.*.x", "disk.used", false),
            ("servers.*", "disk.used", false),
        ] {
            let pattern = Pattern::parse(pattern).unwrap();
            assert_eq!(fits(&pattern, name), expected, "{}", pattern.as_str());
        }
    }
}
