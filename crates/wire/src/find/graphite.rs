//! Nodes as graphite-web's `/metrics/find` and `/metrics/expand` show them.
//!
//! A node that is both a branch and a leaf is listed twice, the branch first.

use crate::render::Sink;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// A node that fits, as a branch or as a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GraphiteNode<'a> {
    /// Its path from the root.
    pub path: &'a str,
    /// Whether it is a series.
    pub is_leaf: bool,
}

impl<'a> GraphiteNode<'a> {
    /// The last element of its path.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }
}

/// Nodes by their last element, as all forms but `json` show them.
pub fn sort(found: &mut [GraphiteNode<'_>]) {
    found.sort_by(|a, b| (a.name(), a.path, a.is_leaf).cmp(&(b.name(), b.path, b.is_leaf)));
}

/// Writes values with commas between them, one after the other.
fn list<S: Sink>(sink: &mut S, values: impl Iterator<Item = Value>) -> Result<(), S::Error> {
    sink.out().push(b'[');
    for (place, value) in values.enumerate() {
        if place > 0 {
            sink.out().push(b',');
        }
        // Writing into memory can't fail.
        let _ = serde_json::to_writer(sink.out(), &value);
        sink.step()?;
    }
    sink.out().push(b']');
    Ok(())
}

/// `treejson`: branches, then leaves, by name, each name once. The `id` of a node is the query up to its last dot, plus the
/// node's name.
///
/// # Errors
/// The sink's.
pub fn tree<S: Sink>(
    sink: &mut S,
    found: &[GraphiteNode<'_>],
    query: &str,
    with_wildcard: bool,
) -> Result<(), S::Error> {
    let base = query
        .rfind('.')
        .and_then(|at| query.get(..=at))
        .unwrap_or("");
    let node = |name: &str, is_leaf: bool| {
        let opens = i32::from(!is_leaf);
        json!({
            "text": plus_decoded(name),
            "id": format!("{base}{name}"),
            "allowChildren": opens,
            "expandable": opens,
            "leaf": i32::from(is_leaf),
        })
    };
    let wildcard = (with_wildcard && found.len() > 1)
        .then(|| node("*", found.iter().all(|node| node.is_leaf)));
    let mut seen = HashSet::new();
    let named: Vec<_> = found
        .iter()
        .filter(|found| seen.insert(found.name()))
        .collect();
    drop(seen);
    let ordered = [false, true].into_iter();
    let ordered =
        ordered.flat_map(|is_leaf| named.iter().filter(move |found| found.is_leaf == is_leaf));
    let nodes = ordered.map(|found| node(found.name(), found.is_leaf));
    list(sink, wildcard.into_iter().chain(nodes))
}

/// `completer`: paths, which end with a dot where something lies below.
///
/// # Errors
/// The sink's.
pub fn completer<S: Sink>(
    sink: &mut S,
    found: &[GraphiteNode<'_>],
    with_wildcard: bool,
) -> Result<(), S::Error> {
    let node = |node: &GraphiteNode<'_>| {
        let dot = if node.is_leaf { "" } else { "." };
        json!({
            "path": format!("{}{dot}", node.path),
            "name": node.name(),
            "is_leaf": if node.is_leaf { "1" } else { "0" },
        })
    };
    let wildcard = (with_wildcard && found.len() > 1).then(|| json!({"name": "*"}));
    sink.out().extend_from_slice(b"{\"metrics\":");
    list(sink, found.iter().map(node).chain(wildcard))?;
    sink.out().push(b'}');
    Ok(())
}

/// `json`: by path. A leaf says from when until when it may have samples.
///
/// # Errors
/// The sink's.
pub fn nodes<S: Sink>(
    sink: &mut S,
    found: &[GraphiteNode<'_>],
    (start, end): (i64, i64),
) -> Result<(), S::Error> {
    let mut found = found.to_vec();
    found.sort_by_key(|node| (node.path, node.is_leaf));
    let node = |node: &GraphiteNode<'_>| match node.is_leaf {
        true => {
            json!({"path": node.path, "is_leaf": true, "intervals": [{"start": start, "end": end}]})
        }
        false => json!({"path": node.path, "is_leaf": false}),
    };
    list(sink, found.iter().map(node))
}

/// `nodelist`: the element at a place of each path, from the end where it is negative, each once.
///
/// # Errors
/// The sink's.
pub fn node_list<S: Sink>(
    sink: &mut S,
    found: &[GraphiteNode<'_>],
    position: i64,
) -> Result<(), S::Error> {
    let all: BTreeSet<&str> = found
        .iter()
        .filter_map(|node| element(node.path, position))
        .collect();
    sink.out().extend_from_slice(b"{\"nodes\":");
    list(sink, all.into_iter().map(Value::from))?;
    sink.out().push(b'}');
    Ok(())
}

/// The element at a place of a path, from the end where it is negative.
fn element(path: &str, position: i64) -> Option<&str> {
    match usize::try_from(position) {
        Ok(place) => path.split('.').nth(place),
        Err(_) => {
            let place = position.checked_add(1)?.unsigned_abs();
            path.rsplit('.').nth(usize::try_from(place).ok()?)
        }
    }
}

/// `/metrics/expand`: the paths of all queries together, or of each.
///
/// # Errors
/// The sink's.
pub fn expanded<'a, S: Sink>(
    sink: &mut S,
    queries: impl IntoIterator<Item = (&'a str, Vec<GraphiteNode<'a>>)>,
    by_query: bool,
) -> Result<(), S::Error> {
    let mut each = BTreeMap::new();
    let mut all = BTreeSet::new();
    for (query, found) in queries {
        let paths: BTreeSet<&str> = found.iter().map(|node| node.path).collect();
        if by_query {
            each.insert(query, paths);
        } else {
            all.extend(paths);
        }
    }
    sink.out().extend_from_slice(b"{\"results\":");
    if by_query {
        sink.out().push(b'{');
        for (place, (query, paths)) in each.into_iter().enumerate() {
            if place > 0 {
                sink.out().push(b',');
            }
            let _ = serde_json::to_writer(sink.out(), query);
            sink.out().push(b':');
            list(sink, paths.into_iter().map(Value::from))?;
        }
        sink.out().push(b'}');
    } else {
        list(sink, all.into_iter().map(Value::from))?;
    }
    sink.out().push(b'}');
    Ok(())
}

/// The pattern of a completer's query: `a..b` is `a*.b`, and a `*` is added at the end. With variants, `a,b` as an element
/// is either.
#[must_use]
pub fn completer_query(query: &str, with_variants: bool) -> String {
    let mut query = query.replace("..", "*.");
    if !query.ends_with('*') {
        query.push('*');
    }
    if !with_variants {
        return query;
    }
    let elements = query.split('.').map(|element| {
        if element.contains(',') && !element.contains('{') {
            format!("{{{element}}}")
        } else {
            element.to_owned()
        }
    });
    elements.collect::<Vec<_>>().join(".")
}

/// A name as a tree shows it: `+` is a blank, `%2B` a plus, a `%` that escapes nothing is one, and bytes that are no text are
/// replaced.
fn plus_decoded(name: &str) -> String {
    let name = name.replace('+', " ");
    percent_decode_str(&name).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUND: &[(&str, bool)] = &[
        ("a.node", false),
        ("a.node", true),
        ("a.x+y%25", true),
        ("a.b", false),
    ];

    fn found() -> Vec<GraphiteNode<'static>> {
        let found = FOUND.iter();
        let mut found: Vec<_> = found
            .map(|(path, is_leaf)| GraphiteNode {
                path,
                is_leaf: *is_leaf,
            })
            .collect();
        sort(&mut found);
        found
    }

    fn written(write: impl FnOnce(&mut Vec<u8>) -> Result<(), std::convert::Infallible>) -> Value {
        let mut out = Vec::new();
        let Ok(()) = write(&mut out);
        serde_json::from_slice(&out).unwrap()
    }

    fn leaves(value: &Value, key: &str) -> Vec<String> {
        let rows = value.as_array().unwrap().iter();
        rows.map(|row| format!("{}:{}", row[key].as_str().unwrap(), row["leaf"]))
            .collect()
    }

    #[test]
    fn a_tree_shows_branches_first_and_each_name_once() {
        let tree_of = |with_wildcard| written(|out| tree(out, &found(), "a.*", with_wildcard));
        assert_eq!(leaves(&tree_of(false), "text"), ["b:0", "node:0", "x y%:1"]);
        assert_eq!(
            leaves(&tree_of(true), "id"),
            ["a.*:0", "a.b:0", "a.node:0", "a.x+y%25:1"]
        );
        assert_eq!(written(|out| tree(out, &[], "a.*", true)), json!([]));
    }

    #[test]
    fn a_name_is_decoded_as_far_as_it_can_be() {
        for (name, text) in [
            ("p99%+x", "p99% x"),
            ("a%2Bb%zz", "a+b%zz"),
            ("%C3%A9%ff", "é\u{fffd}"),
            ("%", "%"),
        ] {
            assert_eq!(plus_decoded(name), text, "{name}");
        }
    }

    #[test]
    fn a_completer_puts_a_dot_behind_what_can_be_opened() {
        let paths = |value: Value| {
            value["metrics"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["path"].as_str().unwrap_or("*").to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            paths(written(|out| completer(out, &found(), true))),
            ["a.b.", "a.node.", "a.node", "a.x+y%25", "*"]
        );
        for (query, variants, asked) in [
            ("a..b", false, "a*.b*"),
            ("a.b*", false, "a.b*"),
            ("a.b,c", false, "a.b,c*"),
            ("a.b,c", true, "a.{b,c*}"),
            ("a.{b,c}", true, "a.{b,c}*"),
        ] {
            assert_eq!(completer_query(query, variants), asked);
        }
    }

    #[test]
    fn lists_are_in_order_and_without_repetition() {
        let interval = json!([{"start": 1, "end": 2}]);
        assert_eq!(
            written(|out| nodes(out, &found(), (1, 2))),
            json!([
                {"path": "a.b", "is_leaf": false},
                {"path": "a.node", "is_leaf": false},
                {"path": "a.node", "is_leaf": true, "intervals": interval},
                {"path": "a.x+y%25", "is_leaf": true, "intervals": interval},
            ])
        );
        let listed = |position| written(|out| node_list(out, &found(), position));
        assert_eq!(listed(0), json!({"nodes": ["a"]}));
        assert_eq!(listed(-1), json!({"nodes": ["b", "node", "x+y%25"]}));
        assert_eq!(listed(-2), json!({"nodes": ["a"]}));
        for none in [7, -3, i64::MIN] {
            assert_eq!(listed(none), json!({"nodes": []}));
        }
        let queries = || [("a.n*", found()[1..3].to_vec()), ("q", Vec::new())];
        assert_eq!(
            written(|out| expanded(out, queries(), false)),
            json!({"results": ["a.node"]})
        );
        assert_eq!(
            written(|out| expanded(out, queries(), true)),
            json!({"results": {"a.n*": ["a.node"], "q": []}})
        );
    }
}
