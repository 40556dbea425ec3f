//! Nodes as graphite-web's `/metrics/find` and `/metrics/expand` show them.
//!
//! A node that is a series and has others below it is there twice: first as what can be opened, then as what can be drawn.

use crate::query;
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashSet};

/// A node that fits, as a branch or as a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found<'a> {
    /// Its path from the root.
    pub path: &'a str,
    /// Whether it is a series.
    pub is_leaf: bool,
}

impl<'a> Found<'a> {
    /// The last element of its path.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }
}

/// Nodes by their last element, as all forms but `json` show them.
pub fn sort(found: &mut [Found<'_>]) {
    found.sort_by(|a, b| (a.name(), a.path, a.is_leaf).cmp(&(b.name(), b.path, b.is_leaf)));
}

/// `treejson`: branches, then leaves, by name, each once. What a name is below `query` is its own `query`.
#[must_use]
pub fn tree(found: &[Found<'_>], query: &str, with_wildcard: bool) -> Value {
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
    let mut all = Vec::new();
    if with_wildcard && found.len() > 1 {
        all.push(node("*", found.iter().all(|own| own.is_leaf)));
    }
    let mut seen = HashSet::new();
    let own: Vec<_> = found.iter().filter(|own| seen.insert(own.name())).collect();
    for is_leaf in [false, true] {
        let these = own.iter().filter(|own| own.is_leaf == is_leaf);
        all.extend(these.map(|own| node(own.name(), is_leaf)));
    }
    Value::Array(all)
}

/// `completer`: paths, which end with a dot where something lies below.
#[must_use]
pub fn completer(found: &[Found<'_>], with_wildcard: bool) -> Value {
    let node = |own: &Found<'_>| {
        let dot = if own.is_leaf { "" } else { "." };
        json!({
            "path": format!("{}{dot}", own.path),
            "name": own.name(),
            "is_leaf": if own.is_leaf { "1" } else { "0" },
        })
    };
    let mut all: Vec<Value> = found.iter().map(node).collect();
    if with_wildcard && all.len() > 1 {
        all.push(json!({"name": "*"}));
    }
    json!({ "metrics": all })
}

/// `json`: by path. A leaf says from when until when it may have samples.
#[must_use]
pub fn nodes(found: &[Found<'_>], (start, end): (i64, i64)) -> Value {
    let mut found = found.to_vec();
    found.sort_by_key(|own| (own.path, own.is_leaf));
    let node = |own: &Found<'_>| match own.is_leaf {
        true => {
            json!({"path": own.path, "is_leaf": true, "intervals": [{"start": start, "end": end}]})
        }
        false => json!({"path": own.path, "is_leaf": false}),
    };
    Value::Array(found.iter().map(node).collect())
}

/// `nodelist`: the element at a place of each path, from the end where it is negative, each once.
#[must_use]
pub fn node_list(found: &[Found<'_>], position: i64) -> Value {
    let element = |own: &Found<'_>| {
        let elements: Vec<&str> = own.path.split('.').collect();
        let length = i64::try_from(elements.len()).unwrap_or(i64::MAX);
        let place = if position < 0 {
            length.saturating_add(position)
        } else {
            position
        };
        let place = usize::try_from(place).ok()?;
        elements.get(place).map(|element| (*element).to_owned())
    };
    let all: BTreeSet<String> = found.iter().filter_map(element).collect();
    json!({ "nodes": all })
}

/// `/metrics/expand`: the paths of all queries together, or of each.
#[must_use]
pub fn expanded<'a>(
    queries: impl IntoIterator<Item = (&'a str, Vec<Found<'a>>)>,
    by_query: bool,
) -> Value {
    let mut each = Map::new();
    let mut all = BTreeSet::new();
    for (query, found) in queries {
        let paths: BTreeSet<&str> = found.iter().map(|own| own.path).collect();
        all.extend(paths.iter().map(|path| (*path).to_owned()));
        each.insert(query.to_owned(), json!(paths));
    }
    let results = if by_query {
        Value::Object(each)
    } else {
        json!(all)
    };
    json!({ "results": results })
}

/// What a completer asks for: `a..b` is `a*.b`, and what does not end with `*` goes on. With variants, `a,b` as an element
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

/// A name as a tree shows it: `+` is a blank, `%2B` a plus. One that is not encoded so stays as it is.
fn plus_decoded(name: &str) -> String {
    query::decode(name.as_bytes(), 0).unwrap_or_else(|_| name.to_owned())
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

    fn found() -> Vec<Found<'static>> {
        let found = FOUND.iter();
        let mut found: Vec<_> = found
            .map(|(path, is_leaf)| Found {
                path,
                is_leaf: *is_leaf,
            })
            .collect();
        sort(&mut found);
        found
    }

    fn leaves(value: &Value, key: &str) -> Vec<String> {
        let rows = value.as_array().unwrap().iter();
        rows.map(|row| format!("{}:{}", row[key].as_str().unwrap(), row["leaf"]))
            .collect()
    }

    #[test]
    fn a_tree_shows_branches_first_and_each_name_once() {
        let tree_of = |with_wildcard| tree(&found(), "a.*", with_wildcard);
        assert_eq!(leaves(&tree_of(false), "text"), ["b:0", "node:0", "x y%:1"]);
        assert_eq!(
            leaves(&tree_of(true), "id"),
            ["a.*:0", "a.b:0", "a.node:0", "a.x+y%25:1"]
        );
        assert_eq!(tree(&[], "a.*", true), json!([]));
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
            paths(completer(&found(), true)),
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
            nodes(&found(), (1, 2)),
            json!([
                {"path": "a.b", "is_leaf": false},
                {"path": "a.node", "is_leaf": false},
                {"path": "a.node", "is_leaf": true, "intervals": interval},
                {"path": "a.x+y%25", "is_leaf": true, "intervals": interval},
            ])
        );
        assert_eq!(node_list(&found(), 0), json!({"nodes": ["a"]}));
        assert_eq!(
            node_list(&found(), -1),
            json!({"nodes": ["b", "node", "x+y%25"]})
        );
        assert_eq!(node_list(&found(), 7), json!({"nodes": []}));
        let queries = || [("a.n*", found()[1..3].to_vec()), ("q", Vec::new())];
        assert_eq!(expanded(queries(), false), json!({"results": ["a.node"]}));
        assert_eq!(
            expanded(queries(), true),
            json!({"results": {"a.n*": ["a.node"], "q": []}})
        );
    }
}
