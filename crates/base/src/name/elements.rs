//! Splits a path into its elements: the one place that knows which dots separate them.

/// The elements of a path, from the root; the last one has the tags.
pub fn elements(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(path);
    std::iter::from_fn(move || {
        let here = rest?;
        let plain = here.split(';').next().unwrap_or_default();
        match plain.find('.') {
            Some(dot) => {
                rest = here.get(dot + 1..);
                here.get(..dot)
            }
            None => rest.take(),
        }
    })
}

/// Where the last element begins.
fn last_element_start(path: &str) -> usize {
    let tags = path.find(';').unwrap_or(path.len());
    let plain = path.get(..tags).unwrap_or_default();
    plain.rfind('.').map_or(0, |dot| dot + 1)
}

/// The last element of a path, with its tags.
#[must_use]
pub fn last_element(path: &str) -> &str {
    path.get(last_element_start(path)..).unwrap_or_default()
}

/// The parent of a path; `None` at the root.
#[must_use]
pub fn parent(path: &str) -> Option<&str> {
    path.get(..last_element_start(path).checked_sub(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_dots_of_a_tag_part_nothing() {
        let all = |path| elements(path).collect::<Vec<_>>();
        assert_eq!(all("a"), ["a"]);
        assert_eq!(all("a.b.c"), ["a", "b", "c"]);
        assert_eq!(all("a.b;t=x.y;u=z."), ["a", "b;t=x.y;u=z."]);
        assert_eq!(all("a;t=x.y"), ["a;t=x.y"]);
        assert_eq!(parent("a.b;t=x.y"), Some("a"));
        assert_eq!(parent("a;t=x.y"), None);
        assert_eq!(parent("a"), None);
        assert_eq!(last_element("a.b.c"), "c");
        assert_eq!(last_element("a.b;t=x.y"), "b;t=x.y");
    }

    proptest! {
        #[test]
        fn a_path_is_its_parent_and_its_last_element(path in "[a;.=]{0,12}") {
            let all: Vec<&str> = elements(&path).collect();
            prop_assert_eq!(all.join("."), path.as_str());
            prop_assert_eq!(all.last().copied(), Some(last_element(&path)));
            prop_assert_eq!(parent(&path).is_some(), all.len() > 1);
        }
    }
}
